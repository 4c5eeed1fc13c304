"""Where ghost text is asked for, why, and how much of it the place calls for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from completion.comments import LOOK_BACK
from completion.extent import Decision, Extent, extent, wanted
from core.languages import LanguageSpec
from core.wire import Trigger
from lsp.context import Origin, with_selection
from lsp.documents import Document, Place

LINES_BELOW = 12
LONGEST_LINE = 2_000
"""Of longer lines only the characters next to the cursor are looked at."""


@dataclass(frozen=True)
class Cursor:
    """A place in one version of a document; `spec` describes its language, where somebody did.

    `above` is what stands before the document without being a part of it: a notebook's earlier cells.
    """

    document: Document
    place: Place
    origin: Origin
    trigger: Trigger = Trigger.AUTOMATIC
    spec: LanguageSpec | None = None
    above: str = ""

    @property
    def invoked(self) -> bool:
        """Whether a person asked for it by hand."""
        return self.trigger is Trigger.INVOKED

    @cached_property
    def extent(self) -> Extent:
        """One line or many, and why."""
        line = self.place.line
        below = self.document.lines[line + 1 : line + 1 + LINES_BELOW]
        return extent(self._before, self._rest_of_line, [each[:LONGEST_LINE] for each in below], self.spec)

    def wanted(self, *, comments: bool, strings: bool) -> Decision:
        """Whether to propose here at all, and why (not)."""
        return wanted(
            self._before,
            self._rest_of_line,
            self.spec,
            automatic=not self.invoked,
            comments=comments,
            strings=strings,
        )

    def is_near(self, other: Cursor) -> bool:
        """Whether both are in one document and at most one line apart: typing goes on, and no tool edited elsewhere."""
        return self.document.uri == other.document.uri and abs(self.place.line - other.place.line) <= 1

    def after(self, text: str) -> Cursor:
        """The cursor as it will be when `text` was accepted."""
        document, place = with_selection(self.document, self.place, self.place, text)
        return Cursor(document, place, self.origin, Trigger.AUTOMATIC, self.spec, self.above)

    @cached_property
    def _before(self) -> list[str]:
        lines = self.document.lines[max(self.place.line - LOOK_BACK, 0) : self.place.line]
        column = self.place.column
        typed = self.document.lines[self.place.line][max(column - LONGEST_LINE, 0) : column]
        return [*(line[:LONGEST_LINE] for line in lines), typed]

    @property
    def _rest_of_line(self) -> str:
        column = self.place.column
        return self.document.lines[self.place.line][column : column + LONGEST_LINE]
