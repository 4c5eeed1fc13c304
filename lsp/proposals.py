"""Answers that were given, and whether one of them still fits where the cursor is now.

Pure. A proposal is found again by what stands right around it, not by the document's version: an edit elsewhere does
not lose it. It stays while one types along it, shrinks as one does, comes back after a backspace, and costs no request.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from completion.cleanup import Place as Surroundings
from completion.cleanup import clean
from core.wire import Timings
from lsp.documents import Document, Place

BEFORE_CHARACTERS, AFTER_CHARACTERS = 256, 128
MOST_DELETED = 64
"""Characters before its own place that a proposal grows by, where they were typed, seen and deleted again."""
MOST_TYPED = 128
"""Characters that may be typed while an answer is under way."""
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
        one_more = wanted + 1  # which shows that it is not the whole; lines may be megabytes long
        first, line = place.line, document.lines[place.line]
        before = line[max(place.column - one_more, 0) : place.column]
        while first and len(before) <= wanted:
            first -= 1
            before = document.lines[first][-one_more:] + before
        last, after = place.line, line[place.column : place.column + AFTER_CHARACTERS]
        while last + 1 < len(document.lines) and len(after) < AFTER_CHARACTERS:
            last += 1
            after += document.lines[last][:AFTER_CHARACTERS]
        whole = first == 0 and len(before) <= wanted
        return cls(document.uri, before[-wanted:], after[:AFTER_CHARACTERS], whole)

    def added(self, after: str) -> int | None:
        """How many closing characters the editor has written since; `None` where something else follows now."""
        closers = len(after) - len(after.lstrip(_CLOSERS))
        for size in range(closers + 1):
            rest = after[size:]
            if rest == self.after or (len(after) == AFTER_CHARACTERS and self.after.startswith(rest)):
                return size
        return None

    def typed_along(self, now: Around, text: str) -> str | None:
        """How much of `text` was typed here until `now`, the most that it can be; `None` where something else was."""
        at = now.before.find(self.before)
        while at >= 0 and not (at and self.whole):
            typed = now.before[at + len(self.before) :]
            if text.startswith(typed):
                return typed
            at = now.before.find(self.before, at + 1)
        return None

    def deleted_before(self, now: Around) -> str:
        """What was deleted before this place on its line until `now`; nothing where something else happened."""
        line = self.before[self.before.rfind("\n") + 1 :]
        for size in range(1, min(len(line), MOST_DELETED) + 1):
            left = self.before[:-size]
            if now.before == left if self.whole else now.before.endswith(left):
                return self.before[-size:]
        return ""

    def typed_since(self, document: Document, place: Place) -> str | None:
        """What was typed here until the cursor came to `place`; `None` where that is no continuation of this place."""
        now = Around.of(document, place, MOST_TYPED)
        if now.uri != self.uri or self.added(now.after) is None:
            return None
        at = (0 if now.before.startswith(self.before) else -1) if self.whole else now.before.rfind(self.before)
        typed = now.before[at + len(self.before) :]
        return typed if at >= 0 and len(typed) <= MOST_TYPED else None


@dataclass(frozen=True, slots=True)
class Source:
    """The request that an answer came from, how long it took, and where the server says that the time went."""

    request_id: str
    model: str
    request_ms: float | None = None
    timings: Timings | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """An answer, and where it was given. An empty one says that nothing is to be proposed there.

    One that was asked for `ahead` of the cursor says nothing of the places before its own.
    """

    around: Around
    text: str
    confidence: float = 1.0
    ahead: bool = False
    source: Source | None = None

    def still(self, document: Document, place: Place) -> str | None:
        """What is left of it at `place`; `None` where it does not belong there."""
        return self.left_at(Around.of(document, place, len(self.text)))

    def left_at(self, now: Around) -> str | None:
        """`still`, of a place with at least as much before it as this text is long."""
        added = self.around.added(now.after) if now.uri == self.around.uri else None
        if added is None:
            return None
        left = self._left(now)
        return clean(left, Surroundings.of(now.before, now.after)) if left and added else left

    def _left(self, now: Around) -> str | None:
        typed = self.around.typed_along(now, self.text)
        if typed is not None:
            return self.text[len(typed) :]
        if self.ahead or not self.text:
            return None
        deleted = self.around.deleted_before(now)
        return deleted + self.text if deleted else None


@dataclass(slots=True)
class Proposals:
    """The newest answers of one session, the newest first."""

    kept: deque[Proposal] = field(default_factory=lambda: deque(maxlen=64))

    def add(
        self,
        document: Document,
        place: Place,
        text: str,
        confidence: float = 1.0,
        *,
        ahead: bool = False,
        source: Source | None = None,
    ) -> None:
        """Remember what was answered at a place."""
        self.kept.appendleft(Proposal(Around.of(document, place), text, confidence, ahead, source))

    def find(self, document: Document, place: Place, *, extending: str = "") -> Proposal | None:
        """What an earlier answer still proposes at a place; `None` where the server has to be asked.

        With text on display there, only an answer that goes on from it: `extending` is that text.
        """
        now = Around.of(document, place, max((len(proposal.text) for proposal in self.kept), default=0))
        for proposal in self.kept:
            left = proposal.left_at(now)
            if left == "" and proposal.text:
                continue
            if left is not None and left.startswith(extending):
                return replace(proposal, text=left)
        return None

    def clear(self) -> None:
        """Forget all of them: another server, another model, other settings."""
        self.kept.clear()
