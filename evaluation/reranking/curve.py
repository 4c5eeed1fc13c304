"""What choosing gains over the number of answers: pass rates for the first 1, 2, 4, ... answers to each task.

`random` is the mean pass rate of these answers (pass@1), which one picked at random has; `runs` that of the first that
runs, so of the compiler alone; `chosen` that of the choice by agreement; `best` the share of tasks that any of them
solves (pass@n), which no choice exceeds. Intervals are bootstraps over tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pydantic import Field

from evaluation.reranking.choosing import Candidate, choose, first_that_runs
from evaluation.scoring.group_scores import Estimate, estimate
from evaluation.scoring.statistics import bootstrap_mean, sign_flip_test
from evaluation.tasks import TaskModel


class CurvePoint(TaskModel):
    """Pass rates for n answers to each task."""

    answers: int = Field(description="answers to each task, the first ones", ge=1)
    random: Estimate = Field(description="of one answer picked at random: pass@1")
    runs: Estimate = Field(description="of the first answer that runs")
    chosen: Estimate = Field(description="of the answer that agreement chooses")
    best: Estimate = Field(description="share of tasks that any of the answers solves: pass@n")
    gain: Estimate = Field(description="chosen less random, paired over tasks")
    p_value: float = Field(description="of that gain, by a sign-flip test over tasks")


def curve(tasks: Mapping[str, Sequence[Candidate]]) -> tuple[CurvePoint, ...]:
    """A point for each power of two up to the number of answers, and for that. Raises `ValueError` without tasks."""
    most = max(len(candidates) for candidates in tasks.values())
    steps = [2**power for power in range(most.bit_length()) if 2**power < most]
    ordered = [sorted(candidates, key=lambda candidate: candidate.sample) for candidates in tasks.values()]
    return tuple(_point([candidates[:step] for candidates in ordered], step) for step in (*steps, most))


def _point(tasks: Sequence[Sequence[Candidate]], answers: int) -> CurvePoint:
    random = [sum(candidate.passed for candidate in candidates) / len(candidates) for candidates in tasks]
    chosen = _passed(tasks, lambda candidates: choose(candidates).candidate.passed)
    gains = [one - other for one, other in zip(chosen, random, strict=True)]
    return CurvePoint(
        answers=answers,
        random=estimate(bootstrap_mean(random)),
        runs=estimate(bootstrap_mean(_passed(tasks, lambda candidates: first_that_runs(candidates).passed))),
        chosen=estimate(bootstrap_mean(chosen)),
        best=estimate(bootstrap_mean(_passed(tasks, lambda candidates: any(each.passed for each in candidates)))),
        gain=estimate(bootstrap_mean(gains, bounds=(-1.0, 1.0))),
        p_value=sign_flip_test(gains),
    )


def _passed(tasks: Sequence[Sequence[Candidate]], solved: Callable[[Sequence[Candidate]], bool]) -> list[float]:
    return [float(solved(candidates)) for candidates in tasks]
