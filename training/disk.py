"""A full disk, in words."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import TrainingError


def is_full(problem: OSError) -> bool:
    """Whether there was no room: on the disk, or in what this user may take of it."""
    return problem.errno in (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def full_disk_told(place: Path | str) -> Iterator[None]:
    """Raises `TrainingError`, one line, where the disk is full; `place` is named where the problem names no file."""
    try:
        yield
    except OSError as problem:
        if not is_full(problem):
            raise
        raise TrainingError(
            f"the disk is full at {problem.filename or place}; make room, and the same command goes on"
        ) from None
