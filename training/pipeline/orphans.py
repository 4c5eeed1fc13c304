"""Fittings that a killed run left behind: they are told to stop, and write a checkpoint first.

Without this, a run that goes on would train in the same folder a second time, side by side. Found by the job's path
in their command lines; nothing is found where there is no `/proc`.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from core.errors import RunError

_PROC = Path("/proc")
_EVERY_S = 0.1


def end_orphans(job: Path, say: Callable[[str], None], patience_s: float = 120.0) -> None:
    """End the processes that work on this job. Raises `RunError` where one does not end."""
    found = working_on(job)
    for process in found:
        say(f"process {process} of a run that was killed still trains here; it is told to stop")
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, signal.SIGTERM)
    waited_s = 0.0
    while found and (left := [process for process in found if process in working_on(job)]):
        if waited_s >= patience_s:
            raise RunError(f"process {left[0]} of a run that was killed does not stop; end it, then go on")
        time.sleep(_EVERY_S)
        waited_s += _EVERY_S


def working_on(job: Path) -> list[int]:
    """The processes, but for this one, whose command lines name the job's file."""
    wanted = str(job).encode()
    found = []
    for entry in _PROC.iterdir() if _PROC.is_dir() else ():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            arguments = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it ended meanwhile, or is somebody else's
            continue
        if wanted in arguments:
            found.append(int(entry.name))
    return found
