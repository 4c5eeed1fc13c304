"""The most similar earlier line: where the file has been here before, propose how it went on.

Each earlier line that contains the half lexeme at the cursor is a candidate; the best has the longest run in
common with what was typed before the cursor, then stands after the most similar line, then is the latest. The
typed half lexeme is part of the match, so the answer is healed by construction. Pure; needs rapidfuzz.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz.distance import Indel, Postfix

from completion.lexemes import NOTHING, Proposal, last_lexeme

WINDOW = 200_000
"""Characters before the cursor that are looked at."""


@dataclass(frozen=True, slots=True, order=True)
class _Match:
    """A candidate's worth, the most important first."""

    common: int
    before: float
    line: int
    end: int


def propose(prefix: str, *, lines: int = 1) -> Proposal:
    """How the most similar earlier line of `prefix` went on, and the `lines - 1` lines after it.

    The confidence is the share of the typed part that the match has in common, halved where the lines before the
    two places have nothing in common.
    """
    *earlier, current = prefix[-WINDOW:].split("\n")
    typed = current.lstrip()
    match = max(_matches(earlier, typed), default=None)
    if match is None:
        return NOTHING
    rest = [earlier[match.line][match.end :], *earlier[match.line + 1 : match.line + lines]]
    text = "\n".join(rest).rstrip()
    if not text.strip():
        return NOTHING
    return Proposal(text, (match.common / len(typed) if typed else 1.0) * (0.5 + 0.5 * match.before))


def _matches(earlier: list[str], typed: str) -> Iterator[_Match]:
    """Candidates among `earlier`. A new line has nothing typed yet: then only the line before it decides."""
    above = _last_line(earlier, len(earlier))
    half = last_lexeme(typed)
    half = half.lstrip() or half
    for number, line in enumerate(earlier):
        stripped = line.lstrip()
        indentation = len(line) - len(stripped)
        best: tuple[int, int] | None = None
        if not typed:
            best = (0, 0) if stripped else None
        else:
            for end in _ends(stripped, half):
                common = Postfix.similarity(stripped[:end], typed)
                best = max(best or (0, 0), (common, end))
        if best and best[1] < len(stripped):
            before = Indel.normalized_similarity(above, _last_line(earlier, number))
            yield _Match(best[0], before, number, indentation + best[1])


def _ends(line: str, half: str) -> Iterator[int]:
    """Where `half` ends in `line`, for each place where it does not begin inside a word."""
    if not half:
        return
    start = line.find(half)
    while start >= 0:
        if start == 0 or not (_is_word(half[0]) and _is_word(line[start - 1])):
            yield start + len(half)
        start = line.find(half, start + 1)


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _last_line(lines: list[str], end: int) -> str:
    """The last line before `end` that is not blank, stripped."""
    return next((line.strip() for line in reversed(lines[:end]) if line.strip()), "")
