"""Old events are deleted, a few thousand at a time, so that a statement is short and writing goes on between.

A clock that somebody set must not delete what is young: after the wall clock jumped against the steady one, nothing
is deleted for a day.
"""

from __future__ import annotations

import logging

from sqlalchemy import CursorResult, delete, select, tuple_

from server.storage.database import Database
from server.storage.schema import TELEMETRY_EVENTS
from server.telemetry.clock import Clock

log = logging.getLogger("vernacular.telemetry")

DAY_S = 86_400.0
CHECK_S = 3600.0
JUMP_S = 600.0
AT_ONCE = 5_000


class Retention:
    """Deletes what is older than `days` days. Used by one thread."""

    def __init__(self, database: Database, clock: Clock, days: int) -> None:
        self._database = database
        self._clock = clock
        self._days = days
        self._offset_s = clock.wall() - clock.steady()
        self._not_before_s = float("-inf")

    def step(self) -> float:
        """Delete some of what is old; seconds after which to come again. Raises `DatabaseError`."""
        wall_s, steady_s = self._clock.wall(), self._clock.steady()
        offset_s = wall_s - steady_s
        if abs(offset_s - self._offset_s) > JUMP_S:
            log.warning("the clock jumped by %.0f s; no events are deleted for a day", offset_s - self._offset_s)
            self._not_before_s = steady_s + DAY_S
        self._offset_s = offset_s
        if steady_s < self._not_before_s:
            return CHECK_S
        deleted = _delete(self._database, TELEMETRY_EVENTS.c.happened_at < int(wall_s - self._days * DAY_S))
        return CHECK_S if deleted < AT_ONCE else 0.0


def forget(database: Database, user: str) -> int:
    """Delete every event of a user; how many there were. Raises `DatabaseError`, where some may be deleted already."""
    total = 0
    while deleted := _delete(database, TELEMETRY_EVENTS.c.user_name == user):
        total += deleted
    return total


def _delete(database: Database, condition: object) -> int:
    key = (TELEMETRY_EVENTS.c.user_name, TELEMETRY_EVENTS.c.id)
    some = select(*key).where(condition).limit(AT_ONCE)  # type: ignore[arg-type]
    with database.writing() as connection:
        result = connection.execute(delete(TELEMETRY_EVENTS).where(tuple_(*key).in_(some)))
        assert isinstance(result, CursorResult)
        return result.rowcount
