"""One request under way, and whether its answer may still fit where the cursor is by now."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from completion.cleanup import Place as Surroundings
from completion.cleanup import clean
from core.wire import CompletionResult
from lsp.documents import Document, Place
from lsp.proposals import Around, Proposal, Source

UNFINISHED = 0.5
"""The confidence in an answer that is not whole yet: the model says it at the end."""


class Flight:
    """A request, what the model has said so far, and the task that brings the answer.

    The one who waits for it says where he is with `wanted_at`: as soon as the model's words go another way than what
    was typed meanwhile, the request is cancelled, down to the engine.
    """

    def __init__(self, document: Document, place: Place, *, ahead: bool = False, source: Source | None = None) -> None:
        self.document = document
        self.place = place
        self.ahead = ahead
        self.source = source
        self.task: asyncio.Task[CompletionResult | None] | None = None
        self.first_line: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._around = Around.of(document, place)
        self._said = ""
        self._wanted_at: tuple[Document, Place] | None = None

    @property
    def under_way(self) -> bool:
        """Whether its answer is still to come."""
        return self.task is not None and not self.task.done()

    def start(self, answer: Coroutine[Any, Any, CompletionResult | None]) -> None:
        """Send it off."""
        self.task = asyncio.create_task(answer)

    @property
    def result(self) -> CompletionResult | None:
        """The answer, once there is one; `None` where it was cancelled or failed."""
        return self.task.result() if self.task and self.task.done() and not self.task.cancelled() else None

    @property
    def cancelled(self) -> bool:
        """Whether it was given up before its answer came."""
        return self.task is not None and self.task.cancelled()

    def hear(self, text: str) -> None:
        """The model said more."""
        self._said += text
        if "\n" in text and self._lines.strip() and not self.first_line.done():
            self.first_line.set_result(None)
        if self._wanted_at and not self.may_fit(*self._wanted_at):
            self.cancel()

    def lines_at(self, document: Document, place: Place) -> Proposal | None:
        """What the whole lines that the model has said so far propose at a place; `None` without one."""
        text = clean(self._lines, Surroundings.of(self._around.before, self._around.after))
        left = Proposal(self._around, text).still(document, place) if text.strip() else None
        return Proposal(Around.of(document, place), left, UNFINISHED, source=self.source) if left else None

    @property
    def _lines(self) -> str:
        return self._said.rpartition("\n")[0]

    def wanted_at(self, document: Document, place: Place) -> bool:
        """Whether the answer may fit there; if so, it is awaited there from now on."""
        fits = self.may_fit(document, place)
        if fits:
            self._wanted_at = document, place
        return fits

    def may_fit(self, document: Document, place: Place) -> bool:
        """Whether nothing was typed since that contradicts what the model has said.

        White space at the beginning is left out of it: the clean-up may still take it away or put it right.
        """
        typed = self._around.typed_since(document, place)
        if typed is None:
            return False
        typed, said = typed.strip(), self._said.lstrip()
        return typed.startswith(said) or said.startswith(typed)

    def cancel(self) -> None:
        """Give it up."""
        if self.task:
            self.task.cancel()

    async def end(self) -> None:
        """Give it up, and wait until it is gone."""
        self.cancel()
        if self.task:
            await asyncio.gather(self.task, return_exceptions=True)
