"""The last stage: the page on the whole run, `report.html`."""

from __future__ import annotations

from collections.abc import Sequence

from core.files import write_atomically
from training.corpora.writing import SUMMARY
from training.pipeline.stage import Stage
from training.pipeline.work import Work

VERSION = 1
"""Rises when the page changes."""


def stage(work: Work, before: Sequence[Stage]) -> Stage:
    """It depends on every stage before it, and on what a corpus counts beside its documents."""

    def run() -> None:
        from training.pipeline.report.page import render
        from training.pipeline.report.reading import read_run

        write_atomically(work.run.report, render(read_run(work, [each.name for each in before])))

    counts = [work.run.stage(name) / SUMMARY for name in ("corpus", "replay")]
    return Stage(
        name="report",
        group="report",
        inputs=lambda: {"report": VERSION, "corpora": [work.hashes.file(path) for path in counts if path.exists()]},
        run=run,
        after=tuple(each.name for each in before),
        made=(work.run.report,),
        costly=False,
    )
