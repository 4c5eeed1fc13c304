"""Asking a second replica where the first one is slow to begin. Whoever speaks first has the job.

Off by default: each hedge is work that is thrown away, and there are most of them where there is least to spare.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import Any

from server.engines.remote.connection import ReplicaError
from server.engines.remote.fleet import Replica, Seat

Ask = Callable[[Replica], AsyncGenerator[Any, None]]


async def hedged(
    seat: Seat, after_s: float, ask: Ask, failed: Callable[[Replica, ReplicaError], None]
) -> AsyncGenerator[Any, None]:
    """Events of the seat's replica; where none comes for `after_s` seconds, of it or of the next free one.

    The seat is at the replica that the events come from, and the other one's stream is closed. Who fails in a race is
    told to `failed` at once; where nobody is left, the `ReplicaError` of the seat's own replica is raised.
    """
    async with contextlib.AsyncExitStack() as stack:
        rivals = [await stack.enter_async_context(_asked(seat, ask))]
        waiting = {rivals[0].first}
        _, waiting = await asyncio.wait(waiting, timeout=after_s)
        if waiting and (beside := seat.beside()):
            stack.callback(beside.leave)
            rivals.append(await stack.enter_async_context(_asked(beside, ask)))
            waiting.add(rivals[1].first)
        while waiting and not any(each.spoke for each in rivals):
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for each in rivals:
                if each.first in done and (error := each.error):
                    failed(each.seat.replica, error)
        winner = next((each for each in rivals if each.spoke), rivals[0])
        for each in rivals:
            if each is not winner:
                await each.end()
        if winner.seat is not seat:
            seat.become(winner.seat)
        with contextlib.suppress(StopAsyncIteration):  # it ended without a word
            yield await winner.first
            async for event in winner.stream:
                yield event


class _Rival:
    """One replica's stream, and its first event."""

    def __init__(self, seat: Seat, stream: AsyncGenerator[Any, None]) -> None:
        self.seat = seat
        self.stream = stream
        self.first = asyncio.ensure_future(_next(stream))

    @property
    def spoke(self) -> bool:
        """Whether the first event is there."""
        return self.first.done() and self.first.exception() is None

    @property
    def error(self) -> ReplicaError | None:
        """Why there is none."""
        error = self.first.exception() if self.first.done() else None
        return error if isinstance(error, ReplicaError) else None

    async def end(self) -> None:
        """Close the stream, and with it the generation there."""
        if not self.first.done():
            self.first.cancel()
            await asyncio.wait((self.first,))
        await self.stream.aclose()


@contextlib.asynccontextmanager
async def _asked(seat: Seat, ask: Ask) -> AsyncGenerator[_Rival, None]:
    rival = _Rival(seat, ask(seat.replica))
    try:
        yield rival
    finally:
        await rival.end()


async def _next(stream: AsyncGenerator[Any, None]) -> Any:
    return await anext(stream)
