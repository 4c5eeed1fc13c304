"""Open documents, as the editor has them.

A `Document` is immutable: an edit gives a new one that shares the untouched lines, so that a request keeps the
text that it was asked about while typing goes on. Lines end where the protocol says (`\\n`, `\\r\\n`, `\\r`) and
nowhere else: a form feed or U+2028 inside a line does not shift the lines below it.

Guarantees: the lines joined are the text, to the character; every line but the last has its line end, the last
has none; a position past a line's or the document's end is clamped; a range whose ends are swapped is put right.
An edit of a 5,000-line file costs tens of microseconds.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from lsp.positions import Encoding, column_of, units_of


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place between two characters: zero-based line, and column in code points, before the line's end."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """One version of one document."""

    uri: str
    language_id: str
    version: int
    lines: tuple[str, ...]

    @classmethod
    def of(cls, uri: str, text: str, language_id: str = "", version: int = 0) -> Document:
        """A document from its text."""
        return cls(uri, language_id, version, split_lines(text))

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.lines)

    def line(self, number: int) -> str:
        """The content of a line, without its line end."""
        return self.lines[number].rstrip("\r\n")

    def place(self, line: int, units: int, encoding: Encoding) -> Place:
        """The place that the editor calls `line` and `units`, clamped to the document."""
        if line < 0:
            return Place(0, 0)
        if line >= len(self.lines):
            return Place(len(self.lines) - 1, len(self.lines[-1]))
        return Place(line, column_of(self.line(line), units, encoding))

    def units(self, place: Place, encoding: Encoding) -> int:
        """The editor's number of code units for a place of this document."""
        return units_of(self.lines[place.line][: place.column], encoding)

    def before(self, place: Place) -> str:
        """All the text before a place."""
        return "".join(self.lines[: place.line]) + self.lines[place.line][: place.column]

    def after(self, place: Place) -> str:
        """All the text after a place."""
        return self.lines[place.line][place.column :] + "".join(self.lines[place.line + 1 :])

    def at_version(self, version: int) -> Document:
        """The same text under the editor's next version number."""
        return replace(self, version=version)

    def replaced(self, start: Place, end: Place, text: str) -> Document:
        """This document with the text between two of its places replaced."""
        start, end = min(start, end), max(start, end)
        first, beyond = start.line, end.line + 1
        changed = self.lines[first][: start.column] + text + self.lines[end.line][end.column :]
        if first > 0 and changed.startswith("\n") and self.lines[first - 1].endswith("\r"):
            first -= 1  # the new line feed and the carriage return before it are one line end now
            changed = self.lines[first] + changed
        middle = split_lines(changed)
        if beyond < len(self.lines):
            middle = middle[:-1]  # what follows the changed lines' last line end is the next line
        return replace(self, lines=self.lines[:first] + middle + self.lines[beyond:])


class Documents:
    """The documents that the editor has open, by URI. Those who `watch` hear of each change, in order."""

    def __init__(self) -> None:
        self._open: dict[str, Document] = {}
        self._watchers: list[Watcher] = []

    @property
    def opened(self) -> Mapping[str, Document]:
        """All of them, in the order in which they were opened."""
        return self._open

    def get(self, uri: str) -> Document | None:
        """The present version of a document, if it is open."""
        return self._open.get(uri)

    def put(self, document: Document) -> None:
        """The editor opened a document, or has another version of it."""
        first = document.uri not in self._open
        self._open[document.uri] = document
        for watcher in self._watchers:
            (watcher.opened if first else watcher.edited)(document)

    def close(self, uri: str) -> None:
        """The editor closed a document."""
        if self._open.pop(uri, None):
            for watcher in self._watchers:
                watcher.closed(uri)

    def watch(self, watcher: Watcher) -> None:
        """Tell of what is open already, and of each change from now on."""
        self._watchers.append(watcher)
        for document in self._open.values():
            watcher.opened(document)

    def unwatch(self, watcher: Watcher) -> None:
        """Tell it nothing more."""
        self._watchers.remove(watcher)


class Watcher(Protocol):
    """Hears of documents. Its methods return at once."""

    def opened(self, document: Document) -> None:
        """The editor opened a document."""

    def edited(self, document: Document) -> None:
        """A document has another version."""

    def closed(self, uri: str) -> None:
        """The editor closed a document."""


def split_lines(text: str) -> tuple[str, ...]:
    """The lines of a text with their line ends, and after the last line end the rest, which may be empty."""
    lines = tuple(io.StringIO(text, newline=""))
    return lines if lines and not lines[-1].endswith(("\n", "\r")) else (*lines, "")
