"""A request becomes a job, and its outputs become the answer.

One `Completer` for one model. It knows neither HTTP nor processes: a request goes in, deltas and one result come
out. Closing the generator stops the engine's work on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncGenerator, Callable

from completion.templates import FimTemplate
from core.wire import (
    CompletionDelta,
    CompletionRequest,
    CompletionResult,
    FinishReason,
    ModelCard,
    Timings,
    TokenCounts,
)
from server.engines.base import Engine
from server.generation import Job
from server.prompting import PromptMaker
from server.tokens.answer import AnswerText
from server.tokens.rendering import TokenRenderer

Clock = Callable[[], float]

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
        if len(request.prefix) + len(request.suffix) > _INLINE_CHARACTERS:
            prompt = await asyncio.to_thread(self._prompts.make, request)
        else:
            prompt = self._prompts.make(request)
        rendered = clock()
        job = Job(
            id=f"{next(self._numbers)}",
            prompt=tuple(prompt.ids),
            begin_with=prompt.healed,
            max_new_tokens=request.max_new_tokens,
            stop=self._stop,
            stop_at_line_end=request.single_line,
            temperature=request.temperature,
            seed=request.seed,
        )
        answer = AnswerText(self._tokens, prompt.healed, request.single_line)
        cached, first_token, queued = 0, None, 0.0
        async with contextlib.aclosing(self._engine.generate(job)) as outputs:
            async for output in outputs:
                if first_token is None and output.tokens:
                    first_token, cached, queued = clock(), output.cached, output.queue_ms
                text = answer.add(output.tokens, output.logprobs)
                if output.finish is not None:
                    text += answer.end(FinishReason(output.finish))
                if text:
                    yield CompletionDelta(text=text)
                if answer.finish is not None:
                    break
        done = clock()
        yield CompletionResult(
            request_id=request.request_id,
            text=answer.text,
            finish_reason=answer.finish or FinishReason.LENGTH,
            confidence=answer.confidence,
            model=self.card.name,
            tokens=TokenCounts(
                prompt=len(prompt.ids),
                cached=min(cached, len(prompt.ids)),
                computed=max(0, len(prompt.ids) - cached),
                generated=answer.generated,
                healed_bytes=len(prompt.healed),
            ),
            timings=Timings(
                queue_ms=(rendered - arrived) * 1e3 + queued,
                first_token_ms=((first_token or done) - arrived) * 1e3,
                total_ms=(done - arrived) * 1e3,
            ),
        )
