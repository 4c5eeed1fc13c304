"""A folder that is written whole: under a temporary name beside its place, synced, then put there in one step.

Where another folder is replaced, the two change names at once (Linux, renameat2); then the old one is removed. A kill
at any point leaves the old folder or the new one under the name, and perhaps a leftover beside it, which the next run
removes. Where the system cannot exchange names, the old one is moved aside first: between the two renames only the
leftover holds a whole folder.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from core.checkpoint import MANIFEST
from core.errors import CheckpointError, ConfigError
from core.files import synced

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def check_output(output: Path, inputs: dict[str, Path], overwrite: bool) -> Path:
    """The resolved place of the output. Raises `ConfigError` where it may not be written there."""
    place = output.resolve()
    for role, path in inputs.items():
        parent = path.resolve()
        if place == parent or parent in place.parents or place in parent.parents:
            raise ConfigError(
                f"--out {output} and {role} {path} are the same folder or lie in each other; name another"
            )
    if place.exists():
        if not place.is_dir():
            raise ConfigError(f"--out {output} is a file; name a folder")
        empty = not any(place.iterdir())
        if not empty and not overwrite:
            raise ConfigError(f"--out {output} exists; name another folder, or replace it with --overwrite")
        if not empty and not any((place / name).is_file() for name in ("config.json", MANIFEST)):
            raise ConfigError(f"--out {output} holds no model; --overwrite would delete what it holds, name another")
    return place


@contextlib.contextmanager
def whole_folder(place: Path, needed_bytes: int) -> Iterator[Path]:
    """A folder to write into; it is put at `place` where the block ends without an error, else removed.

    Raises `CheckpointError` where the disk is too small or fills up, or where another run writes to this place.
    """
    partial = place.with_name(f".{place.name}.partial")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle = _claim(partial)
    except OSError as problem:
        raise _cannot_write(place, problem) from None
    try:
        free = shutil.disk_usage(place.parent).free
        if free < needed_bytes:
            raise CheckpointError(
                f"{place.parent} has {free / 1e9:.1f} GB left, the output needs {needed_bytes / 1e9:.1f} GB; make room"
            )
        yield partial
        _sync(partial)
        _put(partial, place)
    except OSError as problem:
        raise _cannot_write(place, problem) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        os.close(handle)


def _claim(partial: Path) -> int:
    """Make the temporary folder anew and lock it: a leftover of a killed run has no lock any more."""
    partial.mkdir(exist_ok=True)
    handle = os.open(partial, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise CheckpointError(f"another run is writing {partial}; wait for it, or name another --out") from None
    for entry in partial.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    return handle


def _sync(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        synced(path)


def _put(partial: Path, place: Path) -> None:
    if not place.exists() or not any(place.iterdir()):
        partial.replace(place)
    elif not _exchange(partial, place):
        aside = place.with_name(f".{place.name}.old")
        shutil.rmtree(aside, ignore_errors=True)
        place.replace(aside)
        partial.replace(place)
        shutil.rmtree(aside, ignore_errors=True)
    synced(place.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change names in one step; false where the system cannot."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    return bool(rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)


def _cannot_write(place: Path, problem: OSError) -> CheckpointError:
    return CheckpointError(f"{place} cannot be written ({(problem.strerror or 'error').lower()}); nothing was changed")
