"""Run stored answers again: the same answers have to give the same verdicts. Nothing stored is changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.language_files import load_languages
from core.sandbox import open_sandbox
from evaluation.running.judging import Decision, Judge
from evaluation.running.parallel import in_parallel
from evaluation.running.show import Show
from evaluation.running.stored import open_run
from evaluation.runs import Result
from evaluation.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """A verdict that is another one now."""

    task: str
    sample: int
    before: Verdict
    now: Verdict
    detail: str


def rejudge(folder: Path, benchmark: Path, languages: tuple[Path, ...], show: Show) -> tuple[int, list[Change]]:
    """How many answers were run again, and the changes.

    Raises `RunError` where the benchmark's file is not the one that the run was made from.
    """
    run = open_run(folder, benchmark, load_languages(languages))
    settings = run.description.settings
    total = sum(result.completion is not None for result in run.results())
    show.begin(f"{settings.benchmark}, again", total)
    changes: list[Change] = []
    with Judge(run.tasks.values(), run.languages, open_sandbox(settings.sandbox), run.limits) as judge:

        def again(result: Result) -> Decision:
            return judge.decide(run.task_of(result), result.completion, result.program)

        stored = (result for result in run.results() if result.completion is not None)
        for result, decision in in_parallel(again, stored):
            show.add(result, fresh=True)
            now = decision.judged
            if now.verdict is not result.verdict:
                changes.append(Change(result.task, result.sample, result.verdict, now.verdict, now.detail))
    return total, changes
