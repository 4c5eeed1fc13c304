"""The thread that brings events to the disk, many batches in one transaction.

Guarantees: a batch's future is done only once its transaction is committed, or will never be; events that wait are
bounded in number, and one more batch is refused at once; while the database is away, batches are refused at once,
with the seconds after which to try again, and the waits between this thread's own tries double. Nobody else ever
waits for the database: completions do not notice it.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from sqlalchemy import Dialect, Insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, IntegrityError

from core.errors import ConfigError, DatabaseError, RequestError, UnavailableError
from core.events import Event
from server.storage.database import Database
from server.storage.migrating import migrate
from server.storage.schema import TELEMETRY_EVENTS
from server.telemetry.clock import Clock
from server.telemetry.rows import row_of

log = logging.getLogger("vernacular.telemetry")

MOST_WAITING = 20_000
"""Events in memory, at most: some 20 MB."""
MOST_AT_ONCE = 5_000
"""Events of one transaction, at most, but for a batch that is larger."""
FIRST_REST_S, LONGEST_REST_S, BUSY_S = 1.0, 30.0, 2.0


@dataclass(frozen=True, slots=True)
class _Batch:
    events: Sequence[Event]
    user: str
    arrived_s: float
    done: Future[None] = field(default_factory=Future)


class Writer:
    """Not started before `start`. `when_idle` is called in the thread between batches; it gives the seconds after
    which it wants to be called again, and raises `DatabaseError` where it could not work."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        keep_text: bool = False,
        when_idle: Callable[[], float] = lambda: 3600.0,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._database = database
        self._clock = clock
        self._keep_text = keep_text
        self._when_idle = when_idle
        self._most_waiting = most_waiting
        self._insert = _insert(database.engine.dialect)
        self._changed = threading.Condition()
        self._batches: deque[_Batch] = deque()
        self._waiting = 0
        self._closing = False
        self._ready = False
        self._failures = 0
        self._rest_until_s = float("-inf")
        self._idle_at_s = float("-inf")
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)

    def start(self) -> None:
        """Begin to write; the database need not be there yet."""
        self._thread.start()

    def close(self, limit_s: float = 5.0) -> None:
        """Write what waits, for at most so long, and refuse what comes."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(limit_s)

    def submit(self, events: Sequence[Event], user: str) -> Future[None]:
        """Give a batch to the thread. Its future raises what could not be done, and can be cancelled until its turn.

        Raises `UnavailableError` where too much waits already or the database is away.
        """
        batch = _Batch(events, user, self._clock.wall())
        with self._changed:
            if self._closing:
                raise _unavailable("the server is stopping", FIRST_REST_S)
            if (rest_s := self._rest_until_s - self._clock.steady()) > 0:
                raise _unavailable("the database is away", rest_s)
            if self._waiting and self._waiting + len(events) > self._most_waiting:
                raise _unavailable("too many events wait to be written", BUSY_S)
            self._batches.append(batch)
            self._waiting += len(events)
            self._changed.notify()
        return batch.done

    def _run(self) -> None:
        while (batches := self._next()) is not None:
            try:
                if not self._ready:
                    migrate(self._database)
                    self._ready = True
                if batches:
                    self._write(batches)
                elif self._clock.steady() >= self._idle_at_s:
                    self._idle_at_s = self._clock.steady() + self._when_idle()
                self._failures = 0
            except (DatabaseError, ConfigError) as error:
                self._rest(error, batches)
            except Exception as error:  # a fault of this program must not end the thread
                place = "".join(traceback.format_tb(error.__traceback__))  # its text may hold what users wrote
                log.error("telemetry failed with %s\n%s", type(error).__name__, place)  # noqa: TRY400
                self._rest(error, batches)

    def _next(self) -> list[_Batch] | None:
        """The batches of the next transaction, none where it is time for other work; `None` at the end."""
        with self._changed:
            while not self._batches:
                if self._closing:
                    return None
                now = self._clock.steady()
                wake_s = max(self._idle_at_s if self._ready else now, self._rest_until_s)
                if wake_s <= now:
                    return []
                self._changed.wait(wake_s - now)
            batches: list[_Batch] = []
            size = 0
            while self._batches and (not batches or size + len(self._batches[0].events) <= MOST_AT_ONCE):
                batch = self._batches.popleft()
                size += len(batch.events)
                self._waiting -= len(batch.events)
                if batch.done.set_running_or_notify_cancel():
                    batches.append(batch)
            return batches

    def _write(self, batches: list[_Batch]) -> None:
        try:
            self._commit(batches)
        except DatabaseError as error:
            if not isinstance(error.__cause__, DataError | IntegrityError):
                raise
            if len(batches) > 1:  # the one that the database does not take must not take the others with it
                for batch in batches:
                    self._write([batch])
                return
            log.warning("the database refused a batch of events for good: %s", type(error.__cause__).__name__)
            batches[0].done.set_exception(RequestError("the database does not take these events", code="refused"))
            return
        for batch in batches:
            batch.done.set_result(None)

    def _commit(self, batches: list[_Batch]) -> None:
        rows = [
            row_of(event, batch.user, batch.arrived_s, keep_text=self._keep_text)
            for batch in batches
            for event in batch.events
        ]
        if rows:
            with self._database.writing() as connection:
                connection.execute(self._insert, rows)

    def _rest(self, error: Exception, batches: list[_Batch]) -> None:
        """Leave the database alone for a time, and refuse what waits: its clients keep it, and send it again."""
        rest_s = min(FIRST_REST_S * 2.0**self._failures, LONGEST_REST_S)
        if not self._failures:
            log.warning("events are refused until the database takes them: %s", error)
        self._failures = min(self._failures + 1, 16)
        with self._changed:
            self._rest_until_s = self._clock.steady() + rest_s
            waiting = list(self._batches)
            self._batches.clear()
            self._waiting = 0
        batches += [batch for batch in waiting if batch.done.set_running_or_notify_cancel()]
        for batch in batches:
            if not batch.done.done():
                batch.done.set_exception(_unavailable("the database is away", rest_s))


def _unavailable(reason: str, retry_after_s: float) -> UnavailableError:
    return UnavailableError(
        f"events cannot be taken now: {reason}; send them again", retry_after_s=retry_after_s, code="telemetry_busy"
    )


def _insert(dialect: Dialect) -> Insert:
    """What is there already, by its user's and its own id, stays as it is."""
    if dialect.name == "sqlite":
        return sqlite.insert(TELEMETRY_EVENTS).on_conflict_do_nothing()
    return postgresql.insert(TELEMETRY_EVENTS).on_conflict_do_nothing()
