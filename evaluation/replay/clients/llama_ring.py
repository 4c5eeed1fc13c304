"""llama.vim's ring of chunks: parts of the file around places that were left behind, given along as context."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from evaluation.replay.buffer import Buffer

_QUEUE = 16
_FAR_LINES = 32
_TWIN, _NEAR = 0.9, 0.5
_SCOPE, _ABOVE, _BELOW = 1024, 256, 64


@dataclass
class Ring:
    """`chunks` go along with requests; a queued one joins them by `promote`."""

    rng: random.Random
    size: int
    chunk_lines: int
    chunks: list[str] = field(default_factory=list)
    queued: list[str] = field(default_factory=list)
    _picked_at: int = -9999

    def gather(self, buffer: Buffer) -> None:
        """Queue a chunk from further up and one from further down, if the cursor has moved far."""
        line = buffer.before.count("\n")
        if not self.size or abs(line - self._picked_at) <= _FAR_LINES:
            return
        self._picked_at = line
        lines = buffer.text.split("\n")
        self._queue(lines[max(0, line - _SCOPE) : max(0, line - _ABOVE)])
        self._queue(lines[line + _BELOW : line + _BELOW + self.chunk_lines])

    def promote(self) -> bool:
        """Take one queued chunk into the ring; whether there was one."""
        if not self.queued:
            return False
        self.chunks = [*self.chunks, self.queued.pop(0)][-self.size :]
        return True

    def drop_similar(self, buffer: Buffer) -> None:
        """Drop chunks that are mostly what stands around the cursor."""
        lines = buffer.text.split("\n")
        line = buffer.before.count("\n")
        half = self.chunk_lines // 2
        here = "\n".join(lines[max(0, line - half) : line + half])
        self.chunks = [chunk for chunk in self.chunks if similarity(chunk, here) <= _NEAR]

    def _queue(self, lines: list[str]) -> None:
        if len(lines) < 3:
            return
        half = self.chunk_lines // 2
        if len(lines) + 1 >= self.chunk_lines:
            start = self.rng.randint(0, max(0, len(lines) - half))
            lines = lines[start : start + half]
        chunk = "\n".join(lines) + "\n"
        self.queued = [other for other in self.queued if similarity(other, chunk) <= _TWIN]
        self.chunks = [other for other in self.chunks if similarity(other, chunk) <= _TWIN]
        self.queued = [*self.queued, chunk][-_QUEUE:]


def similarity(one: str, other: str) -> float:
    """How many lines two chunks share: 0 none, 1 all."""
    first, second = one.splitlines(), other.splitlines()
    shared = sum(line in second for line in first)
    return 2 * shared / max(1, len(first) + len(second))
