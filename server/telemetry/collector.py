"""Telemetry as the rest of the server knows it: events in, figures out, users forgotten.

Guarantees: `receive` returns once the events are on the disk, and an event that it acknowledged is never lost, whatever
happens to this process afterwards; the same event twice is one event; nothing here makes a completion wait: the
database is asked in threads of its own, of which there are few, and who comes while they are busy is sent away.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import inspect, text

from core.errors import MissingDependencyError, UnavailableError
from core.events import EventBatch, EventReceipt
from server.registry.sequential import UserFigures
from server.storage.database import Database
from server.storage.schema import TELEMETRY_EVENTS
from server.telemetry.clock import Clock
from server.telemetry.retention import Retention, forget
from server.telemetry.sides import by_user
from server.telemetry.usage import Usage, usage
from server.telemetry.writer import Writer

ANSWER_S = 10.0
"""Whoever sends events waits no longer for them to be on the disk; they may get there later."""
ASK_S = 30.0
QUESTIONS = 2

Answer = TypeVar("Answer")


class TelemetryOptions(BaseModel):
    """What is kept of what clients tell, and for how long."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(default=True, description="whether events are taken; they hold no code")
    text: bool = Field(
        default=False, description="also keep the proposals' texts of users who consent, without secrets"
    )
    retention_days: int = Field(default=90, description="events older than that are deleted", ge=1, le=3650)


class Telemetry:
    """Events in one database. Raises `MissingDependencyError` for texts without the detectors of secrets."""

    def __init__(self, database: Database, options: TelemetryOptions, clock: Clock | None = None) -> None:
        if options.text and find_spec("detect_secrets") is None:
            raise MissingDependencyError("bc-detect-secrets", "redaction")
        self._database = database
        self._options = options
        self._clock = clock or Clock()
        retention = Retention(database, self._clock, options.retention_days)
        self._writer = Writer(database, self._clock, keep_text=options.text, when_idle=retention.step)
        self._askers = ThreadPoolExecutor(QUESTIONS, "telemetry-asks")
        self._questions = threading.BoundedSemaphore(QUESTIONS * 4)

    def start(self) -> None:
        """Begin. The database need not be there yet: until it is, events are refused and nothing else happens."""
        self._writer.start()

    def close(self) -> None:
        """Write what was taken in, within seconds. The database stays open: it is not ours."""
        self._writer.close()
        self._askers.shutdown(wait=False, cancel_futures=True)

    async def receive(self, batch: EventBatch, user: str) -> EventReceipt:
        """Take events in; they are on the disk when this returns.

        Raises `UnavailableError` where that cannot be now: they may get there later or not, and are to be sent again.
        """
        committed = asyncio.wrap_future(self._writer.submit(batch.events, user))
        try:
            async with asyncio.timeout(ANSWER_S):
                await committed
        except TimeoutError:
            raise UnavailableError(
                "the database is slow; send the events again", retry_after_s=ANSWER_S, code="telemetry_busy"
            ) from None
        return EventReceipt(events=len(batch.events), text=self._options.text)

    async def usage(self, days: int) -> Usage:
        """The figures of so many days, today included. Raises `UnavailableError`."""
        today = dt.datetime.fromtimestamp(self._clock.wall(), dt.UTC).date()
        return await self._ask(lambda: usage_of(self._database, today - dt.timedelta(days=days - 1)))

    async def by_user(self, language: str, model: str, since_s: float) -> list[UserFigures]:
        """What each user did with a model's proposals since a time (seconds since 1970). Raises `UnavailableError`."""

        def found() -> list[UserFigures]:
            with self._database.reading() as connection:
                return by_user(connection, language, model, since_s)

        return await self._ask(found)

    async def forget(self, user: str) -> int:
        """Delete every event of a user; how many there were. Raises `UnavailableError`."""
        return await self._ask(lambda: forget_in(self._database, user))

    async def _ask(self, question: Callable[[], Answer]) -> Answer:
        if not self._questions.acquire(blocking=False):
            raise UnavailableError("others ask for figures already", retry_after_s=ASK_S, code="telemetry_busy")
        future = self._askers.submit(question)
        future.add_done_callback(lambda _: self._questions.release())
        try:
            async with asyncio.timeout(ASK_S):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            raise UnavailableError("the database is slow", retry_after_s=ASK_S, code="telemetry_busy") from None


@contextlib.contextmanager
def telemetry_in(url: str | None, options: TelemetryOptions) -> Iterator[Telemetry | None]:
    """Telemetry in the database at a URL, as long as the block runs; nothing where it is off or there is no database.

    Raises `ConfigError` for a URL that is none, and what `Telemetry` raises.
    """
    if url is None or not options.enabled:
        yield None
        return
    database = Database(url)
    telemetry = Telemetry(database, options)
    telemetry.start()
    try:
        yield telemetry
    finally:
        telemetry.close()
        database.close()


def usage_of(database: Database, since: dt.date) -> Usage:
    """The figures since a day; of a database without a table of events, none. Raises `DatabaseError`."""
    with database.reading() as connection:
        if not database.is_sqlite:
            connection.execute(text(f"SET LOCAL statement_timeout = '{ASK_S:.0f}s'"))
        return usage(connection, since) if inspect(connection).has_table(TELEMETRY_EVENTS.name) else Usage.none(since)


def forget_in(database: Database, user: str) -> int:
    """Delete every event of a user; how many there were. Raises `DatabaseError`."""
    with database.reading() as connection:
        exists = inspect(connection).has_table(TELEMETRY_EVENTS.name)
    return forget(database, user) if exists else 0
