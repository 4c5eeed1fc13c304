"""The stages in which arms answer the benchmarks: `evaluate/ARM/BENCHMARK/`, each a run of `vernacular evaluate`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from training.pipeline.asking import run_choice, task_file, way_inputs
from training.pipeline.parts import Arm, Evaluate
from training.pipeline.stage import Stage
from training.pipeline.work import Work


def stages(work: Work) -> list[Stage]:
    """One for each arm, in the recipe's order."""
    asked = work.recipe.evaluate
    return [_arm(work, asked, name, arm) for name, arm in asked.arms.items()] if asked else []


def run_folders(work: Work, arm: str) -> list[Path]:
    """The runs of an arm, in the order of the benchmarks."""
    assert work.recipe.evaluate is not None
    return [work.run.stage(f"evaluate/{arm}") / item.called for item in work.recipe.evaluate.benchmarks]


def _arm(work: Work, asked: Evaluate, name: str, arm: Arm) -> Stage:
    maker = work.stage_of(arm.model)

    def inputs() -> dict[str, Any]:
        found = {**way_inputs(work, arm, asked.benchmarks), "limit": asked.limit}
        return found if maker else {**found, "model": work.hashes.model(work.folder_of(arm.model))}

    return Stage(
        name=f"evaluate/{name}",
        group="evaluate",
        inputs=inputs,
        run=partial(_answer, work, asked, name, arm),
        after=(maker,) if maker else (),
        made=tuple(folder / "results.jsonl" for folder in run_folders(work, name)),
        shows={"model": arm.model, "strategy": arm.strategy},
    )


def _answer(work: Work, asked: Evaluate, name: str, arm: Arm) -> None:
    files = [task_file(work, item) for item in asked.benchmarks]
    output = work.run.stage(f"evaluate/{name}")
    work.tools.answer(run_choice(work, arm, files, output, work.folder_of(arm.model), limit=asked.limit))
