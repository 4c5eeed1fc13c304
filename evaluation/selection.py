"""Tasks by difficulty: those of a file that a model solves sometimes, by a run of several samples.

    chosen = select(Path("train.jsonl"), Path("runs/train"), low=0.1, high=0.9)

Reinforcement learns nothing from a task that is always or never solved: all answers to it get one reward. The lines
that are kept stand as they stood in the file, in its order.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from core.errors import RunError
from core.language_files import load_languages
from evaluation.formats.lines import read_objects
from evaluation.running.stored import open_run
from evaluation.scoring.outcomes import read_outcomes, some_of


@dataclass(frozen=True, slots=True)
class Selected:
    """What is kept, each line as JSON, and how many are not. `never` is a part of `hard`, `always` of `easy`."""

    lines: tuple[str, ...]
    samples: int
    easy: int
    always: int
    hard: int
    never: int


def select(file: Path, run: Path, low: float, high: float, languages: tuple[Path, ...] = ()) -> Selected:
    """The tasks of `file` whose share of passed samples in `run` is at least `low` and at most `high`.

    Raises `RunError`, one line, where the run was made from another file or has not every sample of every task, and
    `BenchmarkError`.
    """
    tasks = open_run(run, file, load_languages(languages)).benchmark.tasks
    outcomes = read_outcomes(run)
    if lacking := [task.id for task in tasks if task.id not in outcomes.tasks]:
        raise RunError(f"{run}: lacks {len(lacking)} of {len(tasks)} tasks of {file}: {some_of(lacking)}; run them all")
    if missing := outcomes.missing({task.id for task in tasks}):
        raise RunError(f"{run}: {missing}; finish the run")
    shares = [outcomes.tasks[task.id].share for task in tasks]
    objects = [fields for _, fields in read_objects(file).objects]
    return Selected(
        lines=tuple(
            json.dumps(fields, ensure_ascii=False)
            for fields, share in zip(objects, shares, strict=True)
            if low <= share <= high
        ),
        samples=outcomes.description.settings.sampling.samples,
        easy=sum(share > high for share in shares),
        always=sum(share > high and share == 1 for share in shares),
        hard=sum(share < low for share in shares),
        never=sum(share < low and share == 0 for share in shares),
    )
