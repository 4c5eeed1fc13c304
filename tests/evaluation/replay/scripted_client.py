"""A client that proposes what a test tells it, after a time that the test tells it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from evaluation.replay.buffer import Buffer, Change
from evaluation.replay.clients.base import Sheet
from evaluation.replay.records import Usage


class ScriptedClient:
    """Asks `answer` after each step, shows what it says `delay_ms` later, and hides it at the next step."""

    model = "scripted"

    def __init__(self, answer: Callable[[Buffer], str], delay_ms: float = 0.0) -> None:
        self._answer, self._delay_ms = answer, delay_ms
        self._task: asyncio.Task[None] | None = None
        self._usage = Usage()
        self._sheet: Sheet | None = None

    async def open(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def edited(self, change: Change) -> None:
        assert self._sheet
        if self._task and not self._task.done():
            self._task.cancel()
            self._usage = self._usage.plus(cancelled=1)
        self._usage = self._usage.plus(sent=1)
        text = self._answer(self._sheet.buffer)
        if self._delay_ms:
            self._sheet.show("")
            self._task = asyncio.create_task(self._later(text))
        else:
            self._sheet.show(text)

    async def finish(self) -> Usage:
        if self._task:
            self._task.cancel()
        return self._usage

    async def close(self) -> None:
        pass

    async def _later(self, text: str) -> None:
        assert self._sheet
        await self._sheet.clock.sleep(self._delay_ms / 1e3)
        self._sheet.show(text)


def oracle(text: str, characters: int = 1000) -> Callable[[Buffer], str]:
    """Knows what comes next in `text`, where the document so far is its beginning."""

    def answer(buffer: Buffer) -> str:
        here = len(buffer.before)
        return text[here : here + characters] if text.startswith(buffer.before) else ""

    return answer
