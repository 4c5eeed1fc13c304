"""Answers under way. One editor session has one at a time: a newer request replaces the older.

Each answer is drawn by a task of its own, so that stopping it is one call that never waits: the task is cancelled,
and with it the engine's work.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from typing import Generic, TypeVar

from core.errors import RequestError

Item = TypeVar("Item")


class SupersededError(RequestError):
    """A newer request of the same session took this one's place."""

    def __init__(self) -> None:
        super().__init__("a newer request of the same session replaced this one", status=409, code="superseded")


class Answer(Generic[Item]):
    """Items of a generator, drawn ahead of whoever reads them."""

    def __init__(self, items: AsyncGenerator[Item, None]) -> None:
        self._ready: asyncio.Queue[Item | Exception] = asyncio.Queue()
        self._task = asyncio.ensure_future(self._draw(items))

    async def next(self) -> Item:
        """The next item. Raises what the generator raised, or was stopped with; never called after the last."""
        item = await self._ready.get()
        if isinstance(item, Exception):
            raise item
        return item

    def stop(self, error: Exception | None = None) -> None:
        """Close the generator; a reader gets `error`. Without effect once it has ended."""
        if not self._task.done():
            self._task.cancel()
            if error is not None:
                self._ready.put_nowait(error)

    async def _draw(self, items: AsyncGenerator[Item, None]) -> None:
        try:
            async with contextlib.aclosing(items):
                async for item in items:
                    self._ready.put_nowait(item)
        except Exception as error:  # the reader's to handle
            self._ready.put_nowait(error)


class Sessions(Generic[Item]):
    """Sessions and their answers under way."""

    def __init__(self) -> None:
        self._answers: dict[str, Answer[Item]] = {}

    @contextlib.contextmanager
    def drawn(self, session_id: str | None, items: AsyncGenerator[Item, None]) -> Iterator[Answer[Item]]:
        """An answer drawn from `items`, stopped at the end; an older one of the session ends with `SupersededError`.

        With no session, it replaces none and is replaced by none.
        """
        answer = Answer(items)
        if session_id is not None:
            if older := self._answers.get(session_id):
                older.stop(SupersededError())
            self._answers[session_id] = answer
        try:
            yield answer
        finally:
            answer.stop()
            if session_id is not None and self._answers.get(session_id) is answer:
                del self._answers[session_id]
