"""What the runner has done by others: fitting, asking models, showing. Tests put fakes in their places."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from evaluation.running.show import Show as AnswersShow
from training.corpora.show import Show as CorpusShow

if TYPE_CHECKING:
    from evaluation.running.evaluate import RunChoice
    from evaluation.runs import Result
    from training.pretraining.settings import PretrainJob
    from training.reinforcement.settings import ReinforceJob
    from training.tuning.settings import TuneJob

Kind = Literal["pretrain", "tune", "reinforce"]
Fit = Callable[[Kind, "PretrainJob | TuneJob | ReinforceJob"], None]
"""Leaves `model/` or `adapter/`, `curve.jsonl` and `fit.json` in the job's folder."""
Answer = Callable[["RunChoice"], Sequence[Path]]
"""Runs benchmarks; the runs' folders."""
BytesShow = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


class _Silent(AnswersShow):
    """Shows nothing."""

    def starting(self, detail: str) -> None:
        """See `Show`."""

    def begin(self, name: str, total: int) -> None:
        """See `Show`."""

    def add(self, result: Result, *, fresh: bool) -> None:
        """See `Show`."""


def fit_apart(kind: Kind, job: PretrainJob | TuneJob | ReinforceJob) -> None:
    """Fit in a process of its own."""
    from training.fitting.apart import run_apart

    run_apart(kind, job)


def answered(choice: RunChoice, show: AnswersShow | None = None) -> Sequence[Path]:
    """Ask a model that is started here."""
    import asyncio

    from evaluation.running.evaluate import evaluate

    return asyncio.run(evaluate(choice, show or _Silent()))


@contextlib.contextmanager
def _corpus_show() -> Iterator[CorpusShow]:
    yield CorpusShow()


@contextlib.contextmanager
def _bytes_show(_what: str, _total: int) -> Iterator[Callable[[int], None]]:
    yield lambda _: None


@dataclass(frozen=True, slots=True)
class Tools:
    """By default the real ones, which show nothing."""

    say: Callable[[str], None] = lambda _: None
    fit: Fit = fit_apart
    answer: Answer = answered
    corpus_show: Callable[[], AbstractContextManager[CorpusShow]] = _corpus_show
    bytes_show: BytesShow = _bytes_show
