"""From an event to a row of the database. Pure, but for the detectors of secrets.

When something happened is this server's time of arrival less the event's age: the client's calendar is not asked.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from core.events import Accepted, Event, Kept, Offered, PartlyAccepted, Superseded

_LATEST_S = 253_402_300_799.0
"""The last second of the year 9999, behind which there is no date."""


def row_of(event: Event, user: str, arrived_s: float, *, keep_text: bool) -> dict[str, Any]:
    """Column names and values; every row has all of them, so that many go in one statement.

    `arrived_s` is in seconds since 1970; a time before that year counts as its first day.
    """
    happened_s = min(max(arrived_s - event.age_s, 0.0), _LATEST_S)
    row: dict[str, Any] = dict.fromkeys(_DETAILS)
    row |= {
        "user_name": user,
        "id": event.id,
        "offer_id": event.offer_id,
        "kind": event.kind,
        "language": event.language,
        "model": event.model,
        "happened_at": int(happened_s),
        "day": dt.datetime.fromtimestamp(happened_s, dt.UTC).date(),
    }
    match event:
        case Offered():
            row |= event.latency.model_dump()
            row |= {name: getattr(event, name) for name in ("request_id", "characters", "lines", "invoked")}
            row["text"] = _redacted(event.text) if keep_text and event.text is not None else None
        case Accepted() | PartlyAccepted():
            row |= {"characters": event.characters, "way": event.way.value}
        case Superseded():
            row["shown_ms"] = event.shown_ms
        case Kept():
            row |= {"after_s": int(event.after_s), "characters": event.characters, "changed": event.changed}
    return row


_DETAILS = (
    "request_id",
    "characters",
    "lines",
    "invoked",
    "way",
    "shown_ms",
    "after_s",
    "changed",
    "answer_ms",
    "request_ms",
    "queue_ms",
    "first_token_ms",
    "server_ms",
    "text",
)


def _redacted(text: str) -> str:
    from core.credentials import without_secrets

    return without_secrets(text)[0].replace("\0", "\N{REPLACEMENT CHARACTER}")  # which PostgreSQL does not take
