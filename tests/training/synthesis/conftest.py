"""Tasks in Lua and Python, recipes, and a scripted endpoint's answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from evaluation.formats.vernacular import write_tasks
from evaluation.tasks import Case, Scoring, Task


def adding(number: int) -> Task:
    """A function in Lua that adds a number."""
    head = f"-- Add {number} to the value.\nlocal function add_{number}(value)\n"
    return Task(
        id=f"add/{number}",
        language="lua",
        scoring=Scoring.TESTS,
        before=head,
        program_head=head,
        program_tail=f"\nassert(add_{number}(5) == {5 + number})\n",
        canonical=f"  return value + {number}\nend\n",
        entry_point=f"add_{number}",
    )


def doubling() -> Task:
    """A whole program in Python that doubles what it reads; nobody gives its solution."""
    return Task(
        id="double",
        language="python",
        scoring=Scoring.OUTPUT,
        statement="Read a whole number and print its double.",
        cases=(Case(stdin="4\n", expected=("8",)), Case(stdin="-3\n", expected=("-6",))),
    )


@pytest.fixture
def tasks_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of tasks."""

    def write(*tasks: Task, name: str = "tasks") -> Path:
        path = tmp_path / f"{name}.jsonl"
        write_tasks(path, tasks)
        return path

    return write


@pytest.fixture
def recipe_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a recipe that asks an endpoint."""

    def write(url: str | None, **parts: object) -> Path:
        path = tmp_path / "recipe.yaml"
        asked = {"model": {"endpoint": url, "patience_s": 1}} if url else {}
        path.write_text(yaml.safe_dump({"name": "adding", "concurrency": 4, **asked, **parts}))
        return path

    return write


@pytest.fixture
def corpus(tmp_path: Path) -> Callable[..., Path]:
    """Writes a corpus of Lua files."""

    def write(*texts: str) -> Path:
        folder = tmp_path / "corpus"
        folder.mkdir()
        documents = [
            {"language": "lua", "package": "shelf", "path": f"{number}.lua", "text": text}
            for number, text in enumerate(texts)
        ]
        lines = "".join(json.dumps(document) + "\n" for document in documents)
        (folder / "train-lua.jsonl").write_text(lines)
        return folder

    return write
