"""Start a training in a process of its own, or by accelerate in several, and say in one line how it failed.

Its memory is given back at its end, and where the kernel kills it for using too much, this process lives to say so.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from core.errors import ConfigError, TrainingError, VernacularError
from core.files import write_atomically

COMMAND = "vernacular-fit"
PROBLEM = "problem.json"
_JOB = "job.json"


class Launched(Protocol):
    """What of its settings decides how it is started."""

    @property
    def accelerate(self) -> Path | None:
        """A configuration of accelerate's."""


class Job(Protocol):
    """What the jobs of all kinds have."""

    @property
    def settings(self) -> Launched:
        """How it is trained."""

    @property
    def folder(self) -> Path:
        """Where it works."""

    def model_dump_json(self, *, indent: int | None = None) -> str:
        """As JSON."""


class FittingFailedError(VernacularError):
    """What a training's process said last."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.exit_status = status


def run_apart(kind: str, job: Job) -> None:
    """Run the job; what comes out lies in its folder.

    Raises `KeyboardInterrupt` where it was interrupted, having written a checkpoint; `VernacularError` with one line
    for everything else. The same call goes on.
    """
    job.folder.mkdir(parents=True, exist_ok=True)
    (job.folder / PROBLEM).unlink(missing_ok=True)
    write_atomically(job.folder / _JOB, job.model_dump_json(indent=1) + "\n")
    process = subprocess.Popen(
        [*_launcher(job.settings.accelerate), kind, str(job.folder / _JOB)],
        env={**os.environ, "PYTHONSAFEPATH": "1"},
        start_new_session=True,  # a Ctrl-C comes to this process, which passes it on once
    )
    status = _waited(process)
    if (job.folder / PROBLEM).exists():
        found = json.loads((job.folder / PROBLEM).read_text(encoding="utf-8"))
        raise FittingFailedError(found["text"], found["status"])
    if status == -signal.SIGKILL:
        raise TrainingError(
            f"{kind}: the process was killed; if the kernel did it, no memory was left: lower rows_at_once or "
            f"row_tokens, or set gradient_checkpointing; the same command goes on"
        )
    if status in (130, -signal.SIGINT, -signal.SIGTERM):
        raise KeyboardInterrupt
    if status:
        raise TrainingError(f"{kind}: the process ended with status {status}; what it said stands above")


def _waited(process: subprocess.Popen[bytes]) -> int:
    """Its status; SIGINT and SIGTERM are passed on, and then it is waited for."""

    def passed_on(number: int, _: object) -> None:
        with suppress(ProcessLookupError):
            process.send_signal(number)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, passed_on) for number in numbers}
    try:
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _launcher(accelerate: Path | None) -> list[str]:
    programs = Path(sys.executable).parent
    command = programs / COMMAND
    if not command.exists():
        raise TrainingError(f"{command} is missing; install the project again: pip install 'vernacular[training]'")
    if accelerate is None:
        return [str(command)]
    if not accelerate.is_file():
        raise ConfigError(f"{accelerate}: there is no such file; `accelerate config --config_file` writes one")
    return [str(programs / "accelerate"), "launch", "--config_file", str(accelerate), str(command)]
