"""Whether the completion server can be asked just now, and what the user was told of it.

Pure but for the clock. Guarantees: the same trouble is announced once, not once for each key stroke; after
trouble the server is left alone for a time that doubles from half a second to ten seconds, and at least as long
as it asked for (`Retry-After`); one success forgets all of that. What only an answer can find, such as a key that is
refused or a proxy's page in the place of an answer, only an answer ends: the server's health says nothing of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

FIRST_WAIT_S, LONGEST_WAIT_S, LONGEST_RETRY_AFTER_S = 0.5, 10.0, 120.0


class State(StrEnum):
    """What is known of the server. Values are those of the notification `vernacular/status`."""

    UNKNOWN = "unknown"  # not asked yet
    READY = "ready"
    STARTING = "starting"  # it answers, but has no model yet
    SLOW = "slow"  # it took longer than the user wants to wait
    UNREACHABLE = "unreachable"
    FAILED = "failed"  # it says that it failed, or answers with errors
    REFUSED = "refused"  # it wants a key or a token, another than it was sent
    INCOMPATIBLE = "incompatible"  # it speaks another version of the protocol


@dataclass(frozen=True, slots=True)
class Status:
    """A state, one line for people that says why, and the model that answers, where one does."""

    state: State
    detail: str
    model: str | None = None


class Availability:
    """Keeps the state, and calls `announce` when it becomes another one, or another model answers."""

    def __init__(self, announce: Callable[[Status], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.status = Status(State.UNKNOWN, "not asked yet")
        self._announce = announce
        self._clock = clock
        self._failures = 0
        self._ask_again_s = 0.0
        self._by_answer = False

    @property
    def wait_s(self) -> float:
        """Seconds for which the server is to be left alone; 0 when it may be asked."""
        return max(self._ask_again_s - self._clock(), 0.0)

    def succeeded(self, detail: str, model: str | None = None) -> None:
        """The server answered as it should; by which model, where that is known."""
        self.rested()
        self._become(Status(State.READY, detail, model))

    def healthy(self, detail: str, model: str | None = None) -> None:
        """Its health says that it is ready: as an answer, but for trouble that only an answer finds."""
        if not self._by_answer:
            self.succeeded(detail, model)

    def rested(self) -> None:
        """Something changed that may help, such as a new key: the server may be asked at once."""
        self._failures = 0
        self._ask_again_s = 0.0
        self._by_answer = False

    def failed(self, state: State, detail: str, retry_after_s: float = 0.0, *, by_answer: bool = False) -> None:
        """The server could not be asked, or not be used fully; `retry_after_s` is what it asked for itself.

        `by_answer`: it was reached, and what came for an answer was the trouble.
        """
        wait_s = min(FIRST_WAIT_S * 2.0**self._failures, LONGEST_WAIT_S)
        wait_s = max(wait_s, min(retry_after_s, LONGEST_RETRY_AFTER_S))
        self._failures = min(self._failures + 1, 16)
        self._ask_again_s = self._clock() + wait_s
        self._by_answer = by_answer
        self._become(Status(state, detail))

    def _become(self, status: Status) -> None:
        changed = (status.state, status.model) != (self.status.state, self.status.model)
        self.status = status
        if changed:
            self._announce(status)
