"""How fast somebody types, where they pause, how often they err and correct it.

Intervals between keys are log-normal, which fits free typing nearly as well as any distribution (Gonzalez, Calot,
Ierache and Hasperue 2021, Heliyon 7:e08413). The median of 170 ms is that of a practised typist: about 60 words a
minute in a run of keys, somewhat above the mean of 52 of 168,000 volunteers (Dhakal, Feit, Kristensson and Oulasvirta
2018, CHI, doi:10.1145/3173574.3174220). Pauses, typos and jumps are assumptions of this project, chosen so that a file
shows each of them many times; all conditions of a comparison see the same.
"""

from __future__ import annotations

import random

from pydantic import BaseModel, ConfigDict, Field

_NEIGHBOURS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


class Rhythm(BaseModel):
    """The parameters of a typist. Times are in milliseconds, medians of log-normal distributions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key_ms: float = Field(default=170, gt=0, description="between two keys of a run")
    spread: float = Field(default=0.45, ge=0, description="standard deviation of the interval's logarithm")
    erase_ms: float = Field(default=110, gt=0, description="between two strokes of the backspace key")
    line_ms: float = Field(default=500, ge=0, description="before the first key of a line, in addition")
    think_ms: float = Field(default=2500, ge=0, description="before some lines, in addition")
    jump_ms: float = Field(default=1200, ge=0, description="to go to another line")
    notice_ms: float = Field(default=350, ge=0, description="to see a typo")
    pause_spread: float = Field(default=0.6, ge=0, description="of the logarithm of every pause")
    thinking: float = Field(default=0.12, ge=0, le=1, description="share of lines that are thought about")
    typos: float = Field(default=0.015, ge=0, le=1, description="share of letters first typed wrong")
    jumps: float = Field(default=0.04, ge=0, le=1, description="share of lines left out and inserted later")


def interval_s(rng: random.Random, median_ms: float, spread: float) -> float:
    """One log-normal interval, in seconds."""
    return rng.lognormvariate(0.0, spread) * median_ms / 1e3


def slip(letter: str, rng: random.Random) -> str:
    """The letter beside this one on the keyboard, in the same case; the letter twice where it has no neighbour."""
    for row in _NEIGHBOURS:
        place = row.find(letter.lower())
        if place >= 0:
            beside = row[place + 1 : place + 2] if place == 0 or rng.random() < 0.5 else row[place - 1]
            wrong = beside or row[place - 1]
            return wrong.upper() if letter.isupper() else wrong
    return letter + letter
