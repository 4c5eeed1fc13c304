"""How long to wait after a key stroke before the server is asked: the person's rhythm and the server's speed decide.

Where the server answers before the next key usually comes, asking at once costs next to nothing (0.03 requests a key
more than with a pause of 30 ms, `benchmarks/README.md`) and shows text while one types. Where it is slower, what it is
asked between two quick keys is old when it answers: then a pause that is longer than this person's usual gap is waited
for, up to a limit.
"""

from __future__ import annotations

import time
from collections.abc import Callable

LONGEST_WAIT_S = 0.2
THINKING_S = 1.0
"""A longer gap is no rhythm: somebody thinks."""
_MEMORY = 0.2


class Pace:
    """Two running means, of the gaps between key strokes and of the server's answering times, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last_s: float | None = None
        self._gap_s = 0.25
        self._answer_s = 0.1

    def key(self) -> None:
        """A key was struck."""
        now_s = self._clock()
        if self._last_s is not None and now_s - self._last_s < THINKING_S:
            self._gap_s += _MEMORY * (now_s - self._last_s - self._gap_s)
        self._last_s = now_s

    def answered(self, seconds: float) -> None:
        """The server took so long for an answer."""
        self._answer_s += _MEMORY * (seconds - self._answer_s)

    @property
    def wait_s(self) -> float:
        """How long to wait now."""
        if self._answer_s <= self._gap_s:
            return 0.0
        return min(1.2 * self._gap_s, LONGEST_WAIT_S)
