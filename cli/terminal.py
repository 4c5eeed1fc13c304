"""Tables and lines on standard output, and files that were asked for, from texts that nobody checked: answers, names.

No control character of a text reaches the terminal, and none of rich's own marks in it means anything.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

WIDE = 1000
_CONTROL = re.compile(r"[^\S\n\t ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def console() -> Console:
    """Standard output; a pipe has no width to fold paths to."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDE)


def say(text: str) -> None:
    """Print a line as it is, never folded."""
    sys.stdout.write(clean(text) + "\n")


def table(columns: Iterable[str], rows: Iterable[Iterable[str]], title: str = "") -> Table:
    """A table whose cells fold where the terminal is narrow."""
    from rich.table import Table

    made = Table(title=plain(title) if title else None, title_justify="left", title_style="bold")
    for column in columns:
        made.add_column(plain(column), overflow="fold")
    for row in rows:
        made.add_row(*map(plain, row))
    return made


def write_output(path: Path, text: str) -> None:
    """Write a file that an option names, whole or not at all. Raises `ConfigError`."""
    from core.errors import ConfigError
    from core.files import write_atomically

    try:
        write_atomically(path, text)
    except OSError as problem:
        reason = (problem.strerror or type(problem).__name__).lower()
        raise ConfigError(f"{path}: cannot be written ({reason}); name another file") from None


def refuse_unwritable(path: Path) -> None:
    """Raise `ConfigError` now where `write_output` would only after the work: a folder, or a place that is none."""
    import os

    from core.errors import ConfigError

    above = next(parent for parent in path.absolute().parents if parent.exists())
    for wrong, reason in (
        (path.is_dir(), "is a directory"),
        (not above.is_dir(), "not a directory"),
        (not os.access(above, os.W_OK), "permission denied"),
    ):
        if wrong:
            raise ConfigError(f"{path}: cannot be written ({reason}); name another file")


def plain(text: str) -> Text:
    """Text in which no mark means anything."""
    from rich.text import Text

    return Text(clean(text).expandtabs(4))


def clean(text: str) -> str:
    """The text with a replacement character for each control character, but for line ends and tabs."""
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n"))
