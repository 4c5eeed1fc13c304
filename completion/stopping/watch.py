"""One answer under way: what of it is to be kept, as soon as that is sure.

Guarantees: what is kept is a beginning of what was said; however the answer is cut into chunks, whole lines are judged
alike; each line is looked at once, so that a chunk costs as much as it is long.
"""

from __future__ import annotations

from dataclasses import dataclass

from completion.cleanup.place import Place
from completion.cleanup.repeating import third_repetition
from completion.cleanup.wrapping import special_tokens
from completion.stopping.brackets import CLOSERS
from completion.stopping.following import ends_with_rest, is_next
from completion.stopping.scope import Scope
from core.wire import FinishReason

_LONGEST_TOKEN = 64
_REPEATED_CHARACTERS = 300
"""A run of characters is looked for in so many at the end of a line."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The answer ends: so many of its characters are kept."""

    kept: int
    reason: FinishReason


class Watch:
    """Watches one answer at one place."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._scope = Scope(place)
        self._line_start = self._number = self._looked = 0

    def seen(self, text: str) -> Stop | None:
        """`text` is the whole answer so far, which only grows from call to call. Where it ends; `None`: not yet."""
        special = self._special_token(text)
        limit = len(text) if special is None else special
        while self._line_start < limit and (end := text.find("\n", self._line_start, limit)) >= 0:
            if stop := self._whole_line(text, self._line_start, end):
                return stop
            self._line_start, self._number = end + 1, self._number + 1
        if special is not None:
            return Stop(special, FinishReason.STOP)
        return self._begun_line(text)

    def _special_token(self, text: str) -> int | None:
        start = max(self._looked - _LONGEST_TOKEN, 0)
        self._looked = len(text)
        recent = text[start:]
        kept = special_tokens(recent, self._place)
        return start + len(kept) if len(kept) < len(recent) else None

    def _whole_line(self, text: str, start: int, end: int) -> Stop | None:
        line, number = text[start:end].removesuffix("\r"), self._number
        if not self._scope.nested and is_next(line, number, self._place):
            return Stop(start, FinishReason.SUFFIX)
        kept = third_repetition(text[:end], self._place)
        if len(kept) < end:
            return Stop(len(kept), FinishReason.REPETITION)
        found = self._scope.ended(line, number)
        closes_rest = self._place.line_after.lstrip().startswith(tuple(CLOSERS)) and self._scope.own_closed
        if ends_with_rest(line, self._place) or closes_rest:
            return Stop(end, FinishReason.SUFFIX)
        return Stop(start + found.kept, FinishReason.SCOPE) if found else None

    def _begun_line(self, text: str) -> Stop | None:
        line = text[self._line_start :]
        if self._number > 0 and self._scope.begun(line) is not None:
            return Stop(self._line_start, FinishReason.SCOPE)
        tail = line[-_REPEATED_CHARACTERS:]
        kept = third_repetition(tail, self._place)
        if len(kept) < len(tail):
            return Stop(len(text) - len(tail) + len(kept), FinishReason.REPETITION)
        return None


def whole_lines(text: str) -> str:
    """The lines of `text` that are whole: up to its last line end; empty where it has none."""
    return text[: text.rfind("\n") + 1]
