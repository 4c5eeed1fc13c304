"""Lexemes in the order in which they were learned, and where each pair of them stands.

The index is that of LZ77 compressors (RFC 1951, section 4): for each pair the latest place, and for each place the one
before it with the same pair. Eight bytes a lexeme and a table of fixed size, whatever the text. What is forgotten is
overwritten; its places stay in the chains, and match nothing any more. Pure; not safe for threads.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from completion.lines.vocabulary import NONE

_FIRST, _SECOND, _SHIFT = 0x9E3779B1, 0x85EBCA77, 7


class LexemeLog:
    """Runs of lexemes, as numbers. `expected` lexemes make the table's size; more are welcome, and a little slower."""

    def __init__(self, expected: int) -> None:
        bits = max(10, min(16, expected.bit_length() - 2))
        self._mask = (1 << bits) - 1
        self._latest = array("i", bytes(4 << bits))
        self._before = array("i", [0])
        self.text = array("I", [NONE])
        self.erased = 0

    def __len__(self) -> int:
        return len(self.text)

    def append(self, run: Sequence[int], context: int = 0) -> int:
        """Add a run, of which the first `context` numbers are only compared with; return where the rest begins.

        It goes on from what was added last: add `[NONE]` between texts.
        """
        text, before, latest, mask = self.text, self._before, self._latest, self._mask
        place, first = len(text), text[-1]
        for offset, number in enumerate(run):
            place += 1  # the pair that ends with this lexeme is found by the place that follows it
            text.append(number)
            if first and number and offset >= context:
                slot = (first * _FIRST ^ number * _SECOND) >> _SHIFT & mask
                before.append(latest[slot])
                latest[slot] = place
            else:
                before.append(0)
            first = number
        return place - len(run) + context

    def erase(self, start: int, end: int) -> None:
        """Forget the lexemes between two places."""
        self.text[start:end] = array("I", bytes(4 * (end - start)))
        self.erased += end - start

    def places(self, first: int, second: int, visits: int) -> list[int]:
        """Places that follow this pair, the latest first, found in at most `visits` steps."""
        if not (first and second):
            return []
        text, before = self.text, self._before
        end = len(text)
        found: list[int] = []
        place = self._latest[(first * _FIRST ^ second * _SECOND) >> _SHIFT & self._mask]
        while place and visits:
            if text[place - 1] == second and text[place - 2] == first and place < end:
                found.append(place)
            place = before[place - 1]
            visits -= 1
        return found

    def common(self, place: int, context: Sequence[int], most: int) -> int:
        """How many lexemes before `place`, at least its last pair, are those at the end of `context`."""
        text, length, most = self.text, 2, min(most, len(context), place)
        while length < most and text[place - 1 - length] == context[-1 - length] != NONE:
            length += 1
        return length
