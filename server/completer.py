"""A request becomes a job, and its outputs become the answer.

One `Completer` for one model. It knows neither HTTP nor processes: a request goes in, deltas and one result come
out. Closing the generator stops the engine's work on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import itertools
import time
from collections.abc import AsyncGenerator

from completion.cleanup import Place, clean
from completion.rendering import Rendered
from completion.stopping import Watch
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
from server.candidates import TEMPERATURE, ranked, seed_of, side_by_side
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
        self._adapter = ""

    @property
    def adapter(self) -> str:
        """Folder of the LoRA adapter that completions are made with; empty: none."""
        return self._adapter

    def adapted(self, name: str, folder: str) -> Completer:
        """Completions of the same model with the LoRA adapter in `folder`, under a name of its own."""
        other = copy.copy(self)
        other.card = self.card.model_copy(update={"name": name})
        other._adapter = folder
        return other

    async def complete(
        self, request: CompletionRequest, arrived: float | None = None, clock: Clock = time.perf_counter
    ) -> AsyncGenerator[CompletionDelta | CompletionResult, None]:
        """Any number of deltas, then the result. `arrived`, in seconds on `clock`, is when its time began; now else.

        Raises `RequestError` where the request can never succeed, `UnavailableError` where it may later.
        """
        arrived = clock() if arrived is None else arrived
        prompt = await self.prompt(request)
        before_ms = (clock() - arrived) * 1e3
        until = None if request.time_budget_ms is None else arrived + request.time_budget_ms / 1e3
        place = Place.of(request.prefix, request.suffix, request.language) if request.clean_up else None
        first, *others = (
            answer(
                self._engine,
                job,
                self._tokens,
                stop=request.stop,
                watch=Watch(place) if place else None,
                until=until,
                clock=clock,
            )
            for job in self._jobs(request, prompt)
        )
        async with contextlib.aclosing(side_by_side(first, others)) as parts:
            async for part in parts:
                if isinstance(part, str):
                    yield CompletionDelta(text=part)
                else:
                    yield self._result(request, prompt, part, place, before_ms)

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
            adapter=self._adapter,
            session=request.session_id,
        )

    def _jobs(self, request: CompletionRequest, prompt: Rendered) -> list[Job]:
        """The job of `job`, and one for each other candidate, drawn."""
        first = self.job(request, prompt)
        drawn = {"temperature": TEMPERATURE}
        others = [
            first.model_copy(update={"id": f"{next(self._numbers)}", "seed": seed_of(request, number), **drawn})
            for number in range(1, request.candidates)
        ]
        return [first, *others]

    def _result(
        self, request: CompletionRequest, prompt: Rendered, answers: list[Answer], place: Place | None, before_ms: float
    ) -> CompletionResult:
        first = answers[0]
        shown = ranked(answers, lambda each: clean(each.text, place) if place else each.text)
        chosen = shown[0][0] if shown else first
        return CompletionResult(
            request_id=request.request_id,
            text=shown[0][1].text if shown else "",
            finish_reason=chosen.finish,
            confidence=chosen.confidence,
            model=self.card.name,
            tokens=TokenCounts(
                prompt=len(prompt.ids),
                cached=first.cached_tokens,
                computed=len(prompt.ids) - first.cached_tokens,
                generated=sum(each.new_tokens for each in answers),
                healed_bytes=len(prompt.healed),
            ),
            timings=Timings(
                queue_ms=before_ms + first.queue_ms,
                first_token_ms=before_ms + first.first_token_ms,
                total_ms=before_ms + max(each.total_ms for each in answers),
            ),
            alternatives=tuple(candidate for _, candidate in shown[1:]),
            prompt=self._prompts.explained(prompt, first.cached_tokens) if request.explain else (),
        )
