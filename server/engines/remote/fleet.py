"""The replicas: who is ready, who gets a job, who is left out and tried again.

Guarantees: a session's jobs go to one replica as long as that one is ready and not full, and to the next of the
session's own order otherwise; a replica that fails gets no more jobs at once, is tried again after 0.5 s, 1 s, 2 s
and so on up to `max_backoff_s`, and gets work again only when it has passed admission; one that is being drained
keeps the answers under way and gets no new job. The waits begin anew once a replica was ready for half a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from core.errors import UnavailableError, UnknownNameError
from server.engines.base import backoff_s
from server.engines.remote.connection import Connection, ReplicaError
from server.engines.remote.options import RemoteOptions
from server.engines.remote.routing import ranked

log = logging.getLogger("vernacular.engine")

_STEADY_S = 30.0
_SPREAD = 0.2
"""Waits differ by so much, so that several servers do not ask a replica all at once."""

Status = Literal["new", "ready", "out"]


@dataclass(slots=True)
class Replica:
    """One server. `model` is its name of the model, `context_tokens` its context, both known after admission."""

    connection: Connection
    status: Status = "new"
    draining: bool = False
    under_way: int = 0
    failures: int = 0
    detail: str = "not asked yet"
    model: str = ""
    context_tokens: int | None = None
    ready_since: float = 0.0
    next_try: float = 0.0
    left: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """Its address, which is its name."""
        return self.connection.url

    @property
    def takes_jobs(self) -> bool:
        """Whether it is ready and stays so."""
        return self.status == "ready" and not self.draining


class Fleet:
    """See the module. `admit` raises `ReplicaError` where a replica may get no work; `check` is the quick look."""

    def __init__(
        self,
        replicas: Iterable[Replica],
        options: RemoteOptions,
        admit: Callable[[Replica], Awaitable[None]],
        check: Callable[[Replica], Awaitable[None]],
        changed: Callable[[], None],
    ) -> None:
        self.replicas = {replica.url: replica for replica in replicas}
        self._options = options
        self._admit = admit
        self._check = check
        self._changed = changed
        self._watching: list[asyncio.Task[None]] = []

    @property
    def ready(self) -> list[Replica]:
        """Those that take jobs."""
        return [replica for replica in self.replicas.values() if replica.takes_jobs]

    @property
    def retry_after_s(self) -> float:
        """Seconds until one that is left out is tried again."""
        return max(1.0, min(replica.next_try for replica in self.replicas.values()) - time.monotonic())

    def start(self) -> None:
        """Begin to ask the replicas."""
        self._watching = [asyncio.ensure_future(self._watch(replica)) for replica in self.replicas.values()]

    async def close(self) -> None:
        """Ask them no more."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)

    def drain(self, url: str, draining: bool = True) -> None:
        """Give the replica no new job, or (`draining=False`) again. Raises `UnknownNameError`."""
        if url not in self.replicas:
            raise UnknownNameError("replica", url, self.replicas)
        self.replicas[url].draining = draining
        self._changed()

    @contextlib.contextmanager
    def seat(self, session: str) -> Iterator[Seat]:
        """A place for one job as long as the block runs. Raises `UnavailableError`."""
        seat = Seat(self, ranked(session, self.replicas))
        try:
            yield seat
        finally:
            seat.leave()

    def failed(self, replica: Replica, error: ReplicaError) -> None:
        """A request showed that the replica does not work: leave it out."""
        if replica.status == "ready" and not error.healthy:
            self._leave_out(replica, str(error))

    def vacant(self, replica: Replica) -> bool:
        """Whether it can take one more job now."""
        return replica.takes_jobs and replica.under_way < self._options.max_streams

    async def _watch(self, replica: Replica) -> None:
        while True:
            try:
                replica.connection.read_key()
                await self._admit(replica)
            except ReplicaError as error:
                self._leave_out(replica, str(error))
            except Exception as error:  # the key's file, or a bug: tried again all the same
                self._leave_out(replica, str(error) or type(error).__name__)
            else:
                replica.left.clear()
                replica.status, replica.detail, replica.ready_since = "ready", "ready", time.monotonic()
                log.info("replica %s is ready", replica.url)
                self._changed()
                await self._while_ready(replica)
            await asyncio.sleep(max(0.0, replica.next_try - time.monotonic()))

    async def _while_ready(self, replica: Replica) -> None:
        late = 0
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._options.check_s):  # `wait_for` loses a cancellation on Python 3.11
                    await replica.left.wait()
            if replica.status != "ready":
                return
            try:
                await self._check(replica)
                late = 0
            except ReplicaError as error:
                late += 1
                if not error.late or late > 1:
                    self.failed(replica, error)

    def _leave_out(self, replica: Replica, reason: str) -> None:
        now = time.monotonic()
        steady = replica.status == "ready" and now - replica.ready_since > _STEADY_S
        replica.failures = 1 if steady else replica.failures + 1
        options = self._options
        wait_s = backoff_s(replica.failures, options.first_backoff_s, options.max_backoff_s)
        wait_s *= 1 + random.uniform(-_SPREAD, _SPREAD)  # noqa: S311
        replica.next_try = now + wait_s
        if replica.status == "ready" or reason != replica.detail:
            log.warning("replica %s is left out: %s; trying again in %.1f s", replica.url, reason, wait_s)
        replica.status, replica.detail = "out", reason
        replica.left.set()
        self._changed()


class Seat:
    """One job's place on a replica, and on the next where that one fails before it said anything."""

    def __init__(self, fleet: Fleet, order: list[str]) -> None:
        self._fleet = fleet
        self._order = order
        self._taken: Replica | None = None
        self._failed: dict[str, ReplicaError] = {}
        self.take()

    @property
    def replica(self) -> Replica:
        """Where the job is."""
        assert self._taken is not None, "the seat was left"
        return self._taken

    def move(self, error: ReplicaError) -> None:
        """Go to the next replica. Raises `UnavailableError` where none is left."""
        self._failed[self.replica.url] = error
        self.leave()
        self.take()

    def beside(self) -> Seat | None:
        """A place on the next replica for the same job; none where no other is free."""
        order = [url for url in self._order if url != self.replica.url and url not in self._failed]
        try:
            return Seat(self._fleet, order)
        except UnavailableError:
            return None

    def become(self, other: Seat) -> None:
        """Give this place up for the other one's."""
        self.leave()
        self._taken, other._taken = other._taken, None

    def take(self) -> None:
        """Take the first place that is free in the session's order. Raises `UnavailableError`."""
        fleet = self._fleet
        rest = [fleet.replicas[url] for url in self._order if url not in self._failed]
        self._taken = next((replica for replica in rest if fleet.vacant(replica)), None)
        if self._taken is not None:
            self._taken.under_way += 1
        elif any(replica.takes_jobs for replica in rest):
            raise UnavailableError("every replica is at its limit of requests under way", code="busy")
        elif self._failed:
            raise UnavailableError(f"no replica could answer; the last one {list(self._failed.values())[-1]}")
        else:
            raise UnavailableError("no replica is ready", retry_after_s=fleet.retry_after_s)

    def leave(self) -> None:
        """Give the place up."""
        if self._taken is not None:
            self._taken.under_way -= 1
            self._taken = None
