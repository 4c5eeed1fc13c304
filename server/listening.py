"""What the engine says, heard on the way: each token of an answer with its text and its probability."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from server.answering import Generates
from server.generation import Job, Output

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class ChosenToken:
    """A token of the answer: its bytes, which may be part of a character, and the logarithm of its probability.

    `start` is where it begins in the answer's UTF-8 bytes.
    """

    data: bytes
    logprob: float
    start: int


class Listener:
    """Passes an engine's outputs on, and remembers the tokens of the one job that it is for.

    `healed` bytes at the beginning are no part of the answer, and of no token that is heard. Control tokens are not
    heard either.
    """

    def __init__(self, engine: Generates, tokens: Sequence[bytes], healed: int = 0) -> None:
        self._engine = engine
        self._tokens = tokens
        self._healing = healed
        self._waiting: list[ChosenToken] = []
        self._came = self._told = 0

    async def generate(self, job: Job) -> AsyncGenerator[Output, None]:
        """As `Engine.generate`."""
        async with contextlib.aclosing(self._engine.generate(job)) as outputs:
            async for output in outputs:
                for token, logprob in zip(output.tokens, output.logprobs, strict=True):
                    self._hear(token, logprob)
                yield output

    def heard(self, text: str, *, rest: bool = False) -> tuple[ChosenToken, ...]:
        """The tokens that begin inside `text`, which goes on from the text of the last call.

        With `rest`, the answer ends with `text`: what begins behind it is no part of it.
        """
        self._told += len(text.encode())
        count = sum(token.start < self._told for token in self._waiting)
        found = tuple(self._waiting[:count])
        self._waiting = [] if rest else self._waiting[count:]
        return found

    def _hear(self, token: int, logprob: float) -> None:
        data = self._tokens[token] if token < len(self._tokens) else b""
        dropped = min(self._healing, len(data))
        self._healing -= dropped
        if data := data[dropped:]:
            self._waiting.append(ChosenToken(data, logprob, self._came))
            self._came += len(data)


def held_back(text: str, stop: Sequence[str]) -> int:
    """How many of the last characters may be the beginning of a text in `stop`."""
    longest = max((len(each) for each in stop), default=1) - 1
    return next(
        (
            size
            for size in range(min(longest, len(text)), 0, -1)
            if any(each.startswith(text[-size:]) and len(each) > size for each in stop)
        ),
        0,
    )


async def side_by_side(parts: Sequence[AsyncGenerator[Part, None]]) -> AsyncGenerator[Part, None]:
    """Items of all, as they come. Raises what the first one to fail raises; closing it closes all."""
    if len(parts) == 1:  # the common case needs no tasks
        async with contextlib.aclosing(parts[0]) as only:
            async for part in only:
                yield part
        return
    ready: asyncio.Queue[Part | Exception | None] = asyncio.Queue()
    tasks = [asyncio.ensure_future(_draw(each, ready)) for each in parts]
    try:
        left = len(tasks)
        while left:
            item = await ready.get()
            if isinstance(item, Exception):
                raise item
            if item is None:
                left -= 1
            else:
                yield item
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _draw(items: AsyncGenerator[Part, None], ready: asyncio.Queue[Part | Exception | None]) -> None:
    try:
        async with contextlib.aclosing(items):
            async for item in items:
                ready.put_nowait(item)
    except Exception as error:  # the reader's to handle
        ready.put_nowait(error)
    else:
        ready.put_nowait(None)
