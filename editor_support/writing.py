"""Puts generated files into a folder without harming what somebody else wrote there.

A list beside the files, `.vernacular-editor-support.json`, holds the digest of each file that was written. A file that
is not on it, or is not as it was written, is a person's: nothing is written then, unless that was asked for. Files on
the list that are not made any more are removed, from the same editor's folder and only where nobody changed them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from core.errors import ConfigError
from core.files import write_atomically

LIST = ".vernacular-editor-support.json"


def write_files(folder: Path, files: Mapping[str, bytes], written_by: str, *, force: bool) -> None:
    """Write `files` (contents by path) under `folder`; `force`: also over what somebody else wrote.

    Raises `ConfigError`: for a file that is somebody else's, with nothing written; where `folder` cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder}: is a file; choose another --output")
    try:
        known = _known(folder)
        if not force:
            _refuse_others(folder, files, known)
        stale = _stale(folder, files, known)
        for path, content in files.items():
            write_atomically(folder / path, content)
        for path in stale:
            (folder / path).unlink(missing_ok=True)
        kept = {path: digest for path, digest in known.items() if path not in stale}
        digests = kept | {path: _digest(content) for path, content in files.items()}
        about = {"written_by": written_by, "files": dict(sorted(digests.items()))}
        write_atomically(folder / LIST, json.dumps(about, indent=2) + "\n")
    except OSError as error:
        raise ConfigError(
            f"{error.filename or folder}: cannot be written: {error.strerror}; choose another --output"
        ) from None


def _known(folder: Path) -> dict[str, str]:
    try:
        files = json.loads((folder / LIST).read_text(encoding="utf-8"))["files"]
        return {str(path): str(digest) for path, digest in files.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError(f"{folder / LIST}: is not as it was written; delete it and use --force") from None


def _refuse_others(folder: Path, files: Mapping[str, bytes], known: Mapping[str, str]) -> None:
    others = [
        folder / path
        for path, content in files.items()
        if (there := _content(folder / path)) is not None and there != content and _digest(there) != known.get(path)
    ]
    if others:
        more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
        raise ConfigError(
            f"{others[0]}{more}: is there already, and not as this command left it; nothing was written;"
            " choose another --output, or overwrite with --force"
        )


def _stale(folder: Path, files: Mapping[str, bytes], known: Mapping[str, str]) -> set[str]:
    tops = {path.partition("/")[0] for path in files if "/" in path}
    gone = {path for path in known if path not in files and path.partition("/")[0] in tops}
    return {path for path in gone if (there := _content(folder / path)) is None or _digest(there) == known[path]}


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
