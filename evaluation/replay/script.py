"""In which order a text is written: from the top, with a line left out here and there and inserted afterwards.

A `Script` is the text without its left-out lines, and for each of those where it belongs and when the writer notices.
Everything follows from the text and the seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

MIN_LINE = 8
"""A line with fewer visible characters is not one that is forgotten."""


@dataclass(frozen=True, slots=True)
class Insertion:
    """A line that is written later: `text` (line end first) goes in at `anchor` of the script's text, the end of the
    line before it, once the writing has come to `due`, the end of a later line."""

    anchor: int
    due: int
    text: str


@dataclass(frozen=True, slots=True)
class Script:
    """What is written first, and what is inserted into it, in the order of both anchors and dues."""

    text: str
    insertions: tuple[Insertion, ...] = ()

    @property
    def result(self) -> str:
        """The text when all is written."""
        parts, taken = [], 0
        for insertion in self.insertions:
            parts += [self.text[taken : insertion.anchor], insertion.text]
            taken = insertion.anchor
        return "".join([*parts, self.text[taken:]])


def script(text: str, seed: str, jumps_per_line: float) -> Script:
    """How `text` is written, where each line is left out at first with the probability `jumps_per_line`.

    Neither the first line nor the last is left out, nor two near each other. `Script.result` is `text`.
    """
    lines = text.split("\n")
    kept: list[str] = []
    left_out: list[tuple[int, int, str]] = []  # number of kept lines before it, kept lines when it is noticed, line
    noticed = 0
    for number, line in enumerate(lines):
        rng = random.Random(f"{seed}:line:{number}")  # noqa: S311 - not for secrets
        due = len(kept) + rng.randint(1, 3)
        inner = 0 < number < len(lines) - 1 and len(kept) > noticed
        if inner and len(line.strip()) >= MIN_LINE and rng.random() < jumps_per_line:
            left_out.append((len(kept), due, line))
            noticed = due
        else:
            kept.append(line)
    ends, length = [], -1
    for line in kept:
        length += 1 + len(line)
        ends.append(length)
    insertions = (
        Insertion(ends[above - 1], ends[min(due, len(kept)) - 1], "\n" + line) for above, due, line in left_out
    )
    return Script("\n".join(kept), tuple(insertions))
