"""Answers that were given, and whether one of them still fits where the cursor is now.

Pure. A proposal is found again by what stands right around it, not by the document's version: an edit elsewhere does
not lose it. It stays while one types along it, shrinks as one does, comes back after a backspace, and costs no request.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from completion.cleanup import Place as Surroundings
from completion.cleanup import clean
from lsp.documents import Document, Place

BEFORE_CHARACTERS, AFTER_CHARACTERS = 256, 128
MOST_DELETED = 64
"""Characters before its own place that a proposal grows by, where they were typed, seen and deleted again."""
_CLOSERS = ")]}\"'`>"


@dataclass(frozen=True, slots=True)
class Around:
    """The text right around a place of a document; `whole`: it begins at the document's start."""

    uri: str
    before: str
    after: str
    whole: bool

    @classmethod
    def of(cls, document: Document, place: Place, further: int = 0) -> Around:
        """What stands around `place`; `further` characters more before it."""
        wanted = BEFORE_CHARACTERS + further
        first, before = place.line, document.lines[place.line][: place.column]
        while first and len(before) < wanted:
            first -= 1
            before = document.lines[first] + before
        last, after = place.line, document.lines[place.line][place.column :]
        while last + 1 < len(document.lines) and len(after) < AFTER_CHARACTERS:
            last += 1
            after += document.lines[last]
        whole = first == 0 and len(before) <= wanted
        return cls(document.uri, before[-wanted:], after[:AFTER_CHARACTERS], whole)


@dataclass(frozen=True, slots=True)
class Proposal:
    """An answer, and where it was given. An empty one says that nothing is to be proposed there."""

    around: Around
    text: str

    def still(self, document: Document, place: Place) -> str | None:
        """What is left of it at `place`; `None` where it does not belong there."""
        now = Around.of(document, place, len(self.text))
        added = self._added(now.after) if now.uri == self.around.uri else None
        if added is None:
            return None
        left = self._left(now)
        return clean(left, Surroundings.of(now.before, now.after)) if left and added else left

    def _added(self, after: str) -> int | None:
        """How many closing characters the editor has written since; `None` where something else follows now."""
        closers = len(after) - len(after.lstrip(_CLOSERS))
        for size in range(closers + 1):
            rest = after[size:]
            if rest == self.around.after or (len(after) == AFTER_CHARACTERS and self.around.after.startswith(rest)):
                return size
        return None

    def _left(self, now: Around) -> str | None:
        for size in range(len(self.text), -1, -1):
            if self._stands(now, self.around.before + self.text[:size]):
                return self.text[size:]
        line = self.around.before[self.around.before.rfind("\n") + 1 :]
        for size in range(1, min(len(line), MOST_DELETED) + 1 if self.text else 0):
            if self._stands(now, self.around.before[:-size]):
                return self.around.before[-size:] + self.text
        return None

    def _stands(self, now: Around, before: str) -> bool:
        """Whether `before` is what stands before the cursor: all of it, or its end."""
        return now.before == before if self.around.whole else now.before.endswith(before)


@dataclass(slots=True)
class Proposals:
    """The newest answers of one session, the newest first."""

    kept: deque[Proposal] = field(default_factory=lambda: deque(maxlen=64))

    def add(self, document: Document, place: Place, text: str) -> None:
        """Remember what was answered at a place."""
        self.kept.appendleft(Proposal(Around.of(document, place), text))

    def find(self, document: Document, place: Place) -> str | None:
        """What an earlier answer still proposes at a place; `None` where the server has to be asked."""
        for proposal in self.kept:
            left = proposal.still(document, place)
            if left or (left == "" and not proposal.text):
                return left
        return None

    def clear(self) -> None:
        """Forget all of them: another server, another model, other settings."""
        self.kept.clear()
