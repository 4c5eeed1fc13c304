"""Events, and databases, for the tests of telemetry."""

from __future__ import annotations

import itertools
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select

from core.events import Event, EventBatch
from server.storage.database import Database
from server.storage.schema import TELEMETRY_EVENTS

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
_NUMBERS = itertools.count(1)


def event(kind: str = "offered", **changes: Any) -> Event:
    """An event, with some fields changed; its id is new."""
    number = next(_NUMBERS)
    common: dict[str, Any] = {"id": f"e{number}", "offer_id": f"o{number}", "age_s": 0.0}
    common |= {"language": "levy", "model": "tiny"}
    kinds: dict[str, dict[str, Any]] = {
        "offered": {"characters": 12, "lines": 1, "latency": {"answer_ms": 40.0}},
        "accepted": {"characters": 12, "way": "command"},
        "partly_accepted": {"characters": 5, "way": "edit"},
        "superseded": {"shown_ms": 700.0},
        "kept": {"after_s": 30, "characters": 12, "changed": 0.25},
    }
    return EVENT.validate_python({"kind": kind, **common, **kinds[kind], **changes})


def batch(*events: Event) -> EventBatch:
    """A batch of them, or of one."""
    return EventBatch(events=events or (event(),))


def stored(database: Database, column: str = "id") -> list[Any]:
    """One column of all events on the disk, in order."""
    with database.reading() as connection:
        found = connection.execute(select(TELEMETRY_EVENTS.c[column]).order_by(TELEMETRY_EVENTS.c.id))
        return list(found.scalars())


class Times:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.wall_s = 1_800_000_000.0
        self.steady_s = 1000.0

    def pass_(self, seconds: float) -> None:
        """Both go on."""
        self.wall_s += seconds
        self.steady_s += seconds
