"""Who may go to the engine now, who waits, and who is told at once to come back later.

Guarantees: never more than `slots` are inside, and fewer where an engine takes too long over so many (`Concurrency`);
never more than `max_waiting` wait; whoever waits as a typist goes before whoever waits as a batch; among the users of
a lane turns go round, however many requests one of them has; who would wait longer than a typist does is refused at
once, with the seconds after which it is worth coming back. For one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from core.errors import UnavailableError

DEFAULT_SLOTS = 32

_WEIGHT = 0.1
"""Of the newest time in the mean of the times that a slot is held."""
_LEAST_RETRY_S, _LONGEST_RETRY_S = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How many go in at once, how many wait, and for how long at most, in seconds."""

    slots: int = DEFAULT_SLOTS
    max_waiting: int = 256
    interactive_wait_s: float = 0.4
    batch_wait_s: float = 60.0


class Concurrency:
    """How many may be inside: as many as the engine gets done in good time, found out by trying.

    More by additions while typists' requests take less than the target, fewer by a share as soon as they take longer
    (as TCP finds out what a network carries: Chiu and Jain 1989, doi:10.1016/0169-7552(89)90019-6). The target is half
    a second, or twice what a request takes that has the engine nearly for itself, whichever is longer: a large model
    is slow for one user too, and fewer of them would not make it faster.
    """

    TARGET_S = 0.5
    ALONE, SLOWER = 2, 2.0
    FLOOR, CUT = 4, 0.8

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._mean_s = self._alone_s = 0.0
        self._cut_at = -math.inf

    @property
    def limit(self) -> int:
        """How many may be inside now."""
        return int(self._limit)

    def held(self, seconds: float, beside: int, *, full: bool, now: float) -> None:
        """A typist's request was inside for so long, `beside` others when it came; `full`: nobody else fits in."""
        self._mean_s = _moved(self._mean_s, seconds)
        if beside < self.ALONE:
            self._alone_s = _moved(self._alone_s, seconds)
        if self._mean_s > max(self.TARGET_S, self.SLOWER * self._alone_s):
            if now - self._cut_at > self._mean_s:  # those inside came under the old limit
                self._limit = max(self._limit * self.CUT, min(self.FLOOR, self._most))
                self._cut_at = now
        elif full:
            self._limit = min(self._limit + 1 / self._limit, self._most)


@dataclass(frozen=True, slots=True)
class QueueState:
    """What the queue does now, and what it has done.

    `limit` is how many of the slots are given out now; `mean_s` is the time that one is held.
    """

    slots: int
    limit: int
    running: int
    waiting_interactive: int
    waiting_batch: int
    mean_s: float
    refused: int


class Admission:
    """The door of one engine."""

    def __init__(self, limits: QueueLimits | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits or QueueLimits()
        self._clock = clock
        self._concurrency = Concurrency(self.limits.slots)
        self._running = self._typing = 0
        self._refused = 0
        self._mean_s = 0.0
        self._typists, self._batch = _Lane(), _Lane()
        self._idle = asyncio.Event()
        self._idle.set()

    async def idle(self) -> None:
        """Wait until nobody is inside, and so nobody waits."""
        await self._idle.wait()

    @property
    def state(self) -> QueueState:
        """What it does now."""
        return QueueState(
            slots=self.limits.slots,
            limit=self._concurrency.limit,
            running=self._running,
            waiting_interactive=len(self._typists),
            waiting_batch=len(self._batch),
            mean_s=self._mean_s,
            refused=self._refused,
        )

    @contextlib.asynccontextmanager
    async def slot(self, user: str, *, batch: bool = False) -> AsyncIterator[None]:
        """Hold a slot for the length of the block. Raises `UnavailableError` (code `busy`) with when to come back."""
        if self._running < self._room(batch=batch) and not self._waiting:
            self._enter(batch=batch)
        else:
            await self._wait(user, batch=batch)
        began, beside = self._clock(), self._running - 1
        try:
            yield
        finally:
            now = self._clock()
            self._mean_s = _moved(self._mean_s, now - began)
            if not batch:
                full = self._running >= self._concurrency.limit
                self._concurrency.held(now - began, beside, full=full, now=now)
            self._leave(batch=batch)

    def _room(self, *, batch: bool) -> int:
        """How many may be inside once this one is; where nobody types, as many as there are slots."""
        typing = not batch or self._typing or len(self._typists)
        return self._concurrency.limit if typing else self.limits.slots

    def _enter(self, *, batch: bool) -> None:
        self._running += 1
        self._typing += not batch
        self._idle.clear()

    @property
    def _waiting(self) -> int:
        return len(self._typists) + len(self._batch)

    async def _wait(self, user: str, *, batch: bool) -> None:
        lane = self._batch if batch else self._typists
        limit_s = self.limits.batch_wait_s if batch else self.limits.interactive_wait_s
        ahead = lane.ahead_of(user) + (len(self._typists) if batch else 0)
        expected_s = (ahead + 1) * self._mean_s / self._concurrency.limit
        if self._waiting >= self.limits.max_waiting or expected_s > limit_s:
            raise self._refusal(expected_s)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lane.add(user, turn)
        try:
            async with asyncio.timeout(limit_s):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():  # its turn came in the same moment
                self._leave(batch=batch)
            else:
                lane.remove(user, turn)
            if isinstance(error, TimeoutError):
                raise self._refusal(expected_s) from None
            raise

    def _refusal(self, expected_s: float) -> UnavailableError:
        self._refused += 1
        # not all of them back at the same moment
        retry_s = min(max(expected_s, _LEAST_RETRY_S), _LONGEST_RETRY_S) * random.uniform(1.0, 2.0)  # noqa: S311
        return UnavailableError(
            f"the server has more requests than it can answer in time ({self._running} under way, "
            f"{self._waiting} waiting); try again in {retry_s:.0f} s",
            retry_after_s=round(retry_s, 1),
            code="busy",
        )

    def _leave(self, *, batch: bool) -> None:
        self._running -= 1
        self._typing -= not batch
        for lane, is_batch in ((self._typists, False), (self._batch, True)):
            while self._running < self._room(batch=is_batch) and (turn := lane.next()):
                self._enter(batch=is_batch)
                turn.set_result(None)
        if not self._running:
            self._idle.set()


def _moved(mean: float, value: float) -> float:
    """An exponential mean with one more value; the first value is the first mean."""
    return mean + (value - mean) * (_WEIGHT if mean else 1.0)


class _Lane:
    """Who waits: turns go round the users, and within a user by arrival."""

    def __init__(self) -> None:
        self._users: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def ahead_of(self, user: str) -> int:
        """How many turns come before one more of the user's."""
        own = len(self._users.get(user, ()))
        return own + sum(min(len(waiting), own + 1) for name, waiting in self._users.items() if name != user)

    def add(self, user: str, turn: asyncio.Future[None]) -> None:
        self._users.setdefault(user, deque()).append(turn)
        self._length += 1

    def remove(self, user: str, turn: asyncio.Future[None]) -> None:
        """Take a turn out that nobody waits for; `next` may have passed over it already."""
        waiting = self._users.get(user, deque())
        if turn not in waiting:
            return
        waiting.remove(turn)
        self._length -= 1
        if not waiting:
            del self._users[user]

    def next(self) -> asyncio.Future[None] | None:
        """The next turn that somebody still waits for."""
        while self._users:
            user, waiting = self._users.popitem(last=False)
            turn = waiting.popleft()
            self._length -= 1
            if waiting:
                self._users[user] = waiting  # behind all others
            if not turn.done():
                return turn
        return None
