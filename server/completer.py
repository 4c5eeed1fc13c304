"""A request becomes a job, and its outputs become the answer.

One `Completer` for one model. It knows neither HTTP nor processes: a request goes in, deltas and one result come
out. Closing the generator stops the engine's work on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncGenerator

from completion.cleanup import Place, clean
from completion.rendering import Rendered
from completion.templates import FimTemplate
from core.wire import (
    CompletionDelta,
    CompletionRequest,
    CompletionResult,
    ModelCard,
    Timings,
    TokenCounts,
)
from server.answering import Answer, Clock, answer
from server.engines.base import Engine
from server.generation import Job
from server.prompting import PromptMaker
from server.tokens.rendering import TokenRenderer

_INLINE_CHARACTERS = 32_768
"""A longer request is cut and encoded on a thread, so that the others need not wait for it."""


class Completer:
    """Completions of one model."""

    def __init__(
        self, engine: Engine, renderer: TokenRenderer, template: FimTemplate, card: ModelCard, eos: tuple[int, ...] = ()
    ) -> None:
        self.card = card
        self._engine = engine
        self._tokens = renderer.vocabulary.tokens
        self._stop = tuple(dict.fromkeys((*renderer.control_ids((*template.stop, *template.special_tokens)), *eos)))
        self._prompts = PromptMaker(renderer, template, card.context_tokens, card.bytes_per_token, card.token_healing)
        self._numbers = itertools.count()

    async def complete(
        self, request: CompletionRequest, clock: Clock = time.perf_counter
    ) -> AsyncGenerator[CompletionDelta | CompletionResult, None]:
        """Any number of deltas, then the result.

        Raises `RequestError` where the request can never succeed, `UnavailableError` where it may later.
        """
        arrived = clock()
        prompt = await self.prompt(request)
        before_ms = (clock() - arrived) * 1e3
        job = self.job(request, prompt)
        async with contextlib.aclosing(answer(self._engine, job, self._tokens, clock=clock)) as parts:
            async for part in parts:
                if isinstance(part, Answer):
                    yield self._result(request, prompt, part, before_ms)
                else:
                    yield CompletionDelta(text=part)

    async def prompt(self, request: CompletionRequest) -> Rendered:
        """The prompt that `complete` makes of a request. Raises `RequestError`."""
        if len(request.prefix) + len(request.suffix) > _INLINE_CHARACTERS:
            return await asyncio.to_thread(self._prompts.make, request)
        return self._prompts.make(request)

    def job(self, request: CompletionRequest, prompt: Rendered) -> Job:
        """What `complete` has the engine do."""
        return Job(
            id=f"{next(self._numbers)}",
            prompt=tuple(prompt.ids),
            begin_with=prompt.healed,
            max_new_tokens=request.max_new_tokens,
            stop=self._stop,
            stop_at_line_end=request.single_line,
            temperature=request.temperature,
            seed=request.seed,
        )

    def _result(self, request: CompletionRequest, prompt: Rendered, done: Answer, before_ms: float) -> CompletionResult:
        return CompletionResult(
            request_id=request.request_id,
            text=_cleaned(done.text, request) if request.clean_up else done.text,
            finish_reason=done.finish,
            confidence=done.confidence,
            model=self.card.name,
            tokens=TokenCounts(
                prompt=len(prompt.ids),
                cached=done.cached_tokens,
                computed=len(prompt.ids) - done.cached_tokens,
                generated=done.new_tokens,
                healed_bytes=len(prompt.healed),
            ),
            timings=Timings(
                queue_ms=before_ms + done.queue_ms,
                first_token_ms=before_ms + done.first_token_ms,
                total_ms=before_ms + done.total_ms,
            ),
        )


def _cleaned(text: str, request: CompletionRequest) -> str:
    return clean(text, Place.of(request.prefix, request.suffix, request.language))
