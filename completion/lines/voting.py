"""Which lexeme comes next: places where the same stood before vote, the more they have in common the louder.

This is the most similar earlier line and the back-off n-gram in one: a place that shares the line above and the typed
part of this one outvotes all that share a few lexemes, and where none shares two, words that begin as the typed half
does are left. Longest matches first is the idea of PPM (Cleary and Witten 1984).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from completion.lines.log import LexemeLog
from completion.lines.vocabulary import NONE, Vocabulary

LONGEST = 24
"""Lexemes before the cursor that are compared."""
LOUDER = 5.0
"""How much louder a place is with each lexeme more in common, up to `MOST_LOUDER` of them."""
MOST_LOUDER = 14
LINE_END = -1
_WORDS = 24
_STARTS = 6
_WORD_VISITS = 4
_UNSURE = 0.3
"""What the share of a word is worth that only its beginning speaks for."""


@dataclass(frozen=True, slots=True)
class Source:
    """Logs of one origin: how loud their places are, and how many steps to spend on finding them, over all logs."""

    logs: Sequence[LexemeLog]
    weight: float
    visits: int = 64


@dataclass(frozen=True, slots=True)
class Vote:
    """What won: a lexeme's number, or `LINE_END`.

    share: of all votes, from 0 to 1; common: lexemes that the best place has in common, 1 where the half word alone
    spoke; places: how many voted for it; start: the line start that most spoke for, where it is `LINE_END`.
    """

    number: int
    share: float
    common: int
    places: int
    start: int = NONE


def vote(sources: Sequence[Source], vocabulary: Vocabulary, context: Sequence[int], half: str) -> Vote | None:
    """What follows `context` and begins with `half`; `None` where nothing speaks for anything."""
    if len(context) >= 2:
        if won := _by_places(sources, vocabulary, context, half):
            return won
        if vocabulary.is_line_start(context[-2]):  # the line's first lexeme may have stood at another depth
            for start in vocabulary.line_starts(_STARTS):
                if won := _by_places(sources, vocabulary, (start, context[-1]), half):
                    return won
    return _by_word(sources, vocabulary, context, half) if half.strip() else None


def _by_places(sources: Sequence[Source], vocabulary: Vocabulary, context: Sequence[int], half: str) -> Vote | None:
    votes: dict[int, float] = {}
    commons: dict[int, int] = {}
    counts: dict[int, int] = {}
    starts: dict[int, float] = {}
    first, second = context[-2:]
    fits: dict[int, bool] = {NONE: False}
    for source in sources:
        visits = max(8, source.visits // max(len(source.logs), 1))
        for log in source.logs:
            text = log.text
            for place in log.places(first, second, visits):
                number = text[place]
                if number not in fits:
                    fits[number] = vocabulary.text(number).startswith(half)
                if not fits[number]:
                    continue
                common = log.common(place, context, LONGEST)
                weight = source.weight * LOUDER ** min(common, MOST_LOUDER)
                if vocabulary.is_line_start(number):
                    starts[number] = starts.get(number, 0.0) + weight
                    number = LINE_END
                votes[number] = votes.get(number, 0.0) + weight
                counts[number] = counts.get(number, 0) + 1
                commons[number] = max(commons.get(number, 0), common)
    if not votes:
        return None
    number = max(votes, key=votes.__getitem__)
    start = max(starts, key=starts.__getitem__) if number == LINE_END else NONE
    return Vote(number, votes[number] / sum(votes.values()), commons[number], counts[number], start)


def _by_word(sources: Sequence[Source], vocabulary: Vocabulary, context: Sequence[int], half: str) -> Vote | None:
    """What begins with `half`: best what has followed the last lexeme before, else the most frequent word."""
    words = vocabulary.words(half, _WORDS)
    whole = vocabulary.numbers(half)[0]
    if whole != NONE and whole not in words:
        words.append(whole)
    last = context[-1] if context else NONE
    votes = {}
    for number in words:
        followed = sum(
            source.weight * len(log.places(last, number, _WORD_VISITS)) for source in sources for log in source.logs
        )
        votes[number] = 100.0 * followed + 0.01 * vocabulary.count(number)
    number = max(votes, key=votes.__getitem__, default=NONE)
    return Vote(number, _UNSURE * votes[number] / sum(votes.values()), 1, 1) if number else None
