"""From the text before the cursor to a proposal, with what the confidence is computed from.

Healed at the cursor: the half lexeme that was typed is taken back, and only lexemes that begin with it may come. Lexeme
by lexeme the vote's winner is taken, to the end of the line; and over it where a block repeats itself word by word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

from completion.cleanup.place import indentation_of
from completion.lexemes import NOTHING, Proposal, last_lexeme
from completion.lines.vocabulary import NONE, Vocabulary, encoded, rendered
from completion.lines.voting import LINE_END, LONGEST, Source, Vote, vote

MOST_LEXEMES = 40
LOOK_BACK = 8
"""Lines above the cursor that are compared."""
BLOCK_COMMON, BLOCK_SHARE = 16, 0.9
"""Over a line's end goes only what has so many lexemes in common, and so large a share of the votes."""
_CLOSING = 3
"""Lexemes of a line that closes the block: after a shallower line, and before a longer one, a block ends."""

INTERCEPT = 0.48
WEIGHTS = (2.05, 0.38, 0.52, 1.05, 0.08, -0.39)
"""Of `Found.features`: a logistic regression that predicts whether a line is exact or right for ten characters or more,
fitted on held-out positions of seed 1 and judged on those of seed 2 by `benchmarks/lines.py`."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The lines above the cursor, from the document's start or some way on, and the typed part of its line."""

    above: Sequence[str]
    typed: str


@dataclass(frozen=True, slots=True)
class Found:
    """A proposal and the votes for its first line, from which its confidence follows."""

    text: str
    votes: tuple[Vote, ...]
    half: str

    @property
    def features(self) -> tuple[float, ...]:
        """What the confidence depends on, in the order of `WEIGHTS`.

        Logarithms of the votes' shares, mean and least, and of the lexemes in common at the first vote; whether only
        a half word spoke; whether the line's end was seen; logarithm of one more than the proposal's characters.
        """
        shares = [log(max(each.share, 1e-3)) for each in self.votes]
        common = self.votes[0].common
        return (
            sum(shares) / len(shares),
            min(shares),
            log(common),
            float(common == 1),
            float(self.votes[-1].number == LINE_END),
            log(1 + len(self.text)),
        )

    @property
    def proposal(self) -> Proposal:
        """The text with its confidence."""
        if not self.text.strip():
            return NOTHING
        score = INTERCEPT + sum(weight * value for weight, value in zip(WEIGHTS, self.features, strict=True))
        return Proposal(self.text, 1.0 / (1.0 + exp(-score)))


def propose(sources: Sequence[Source], vocabulary: Vocabulary, cursor: Cursor, *, most_lines: int = 1) -> Found | None:
    """What `sources` say comes at `cursor`: the rest of the line, or up to `most_lines` where a block is repeated."""
    context, half = _before(cursor, vocabulary)
    first = _line(sources, vocabulary, context, half)
    if not first:
        return None
    texts = [_text(first, vocabulary)[len(half) :]]
    indentation = own = indentation_of(cursor.typed)
    last = first[-1]
    context = [*context, *_numbers(first)][-LONGEST:]
    while len(texts) < most_lines and last.number == LINE_END and _is_repeated([last]):
        context.append(last.start)
        start, indentation = rendered(vocabulary.text(last.start), indentation)
        ends = not indentation.startswith(own)
        votes = _line(sources, vocabulary, context, "")
        if not votes or votes[-1].number != LINE_END or not _is_repeated(votes[:-1] if ends else votes):
            break
        if start.startswith("\n\n") or (ends and len(votes) - 1 > _CLOSING):
            break
        texts.append(start + _text(votes, vocabulary))
        if ends:
            break
        context, last = [*context, *_numbers(votes)][-LONGEST:], votes[-1]
    return Found("".join(texts), tuple(first), half)


def _line(sources: Sequence[Source], vocabulary: Vocabulary, context: list[int], half: str) -> list[Vote]:
    """The votes up to the line's end, which is the last one if it was seen."""
    votes: list[Vote] = []
    while len(votes) < MOST_LEXEMES:
        won = vote(sources, vocabulary, context, "" if votes else half)
        if won is None:
            break
        votes.append(won)
        if won.number == LINE_END:
            break
        context = [*context, won.number][-LONGEST:]
    return votes


def _before(cursor: Cursor, vocabulary: Vocabulary) -> tuple[list[int], str]:
    """The numbers before the cursor's half lexeme, and that lexeme."""
    code = cursor.typed.lstrip(" \t")
    half = last_lexeme(code)
    runs = [*encoded([*cursor.above[-LOOK_BACK:], indentation_of(cursor.typed) + "."], vocabulary)]
    numbers = [number for run in runs for number in run][:-1]
    return [*numbers, *vocabulary.numbers(code[: len(code) - len(half)])][-LONGEST:], half


def _is_repeated(votes: Sequence[Vote]) -> bool:
    return all(each.common >= BLOCK_COMMON and each.share >= BLOCK_SHARE for each in votes)


def _numbers(votes: Sequence[Vote]) -> list[int]:
    return [each.number for each in votes if each.number != LINE_END]


def _text(votes: Sequence[Vote], vocabulary: Vocabulary) -> str:
    return "".join(vocabulary.text(number) for number in _numbers(votes) if number != NONE)
