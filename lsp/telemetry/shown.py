"""One proposal on display, and what the edits say of it: typed along, taken in part, taken whole, or given up.

Nothing tells of a part that was taken, so it is inferred: an edit put in at once, right at the cursor, several
characters that the proposal goes on with. White space alone is a line that an editor indents, and a pair of brackets is
one that it closes: neither is an inference. A menu's item that says the same is taken for a part.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from core.events import Way
from lsp.documents import Place
from lsp.telemetry.edits import Edit, Span, after

_PAIRS = frozenset(("()", "[]", "{}", '""', "''", "``"))


class Fate(Enum):
    """What an edit made of a proposal."""

    STANDS = "stands"
    PUT_IN = "put in"  # to its last character; the item's command may say so yet
    GONE = "gone"  # what was typed goes another way


@dataclass(slots=True)
class Shown:
    """A proposal of one document; `texts` are its variants, which begin at `start`, the first one on display.

    `at` is where the cursor is by now, `typed` how much of the text stands before it, and `taken` how much of that was
    put in at once.
    """

    offer_id: str
    uri: str
    language: str
    model: str
    start: Place
    texts: tuple[str, ...]
    at: Place
    since_s: float
    typed: int = 0
    taken: int = 0
    way: Way = Way.EDIT
    span: Span = field(init=False)

    def __post_init__(self) -> None:
        self.span = Span(self.start, self.at)

    @property
    def text(self) -> str:
        """The variant that fits what was typed, the first of them."""
        return self.texts[0]

    def edited(self, edit: Edit) -> Fate:
        """Take an edit of its document into account."""
        if edit.start == edit.end == self.at and (fits := self._going_on_with(edit.text)):
            took = self._advance(edit, fits)
            return Fate.PUT_IN if took and self.typed == len(self.text) else Fate.STANDS
        if edit.end == self.at and not edit.text and edit.start >= self.start:
            self.at, self.span = edit.start, Span(self.start, edit.start)
            self.typed = len(self._before(edit.start))
            self.taken = min(self.taken, self.typed)
            return Fate.STANDS
        if edit.end < self.start:
            self.start, self.at, self.span = edit.moved(self.start), edit.moved(self.at), self.span.edited(edit)
            return Fate.STANDS
        return Fate.STANDS if edit.start.line > self.at.line else Fate.GONE

    def _going_on_with(self, text: str) -> tuple[str, ...]:
        begins = text[0] if text in _PAIRS else text
        return tuple(each for each in self.texts if each.startswith(begins, self.typed)) if begins else ()

    def _advance(self, edit: Edit, fits: tuple[str, ...]) -> bool:
        """Go on by what was put in; whether it was put in at once rather than typed."""
        whole = tuple(each for each in fits if each.startswith(edit.text, self.typed))
        put_in = edit.text if whole else edit.text[0]
        took = bool(whole) and len(put_in.strip()) > 1 and put_in not in _PAIRS
        self.texts = whole or fits
        self.taken += len(put_in) if took else 0
        self.typed += len(put_in)
        self.at = after(edit.start, put_in)
        self.span = Span(self.start, self.at)
        return took

    def _before(self, place: Place) -> str:
        """As much of the text as stands before a place."""
        for size in range(self.typed, -1, -1):
            if after(self.start, self.text[:size]) <= place:
                return self.text[:size]
        return ""
