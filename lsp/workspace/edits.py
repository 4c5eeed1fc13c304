"""What was changed in a document since it was opened, as a few runs of lines, the latest last.

Each change is found by what two versions have in common at both ends, which costs no more than looking at the lines
between them and comparing pointers; changes that touch or nearly touch become one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.sequences import common_ends

NEAR_LINES = 2
MOST_LINES = 30
MOST_HUNKS = 8


@dataclass(frozen=True, slots=True)
class Hunk:
    """`before` stood where now `count` lines stand from row `start` on. `when` tells later changes from earlier."""

    start: int
    count: int
    before: tuple[str, ...]
    when: float

    @property
    def end(self) -> int:
        """The row after the last."""
        return self.start + self.count


@dataclass(frozen=True, slots=True)
class Change:
    """A hunk as it is shown: the rows from `start` up to `end`, not included, of the file at `path`."""

    path: str
    start: int
    end: int
    when: float
    text: str


class History:
    """The changes of one document."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        self.lines = lines
        self.hunks: tuple[Hunk, ...] = ()

    def changes(self, path: str) -> list[Change]:
        """The hunks of the document, which is at `path`, as they are shown."""
        return [Change(path, hunk.start, hunk.end, hunk.when, _shown(hunk, self.lines)) for hunk in self.hunks]

    def update(self, lines: tuple[str, ...], when: float) -> None:
        """The document is `lines` now, at the time `when`, which is later than all before."""
        old = self.lines
        self.lines = lines
        start, same_at_end = common_ends(old, lines)
        end, shift = len(old) - same_at_end, len(lines) - len(old)
        if start == end and shift == 0:
            return
        new = Hunk(start, end - start, old[start:end], when)  # in the rows of the old version for now
        kept: list[Hunk] = []
        for hunk in self.hunks:
            if hunk.end + NEAR_LINES < new.start:
                kept.append(hunk)
            elif hunk.start > new.end + NEAR_LINES:
                kept.append(replace(hunk, start=hunk.start + shift))
            else:
                new = _joined(hunk, new, old)
        new = replace(new, count=new.count + shift)
        now = lines[new.start : new.end]
        if now != new.before and max(new.count, len(new.before)) <= MOST_LINES:
            kept.append(new)
        self.hunks = tuple(sorted(kept, key=lambda hunk: hunk.when)[-MOST_HUNKS:])


def _shown(hunk: Hunk, lines: Sequence[str]) -> str:
    """A hunk in the manner of `diff`: what went with `-`, what came with `+`."""
    now = [line.rstrip() for line in lines[hunk.start : hunk.end]]
    before = [line.rstrip() for line in hunk.before]
    start, end = common_ends(before, now)
    went = [f"-{line}" for line in before[start : len(before) - end]]
    text = "\n".join(went + [f"+{line}" for line in now[start : len(now) - end]])
    return text.encode(errors="replace").decode()


def _joined(hunk: Hunk, new: Hunk, old: tuple[str, ...]) -> Hunk:
    """Both as one: the original lines of everything between the first row and the last."""
    start, end = min(hunk.start, new.start), max(hunk.end, new.end)
    before = (*old[start : hunk.start], *hunk.before, *old[hunk.end : end])
    return Hunk(start, end - start, before, new.when)
