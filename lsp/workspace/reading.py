"""A file's text, or nothing: for what vanished, is no plain file, is too large, binary, or made by a machine.

Never follows a symbolic link in the last place, never waits for a pipe, never reads more than the limit however the
file grows meanwhile.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from core.decoding import decoded
from lsp.workspace.limits import Limits

_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def text_of(path: Path | str, limits: Limits) -> str | None:
    """The text with `\\n` line ends, or `None`."""
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError):
        return None
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) or state.st_size > limits.file_bytes:
            return None
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(limits.file_bytes + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    if len(content) > limits.file_bytes:
        return None
    text, _ = decoded(content)
    return text if is_written_by_people(text, limits) else None


def is_written_by_people(text: str, limits: Limits) -> bool:
    """Whether no line is longer than people write them. Looks at a text of any size in about its copying time."""
    limit, place = limits.line_characters, 0
    while len(text) - place > limit:
        end = text.rfind("\n", place, place + limit + 1)
        if end < 0:
            return False
        place = end + 1
    return True
