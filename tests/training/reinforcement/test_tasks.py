"""Which tasks can be learned from, why others are left out, and what is said before the start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.language_files import LanguageRegistry
from core.sandbox import Sandbox
from evaluation.tasks import Case, Task
from tests.training.reinforcement.conftest import QUICK, adding, doubling
from tests.training.reinforcement.test_verifier import Counting
from training.reinforcement.settings import ReinforceSettings, TaskSource
from training.reinforcement.tasks import choose, read_sources, told

RIGHT = 'print(2 * io.read("n"))\n'
SETTINGS = ReinforceSettings(limits=QUICK)


def changed(task: Task, name: str, **fields: object) -> Task:
    return task.model_copy(update={"id": name, **fields})


def test_who_is_left_out(languages: LanguageRegistry, sandbox: Sandbox, tmp_path: Path) -> None:
    good = doubling(canonical=RIGHT)
    same = tuple(Case(stdin=f"{number}\n", expected=("0\n",)) for number in range(3))
    tasks = [
        good,
        adding(),
        changed(good, "bare", canonical=None),
        changed(good, "broken", canonical="print("),
        changed(good, "wrong", canonical="print(1)"),
        changed(good, "shown", cases=good.cases[:1]),
        changed(good, "constant", cases=same),
        changed(adding(tests="local unused = 0\n"), "toothless"),
    ]
    chosen = choose(tasks, languages, sandbox, SETTINGS, tmp_path / "tasks.json")
    assert [task.id for task in chosen.tasks] == ["lua/double", "lua/add"]
    assert chosen.left_out == {
        "bare": "they bring no solution (require_canonical)",
        "broken": "their own solutions do not pass (compile error)",
        "wrong": "their own solutions do not pass (wrong output)",
        "shown": "their statements show all their outputs",
        "constant": "one output is right for all their inputs",
        "toothless": "their tests notice no fault",
    }
    assert [case.stdin for case in chosen.cases["lua/double"]] == ["5\n", "-3\n"]
    assert set(chosen.probes) == {"lua/add"}
    lines = told(chosen, SETTINGS, cores=2)
    assert lines[0] == "tasks: 2 to learn from, 6 left out"
    assert "  left out: bare: they bring no solution (require_canonical)" in lines
    assert lines[-1].startswith("a solution's tests take ")
    assert "64 programs a step at most" in lines[-1]


def test_tasks_without_a_solution_may_be_wanted(languages: LanguageRegistry, sandbox: Sandbox, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"require_canonical": False})
    chosen = choose([doubling()], languages, sandbox, settings, tmp_path / "tasks.json")
    assert len(chosen.tasks) == 1


def test_nothing_to_learn_from(languages: LanguageRegistry, sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no task can be learned from: 1 of 1 are left out, since their own sol"):
        choose([doubling(canonical="print(1)")], languages, sandbox, SETTINGS, tmp_path / "tasks.json")


def test_tasks_are_proved_once(languages: LanguageRegistry, sandbox: Sandbox, tmp_path: Path) -> None:
    counting, kept = Counting(sandbox), tmp_path / "tasks.json"
    tasks = [doubling(canonical=RIGHT), adding()]
    first = choose(tasks, languages, counting, SETTINGS, kept)
    runs = counting.runs
    assert choose(tasks, languages, counting, SETTINGS, kept) == first
    assert counting.runs == runs
    choose([changed(tasks[0], "another"), tasks[1]], languages, counting, SETTINGS, kept)
    assert counting.runs > runs
    kept.write_text("{")
    choose(tasks, languages, counting, SETTINGS, kept)


def write(path: Path, *names: str, **labels: str) -> Path:
    tasks = [doubling(name=name).model_copy(update={"labels": labels}) for name in names]
    path.write_text("".join(json.dumps(task.model_dump(mode="json", exclude_defaults=True)) + "\n" for task in tasks))
    return path


def test_sources(languages: LanguageRegistry, tmp_path: Path) -> None:
    one = TaskSource(file=write(tmp_path / "one.jsonl", "a", "b", level="easy"))
    two = TaskSource(file=write(tmp_path / "two.jsonl", "c", level="hard"), where={"level": "hard"})
    assert [task.id for task in read_sources((one, two), languages)] == ["lua/a", "lua/b", "lua/c"]
    with pytest.raises(ConfigError, match="none of its 1 tasks has the labels"):
        read_sources([TaskSource(file=two.file, where={"level": "easy"})], languages)
    again = TaskSource(file=write(tmp_path / "again.jsonl", "a"))
    with pytest.raises(ConfigError, match=r"again\.jsonl: task 'lua/a' is in another file too"):
        read_sources((one, again), languages)
