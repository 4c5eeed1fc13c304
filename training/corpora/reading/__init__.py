"""Where files come from: folders, archives, git histories, tables of documents; each gives `Entry`s in fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from training.corpora.settings import Source

__all__ = ["Entry", "OpenSource", "open_source"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, or one version of one. `read` is called before the next entry is asked for, or not at all.

    `path` is relative, with forward slashes; `version` is empty, or of a git history the blob and, behind a
    space, the commit; `age` is 0 for the newest and rises with earlier ones; `size` is in bytes.
    """

    path: str
    size: int
    read: Callable[[], bytes]
    version: str = ""
    age: int = 0


class OpenSource(Protocol):
    """A source that is there and can be read."""

    def fingerprint(self) -> str:
        """Differs where the source has changed; takes no file's content into account but one with many in it."""

    def entries(self) -> Iterator[Entry]:
        """Regular files, without links and hidden ones. Raises `CorpusError` for a damaged source."""


def open_source(source: Source, output: Path) -> OpenSource:
    """Open a source; what lies in the corpus's own folder `output` is no part of it.

    Raises `CorpusError`, one line, where the source is not there or not what it should be.
    """
    if source.kind == "folder":
        from training.corpora.reading.folders import Folder

        return Folder(source.path, output)
    if source.kind == "archive":
        from training.corpora.reading.packed import Archive

        return Archive(source.path)
    if source.kind == "documents":
        from training.corpora.reading.tables import Documents

        return Documents(source.path)
    from training.corpora.reading.histories import Repository

    return Repository(source.path, source.revision, commits=source.history == "commits")


def visible(path: str) -> bool:
    """Whether no part of a path is hidden, and none leads out of its source."""
    return not any(part.startswith(".") for part in path.split("/")) and not path.startswith("/")


def shown(path: str) -> str:
    """A path that may hold bytes which are no UTF-8, as text that can be written anywhere."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
