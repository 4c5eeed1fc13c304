"""Edits, as editors tell them, and what they do to a place. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lsp.documents import Document, Place, split_lines

MOST_TRIMMED, MOST_LINES_TRIMMED = 4096, 200
"""Of longer texts the part that both have at an end is not looked for."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What stood from `start` to `end` gave way to `text`."""

    start: Place
    end: Place
    text: str

    @classmethod
    def of(cls, document: Document, start: Place, end: Place, text: str) -> Edit:
        """An edit of a document, without what stood there before and stands there after: editors put in whole words
        and lines anew."""
        start, end = min(start, end), max(start, end)
        if start == end or not text or end.line - start.line > MOST_LINES_TRIMMED:
            return cls(start, end, text)
        old = text_between(document, start, end)
        if max(len(old), len(text)) > MOST_TRIMMED:
            return cls(start, end, text)
        shorter = min(len(old), len(text))
        same = next((at for at in range(shorter) if old[at] != text[at]), shorter)
        tail = next((at for at in range(shorter - same) if old[-1 - at] != text[-1 - at]), shorter - same)
        put_in = text[same : len(text) - tail]
        return cls(after(start, old[:same]), after(start, old[: len(old) - tail]), put_in)

    @property
    def new_end(self) -> Place:
        """Where the text that was put in ends."""
        return after(self.start, self.text)

    def moved(self, place: Place) -> Place:
        """A place behind the edit, after it."""
        end, new_end = self.end, self.new_end
        if place.line > end.line:
            return Place(place.line - end.line + new_end.line, place.column)
        return Place(new_end.line, place.column - end.column + new_end.column)


def after(start: Place, text: str) -> Place:
    """Where a text that begins at a place ends."""
    lines = split_lines(text)
    column = len(lines[-1])
    return Place(start.line + len(lines) - 1, column if len(lines) > 1 else start.column + column)


def text_between(document: Document, start: Place, end: Place) -> str:
    """What stands between two places; what lies beyond the document is left out."""
    lines = document.lines[start.line : end.line + 1]
    if not lines:
        return ""
    if len(lines) == 1:
        return lines[0][start.column : end.column if start.line == end.line else None]
    last = lines[-1][: end.column] if len(lines) == end.line - start.line + 1 else lines[-1]
    return lines[0][start.column :] + "".join(lines[1:-1]) + last


@dataclass(frozen=True, slots=True)
class Span:
    """What lies between two places, through the edits around and in it."""

    start: Place
    end: Place

    def edited(self, edit: Edit) -> Span:
        """The same after an edit. What is put in at an end does not belong to it; what replaces all of it does."""
        if edit.start <= self.start and edit.end >= self.end and edit.start < edit.end:
            return Span(edit.start, edit.new_end)
        start, end = self.start, self.end
        if edit.end <= start:
            start = edit.moved(start)
        elif edit.start < start:
            start = edit.new_end
        if edit.end <= end and edit.start < end:
            end = edit.moved(end)
        elif edit.start < end:
            end = edit.start
        return Span(start, max(start, end))
