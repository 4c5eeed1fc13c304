"""The document as the editor has it: text, cursor, and what each edit is in the words of the language server protocol.

Lines end with a line feed and nothing else; columns are counted in UTF-16 code units, as VS Code and the protocol's
default have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lsp.positions import units_of


class Cause(StrEnum):
    """Why the document or the cursor changed."""

    TYPED = "typed"
    ERASED = "erased"
    MOVED = "moved"  # the cursor alone, over what the editor had inserted or to another line
    ACCEPTED = "accepted"  # of a proposal


@dataclass(frozen=True, slots=True)
class Point:
    """Zero-based line, and column in UTF-16 code units."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Change:
    """One step: the range that was replaced, in the document before it, by `text`; then the cursor.

    For `Cause.MOVED` without an edit, start and end are the same and `text` is empty. `typed` is what appeared left of
    the cursor, which may be less than `text`: an editor that closes a bracket puts the closing one behind the cursor.
    """

    cause: Cause
    start: Point
    end: Point
    text: str
    typed: str

    @property
    def is_edit(self) -> bool:
        """Whether the document is another one now."""
        return bool(self.text) or self.start != self.end

    @property
    def is_plain_typing(self) -> bool:
        """Whether it only added text left of the cursor, so that a proposal may be typed along."""
        return self.cause in (Cause.TYPED, Cause.ACCEPTED) and self.start == self.end and bool(self.typed)


class Buffer:
    """A text with a cursor (an offset in code points)."""

    def __init__(self, text: str = "", cursor: int | None = None) -> None:
        self.text = text
        self.cursor = len(text) if cursor is None else cursor

    @property
    def before(self) -> str:
        """Text before the cursor."""
        return self.text[: self.cursor]

    @property
    def after(self) -> str:
        """Text after the cursor."""
        return self.text[self.cursor :]

    @property
    def place(self) -> Point:
        """Where the cursor stands."""
        return self.point(self.cursor)

    def point(self, offset: int) -> Point:
        """The place of an offset."""
        start = self.text.rfind("\n", 0, offset) + 1
        return Point(self.text.count("\n", 0, offset), units_of(self.text[start:offset], "utf-16"))

    def replace(self, cause: Cause, start: int, end: int, left: str, right: str = "") -> Change:
        """Replace a range by `left + right`; the cursor stands between the two then."""
        change = Change(cause, self.point(start), self.point(end), left + right, left)
        self.text = self.text[:start] + left + right + self.text[end:]
        self.cursor = start + len(left)
        return change

    def insert(self, cause: Cause, left: str, right: str = "") -> Change:
        """Insert at the cursor."""
        return self.replace(cause, self.cursor, self.cursor, left, right)

    def move(self, cursor: int) -> Change:
        """Put the cursor elsewhere."""
        self.cursor = cursor
        place = self.place
        return Change(Cause.MOVED, place, place, "", "")
