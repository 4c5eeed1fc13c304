"""A value that is fetched from elsewhere, kept for a while, and served while a newer one is fetched.

Guarantees: one fetch at a time, begun at least `gap_s` apart however many ask; a value that is older than `fresh_s` is
still given at once while the next one is fetched; where fetching fails, the old one is given up to `keep_s`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

log = logging.getLogger("vernacular.access")

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Times are in seconds. Belongs to the event loop that it is first asked in."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Value]],
        *,
        fresh_s: float,
        gap_s: float,
        keep_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._fresh_s, self._gap_s, self._keep_s = fresh_s, gap_s, keep_s
        self._clock = clock
        self._held: tuple[Value, float] | None = None
        self._began_s = float("-inf")
        self._task: asyncio.Task[Value] | None = None

    async def get(self) -> Value:
        """The value, perhaps an old one. Raises what `fetch` raises where there is none that is not too old."""
        age_s = self._clock() - self._held[1] if self._held else float("inf")
        if self._held is None or age_s >= self._keep_s:
            return await asyncio.shield(self._begun())
        if age_s >= self._fresh_s and self._rest_s <= 0:
            self._begun()
        return self._held[0]

    async def newer(self, *, wait: bool) -> Value:
        """A value fetched from now on. Less than `gap_s` after the last fetch: waits for that, or takes what is there.

        Raises what `fetch` raises.
        """
        while self._rest_s > 0:
            if not wait:
                return await self.get()
            await asyncio.sleep(self._rest_s)
        return await asyncio.shield(self._begun())

    @property
    def _rest_s(self) -> float:
        return self._began_s + self._gap_s - self._clock()

    def _begun(self) -> asyncio.Task[Value]:
        if self._task is None or self._task.done():
            self._began_s = self._clock()
            self._task = asyncio.create_task(self._fetched())
            self._task.add_done_callback(_note)
        return self._task

    async def _fetched(self) -> Value:
        value = await self._fetch()
        self._held = value, self._clock()
        return value


def _note(task: asyncio.Task[Value]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.warning("%s", error)
