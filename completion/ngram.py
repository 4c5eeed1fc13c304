"""A back-off n-gram over lexemes, with the file's own lines weighted in.

What follows the last four lexemes most often is proposed; where nobody has seen these four, three, and so on
("stupid back-off", Brants et al. 2007). Healed at the cursor: the half lexeme that was typed is taken back, and
only lexemes that begin with it are considered. Pure, without dependencies; milliseconds for an open file.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Protocol

from completion.lexemes import NOTHING, Proposal, is_line_start, last_lexeme, lexemes

BACK_OFF = 0.4
OWN_WEIGHT = 1000
OWN_WINDOW = 40_000
"""Characters on either side of the cursor whose lexemes count as the file's own."""


class Continuations(Protocol):
    """Something that has counted lexemes."""

    def after(self, context: Sequence[str]) -> Mapping[str, int]:
        """How often each lexeme followed `context`; with an empty context, how often each occurs."""


class LexemeIndex:
    """Lexemes of some texts, and where each stands: counts for any context length without a table for each.

    Meant for an open file or a work space: learning a text is one pass, and a question costs the number of times
    that the context's last lexeme occurs, at most the latest `MAX_PLACES`.
    """

    MAX_PLACES = 4096

    def __init__(self) -> None:
        self._ids: dict[str, int] = {"": 0}  # 0 stands between texts
        self._lexemes: list[str] = [""]
        self._text = array("i", [0])
        self._places: list[list[int]] = [[]]

    def learn(self, found: Sequence[str]) -> None:
        """Add one text, given as lexemes."""
        for lexeme in found:
            number = self._ids.setdefault(lexeme, len(self._lexemes))
            if number == len(self._lexemes):
                self._lexemes.append(lexeme)
                self._places.append([])
            self._places[number].append(len(self._text))
            self._text.append(number)
        self._text.append(0)

    def after(self, context: Sequence[str]) -> Mapping[str, int]:
        """See `Continuations`."""
        if not context:
            return {lexeme: len(places) for lexeme, places in zip(self._lexemes, self._places, strict=True) if lexeme}
        numbers = array("i", [self._ids.get(lexeme, -1) for lexeme in context])
        if -1 in numbers:
            return {}
        text, length = self._text, len(numbers)
        counts: Counter[int] = Counter()
        for place in self._places[numbers[-1]][-self.MAX_PLACES :]:
            if place + 1 >= length and text[place + 1 - length : place + 1] == numbers:
                counts[text[place + 1]] += 1
        del counts[0]
        return {self._lexemes[number]: count for number, count in counts.items()}


def propose(
    prefix: str,
    suffix: str,
    learned: Continuations | None = None,
    *,
    order: int = 5,
    lines: int = 1,
    max_lexemes: int = 64,
    own_weight: int = OWN_WEIGHT,
) -> Proposal:
    """What the counts say comes after `prefix`: at most `lines` lines, greedy, ending before a line end.

    `learned` are counts from elsewhere; each occurrence in the file itself counts `own_weight` times. The
    confidence is the geometric mean of the steps' back-off probabilities.
    """
    half = last_lexeme(prefix)
    context = lexemes(prefix[-OWN_WINDOW : len(prefix) - len(half)])
    own = LexemeIndex()
    own.learn(context)
    own.learn(lexemes(suffix[:OWN_WINDOW])[1:])
    sources = [(own, own_weight), *([(learned, 1)] if learned else [])]
    context = context[-(order - 1) :] if order > 1 else []
    text = ""
    logarithms: list[float] = []
    while len(logarithms) < max_lexemes:
        lexeme, probability = _next(sources, context, "" if logarithms else half)
        lines -= is_line_start(lexeme) and bool(logarithms)
        if not lexeme or lines == 0:
            break
        text += lexeme
        logarithms.append(log(probability))
        context = [*context, lexeme][-(order - 1) :] if order > 1 else []
    proposed = text[len(half) :]
    return Proposal(proposed, exp(sum(logarithms) / len(logarithms))) if proposed.strip() else NOTHING


def _next(sources: Sequence[tuple[Continuations, int]], context: Sequence[str], half: str) -> tuple[str, float]:
    """The best lexeme after `context` that begins with `half`, and its probability; an empty one if none is known.

    Without anything typed, a lexeme that merely is frequent is no proposal: the context must match at least once.
    """
    factor = 1.0
    for length in range(len(context), -1 if half else 0, -1):
        counts: Counter[str] = Counter()
        for source, weight in sources:
            for lexeme, count in source.after(context[len(context) - length :]).items():
                if lexeme.startswith(half):
                    counts[lexeme] += count * weight
        if counts:
            best = max(counts, key=lambda lexeme: (counts[lexeme], lexeme))
            return best, factor * counts[best] / counts.total()
        factor *= BACK_OFF
    return "", 0.0
