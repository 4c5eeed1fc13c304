"""Cut a document into prefix, middle and suffix at character level (Bavarian et al., arXiv 2207.14255).

Guarantee: `prefix + middle + suffix` is the document, and the middle is not empty, unless the document is.
Middles are what people complete: the rest of a line, a few whole lines; and random spans.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

MAX_BLOCK_LINES = 8


@dataclass(frozen=True, slots=True)
class Hole:
    """Where a document is cut: `text[:start]`, `text[start:end]`, `text[end:]`, in characters."""

    start: int
    end: int


def line_hole(text: str, rng: random.Random, low: int = 0, high: int | None = None) -> Hole | None:
    """A hole from within a line (or its first column, or after its indentation) to that line's end.

    The line is one that begins in `text[low:high]` and holds more than white space; `None` where there is none.
    """
    for _ in range(8):
        begin, end = _line_at(text, rng.randrange(low, high or len(text)) if (high or len(text)) > low else low)
        line = text[begin:end]
        indent = len(line) - len(line.lstrip())
        if not line.strip():
            continue
        kind = rng.random()
        if kind < 0.15:
            return Hole(begin, end)
        if kind < 0.3:
            return Hole(begin + indent, end)
        return Hole(begin + rng.randrange(indent, len(line)), end)
    return None


def block_hole(text: str, rng: random.Random, low: int = 0, high: int | None = None) -> Hole | None:
    """A hole of two to `MAX_BLOCK_LINES` lines, from a line's text on to the end of the last line."""
    hole = line_hole(text, rng, low, high)
    if hole is None:
        return None
    end = hole.end
    for _ in range(rng.randrange(1, MAX_BLOCK_LINES)):
        following = text.find("\n", end + 1)
        if end >= len(text) or following < 0:
            break
        end = following
    return Hole(hole.start, end)


def span_hole(text: str, rng: random.Random, low: int = 0, high: int | None = None, longest: int = 400) -> Hole | None:
    """A hole between two random characters, at most `longest` characters long."""
    last = len(text) if high is None else high
    if last <= low:
        return None
    start = rng.randrange(low, last)
    return Hole(start, min(len(text), start + 1 + rng.randrange(longest)))


def cut(text: str, hole: Hole) -> tuple[str, str, str]:
    """`(prefix, middle, suffix)`."""
    return text[: hole.start], text[hole.start : hole.end], text[hole.end :]


def _line_at(text: str, at: int) -> tuple[int, int]:
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", begin)
    return begin, len(text) if end < 0 else end
