"""`vernacular-fit KIND JOB.json`: a training in a process of its own. `apart.py` starts it; nobody else needs to.

Its last words, where it fails, are one line in the job's folder: `problem.json`.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from core.errors import VernacularError
from core.files import write_atomically
from training.fitting.apart import PROBLEM
from training.fitting.progress import Progress

_PR_SET_PDEATHSIG = 1

KINDS = {
    "pretrain": "training.pretraining.run",
    "tune": "training.tuning.fitting",
    "reinforce": "training.reinforcement.run",
}
"""Kind -> module with `run(job: Path, tell)`."""


def main() -> None:
    """Run the job; never returns."""
    kind, job = sys.argv[1], Path(sys.argv[2])
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    _end_with_the_parent()
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    run: Callable[..., None] = import_module(KINDS[kind]).run
    first = int(os.environ.get("RANK", "0")) == 0
    status = 0
    with Progress(shown=first) as progress:
        try:
            run(job, progress.tell)
        except VernacularError as problem:
            write_atomically(job.parent / PROBLEM, json.dumps({"text": str(problem), "status": problem.exit_status}))
            status = problem.exit_status
        except KeyboardInterrupt:
            status = 130
    sys.exit(status)


def _end_with_the_parent() -> None:
    """On Linux: where whoever started this is killed, stop as at SIGTERM, with a checkpoint."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
