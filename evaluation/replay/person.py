"""What a sensible person takes of a proposal.

A proposal has to stand there for a reaction time before it counts as read; then the person looks how far it agrees
with what they were going to write. All of it agrees: it is taken whole. Some whole lines agree: those are taken. Some
words: those. Less than `min_characters` are not worth a stroke, and a proposal that agrees with less is wrong: it cost
a look.

250 ms is a usual time to react to something that appears (simple visual reaction, Woods et al. 2015, Frontiers in
Human Neuroscience 9:131, about 230 ms); reading more than the first word takes longer, so the reaction is a lower
bound, the same for all.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from core.sequences import common_length

_WORD = re.compile(r"\s*(?:\w+|[^\w\s])")


class Verdict(StrEnum):
    """What came of a proposal that was shown."""

    WHOLE = "whole"  # all of it taken
    PART = "part"  # some lines or words taken
    UNUSED = "unused"  # agrees far enough, but not with whole words that are worth it
    SHORT = "short"  # all of it agrees, but it is too short to be worth it
    WRONG = "wrong"  # read, and agrees with too little
    FLASHED = "flashed"  # gone before it could be read


class Habits(BaseModel):
    """How somebody deals with proposals."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_characters: int = Field(default=4, ge=1, description="fewer are not worth a stroke")
    reaction_ms: float = Field(default=250, ge=0, description="on display before it is read, on average")
    reaction_spread_ms: float = Field(default=50, ge=0, description="the reaction is at most this much off")
    accepts: bool = Field(default=True, description="false: reads and judges, but types everything")


@dataclass(frozen=True, slots=True)
class Choice:
    """What is made of a proposal: so many characters are taken, with so many strokes."""

    verdict: Verdict
    characters: int = 0
    strokes: int = 0


def choice(proposal: str, expected: str, min_characters: int) -> Choice:
    """What to take of `proposal` where `expected` is what the person is going to write."""
    agreeing = common_length(proposal, expected)
    if agreeing == len(proposal):
        worth = agreeing >= min_characters
        return Choice(Verdict.WHOLE, agreeing, 1) if worth else Choice(Verdict.SHORT)
    if agreeing < min_characters:
        return Choice(Verdict.WRONG)
    lines = proposal.rfind("\n", 0, agreeing)
    if lines >= min_characters:
        return Choice(Verdict.PART, lines, proposal.count("\n", 0, lines) + 1)
    words = 0
    strokes = 0
    for word in _WORD.finditer(proposal, 0):
        if word.end() > agreeing or _is_cut(proposal, expected, word.end(), agreeing):
            break
        words, strokes = word.end(), strokes + 1
    return Choice(Verdict.PART, words, strokes) if words >= min_characters else Choice(Verdict.UNUSED)


def is_right(proposal: str, expected: str, min_characters: int) -> bool:
    """Whether a proposal agrees with what comes next for at least so many characters."""
    return common_length(proposal, expected) >= min_characters


def reaction_s(habits: Habits, seed: str) -> float:
    """How long this proposal has to stand there, in seconds; the same for the same seed."""
    off = random.Random(f"{seed}:reaction").uniform(-1, 1) * habits.reaction_spread_ms  # noqa: S311 - not for secrets
    return max(0.0, habits.reaction_ms + off) / 1e3


def _is_cut(proposal: str, expected: str, end: int, agreeing: int) -> bool:
    """Whether a word that agrees goes on in one of the two, so that taking it gives another word."""
    if end < agreeing or not proposal[end - 1 : end].isidentifier():
        return False
    following = expected[end : end + 1] or " "
    return following == "_" or following.isalnum()
