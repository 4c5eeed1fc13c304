"""Mishaps of a recipe: what has to be found before the first second of work, and what must not stop a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from core.errors import VernacularError
from tests.training.pipeline.small import RECIPE, Fakes, write_recipe
from training.pipeline.runner import run_recipe

SCAN = {"scales": [0.5, 1.0], "benchmark": "tasks.jsonl", "strategy": "completion"}


def go(project: Path, fakes: Fakes | None = None, **options: Any) -> Fakes:
    """Run the project's recipe."""
    fakes = fakes or Fakes()
    run_recipe(project / "recipe.yaml", project / "run", fakes.tools(), **options)
    return fakes


def problem_of(project: Path) -> str:
    """The one line that a run ends with before its first stage begins."""
    fakes = Fakes()
    with pytest.raises(VernacularError) as caught:
        go(project, fakes)
    assert not [line for line in fakes.said if line.endswith(": begins")]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def part(name: str, **changes: Any) -> Mapping[str, Any]:
    """A part of the recipe with other keys."""
    return {name: {**RECIPE[name], **changes}}


def test_a_scale_is_never_chosen_on_a_task_that_is_measured(project: Path) -> None:
    write_recipe(project, transfer={"scan": SCAN})
    assert "tasks.jsonl is what the arms are measured on (10 of its tasks, such as add/final_0)" in problem_of(project)


def test_a_dot_in_a_benchmarks_name_is_refused(project: Path) -> None:
    benchmark = {"file": "tasks.jsonl", "name": "tasks.v2", "where": {"split": "final"}}
    write_recipe(project, **part("evaluate", benchmarks=[benchmark]))
    assert "benchmarks[0].name': 'tasks.v2' holds a dot, which ends a file's name; write 'tasks-v2'" in problem_of(
        project
    )
