"""What is known of one request when it has ended: for the figures, the log and the traces.

Guarantees: every request that arrived ends once, whatever became of it; nobody's code is in an entry.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from server.api.metrics import Measured, Metrics

log = logging.getLogger("vernacular.requests")


@dataclass(frozen=True, slots=True)
class About:
    """What the log says of a request."""

    session_id: str
    request_id: str
    language: str


@dataclass(slots=True)
class Entry:
    """One request. `outcome` is `ok`, `closed` (the client went away), or a problem's code; `status` is HTTP's.

    `began_ns` is the wall clock's, `arrived` and `total_ms` are a clock's that nobody sets.
    """

    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    about: About | None = None
    result: Measured | None = None
    outcome: str = "internal"
    status: int = 500
    began_ns: int = field(default_factory=time.time_ns)
    arrived: float = field(default_factory=time.monotonic)
    total_ms: float = 0.0

    def end(self, outcome: str, status: int = 200, result: Measured | None = None) -> None:
        """Say how it ended; the last word counts."""
        self.outcome, self.status, self.result = outcome, status, result


class Traces(Protocol):
    """Where traces go: `server.tracing.Tracing`, if anywhere."""

    def ended(self, entry: Entry) -> None:
        """A request ended. Never waits, never raises."""


@contextlib.contextmanager
def entered(path: str, headers: Mapping[str, str], metrics: Metrics, traces: Traces | None = None) -> Iterator[Entry]:
    """Count a request from here to the end of the block, write its line of the log and its trace."""
    entry = Entry(path, headers)
    metrics.began()
    try:
        yield entry
    finally:
        entry.total_ms = (time.monotonic() - entry.arrived) * 1e3
        metrics.ended(entry.outcome, entry.about.language if entry.about else "", entry.result)
        log.info("%s", entry.outcome, extra=_fields(entry))
        if traces is not None:
            traces.ended(entry)


def _fields(entry: Entry) -> dict[str, str | int | float]:
    fields: dict[str, str | int | float] = {"outcome": entry.outcome}
    if about := entry.about:
        fields |= {"session": about.session_id, "request": about.request_id, "language": about.language}
    if result := entry.result:
        tokens, timings = result.tokens, result.timings
        fields |= {
            "model": result.model,
            "prompt": tokens.prompt,
            "cached": tokens.cached,
            "generated": tokens.generated,
            "healed_bytes": tokens.healed_bytes,
            "queue_ms": round(timings.queue_ms, 1),
            "first_ms": round(timings.first_token_ms, 1),
        }
    return fields | {"path": entry.path, "status": entry.status, "total_ms": round(entry.total_ms, 1)}
