"""Texts for clients that speak of tokens: a plain text goes on, a conversation gets its next turn, a hole is filled.

Beside `server/completer.py`, which makes what an editor inserts, this gives the model's own words: several texts to a
prompt, each token with its probability. It knows neither HTTP nor processes; closing a generator stops the engine's
work on all of it.

Guarantees: what a person wrote is encoded as text, never as a control token; deltas joined are the text; nothing of a
stop text is ever given, also where it comes in parts.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import itertools
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from completion.segments import Segment, Text
from core.errors import RequestError
from core.wire import CompletionRequest, FinishReason, ModelCard, Timings, TokenCounts
from server.answering import Answer, Clock, answer
from server.chat import ChatTemplate, Message
from server.completer import Completer
from server.engines.base import Engine
from server.generation import Job
from server.listening import ChosenToken, Listener, held_back, side_by_side
from server.tokens.rendering import TokenRenderer

_INLINE_CHARACTERS = 32_768
"""More text is encoded on a thread, so that the others need not wait for it."""

Prompt = str | tuple[Message, ...] | CompletionRequest
"""A text that goes on, a conversation that wants its next turn, or a hole in a file."""


@dataclass(frozen=True, slots=True)
class TextRequest:
    """What is wanted. `choices` is how many texts to each prompt; `max_new_tokens` is cut to what the context holds.

    At `time_budget_ms` after its arrival the texts end with the whole lines that are there.
    """

    prompts: tuple[Prompt, ...]
    max_new_tokens: int | None = None
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    choices: int = 1
    time_budget_ms: float | None = None

    @property
    def batch(self) -> bool:
        """Whether nobody waits for it at a key: a hole is typed round, a text or a conversation is not."""
        return not any(isinstance(prompt, CompletionRequest) for prompt in self.prompts)


@dataclass(frozen=True, slots=True)
class TextDelta:
    """What is added to the text `index`, and the tokens that it came in."""

    index: int
    text: str
    tokens: tuple[ChosenToken, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A whole text. Those of the first prompt come first."""

    index: int
    text: str
    finish: FinishReason
    tokens: tuple[ChosenToken, ...]


@dataclass(frozen=True, slots=True)
class TextResult:
    """All texts of a request."""

    choices: tuple[Choice, ...]
    model: str
    tokens: TokenCounts
    timings: Timings


class Texts:
    """Texts of one model."""

    def __init__(
        self,
        engine: Engine,
        renderer: TokenRenderer,
        completer: Completer,
        eos: tuple[int, ...] = (),
        start: Sequence[Segment] = (),
        chat: ChatTemplate | None = None,
    ) -> None:
        """`start` is what every prompt of the model begins with."""
        self.card: ModelCard = completer.card
        self._engine = engine
        self._renderer = renderer
        self._completer = completer
        self._eos = eos
        self._start = start
        self._chat = chat
        self._numbers = itertools.count()

    def adapted(self, completer: Completer) -> Texts:
        """Texts of the same model with the LoRA adapter of `completer`, under its name."""
        other = copy.copy(self)
        other.card, other._completer = completer.card, completer
        return other

    async def say(
        self, request: TextRequest, arrived: float | None = None, clock: Clock = time.perf_counter
    ) -> AsyncGenerator[TextDelta | TextResult, None]:
        """Any number of deltas, of all texts in any order, then the result. `arrived` is in seconds on `clock`.

        Raises `RequestError` where the request can never succeed, `UnavailableError` where it may later.
        """
        arrived = clock() if arrived is None else arrived
        jobs = [job for prompt in request.prompts for job in await self._jobs(request, prompt)]
        before_ms = (clock() - arrived) * 1e3
        ended: dict[int, tuple[Choice, Answer]] = {}
        until = None if request.time_budget_ms is None else arrived + request.time_budget_ms / 1e3
        parts = [self._one(index, job, request.stop, until, clock) for index, job in enumerate(jobs)]
        async with contextlib.aclosing(side_by_side(parts)) as said:
            async for part in said:
                if isinstance(part, TextDelta):
                    yield part
                else:
                    ended[part[0].index] = part
        yield self._result([ended[index] for index in range(len(jobs))], jobs, request.choices, before_ms)

    async def _jobs(self, request: TextRequest, prompt: Prompt) -> list[Job]:
        """The jobs for one prompt, one a choice."""
        if isinstance(prompt, CompletionRequest):
            job = self._completer.job(prompt, await self._completer.prompt(prompt))
            job = job.model_copy(update={"id": "", "top_p": request.top_p})
        else:
            size = len(prompt) if isinstance(prompt, str) else sum(len(each.content) for each in prompt)
            ids = await asyncio.to_thread(self._ids, prompt) if size > _INLINE_CHARACTERS else self._ids(prompt)
            room = self.card.context_tokens - len(ids)
            if room < 1:
                raise RequestError(
                    f"the prompt has {len(ids)} tokens, and the model's context holds {self.card.context_tokens}, the "
                    f"answer included; send less",
                    status=400,
                    code="context_length_exceeded",
                )
            job = Job(
                id="",
                prompt=tuple(ids),
                max_new_tokens=min(request.max_new_tokens or room, room),
                stop=self._eos,
                temperature=request.temperature,
                top_p=request.top_p,
                adapter=self._completer.adapter,
            )
        seeds = (None if request.seed is None else (request.seed + n) & 0x7FFF_FFFF for n in range(request.choices))
        return [job.model_copy(update={"id": f"text-{next(self._numbers)}", "seed": seed}) for seed in seeds]

    def _ids(self, prompt: str | tuple[Message, ...]) -> list[int]:
        if isinstance(prompt, str):
            segments: tuple[Segment, ...] = (*self._start, Text(prompt))
        elif self._chat is None:
            raise RequestError(
                f"the model {self.card.name} has no chat template, so it takes no messages; ask /v1/completions with a "
                f"prompt, or serve a model whose folder holds chat_template.jinja",
                status=400,
                code="no_chat_template",
            )
        else:
            segments = self._chat.segments(prompt)
        ids = self._renderer.ids_of(segments)
        if not ids and not self._eos:
            raise RequestError("the prompt is empty; send some text", status=400)
        return ids or [self._eos[0]]  # an end token stands between texts, so that a new one begins behind it

    async def _one(
        self, index: int, job: Job, stop: tuple[str, ...], until: float | None, clock: Clock
    ) -> AsyncGenerator[TextDelta | tuple[Choice, Answer], None]:
        listener = Listener(self._engine, self._renderer.vocabulary.tokens, len(job.begin_with))
        came, given = "", 0
        tokens: list[ChosenToken] = []
        answers = answer(listener, job, self._renderer.vocabulary.tokens, stop=stop, until=until, clock=clock)
        async with contextlib.aclosing(answers) as parts:
            async for part in parts:
                whole = isinstance(part, Answer)
                came = part.text if isinstance(part, Answer) else came + part
                ready = len(came) if whole else len(came) - held_back(came, stop)
                if ready > given or whole:
                    new = listener.heard(came[given:ready], rest=whole)
                    tokens += new
                    if ready > given or new:
                        yield TextDelta(index, came[given:ready], new)
                    given = max(given, ready)
                if isinstance(part, Answer):
                    yield Choice(index, part.text, part.finish, tuple(tokens)), part

    def _result(
        self, ended: Sequence[tuple[Choice, Answer]], jobs: Sequence[Job], choices: int, before_ms: float
    ) -> TextResult:
        answers = [each for _, each in ended]
        prompt = sum(len(job.prompt) for job in jobs[::choices])
        cached = min(sum(each.cached_tokens for each in answers[::choices]), prompt)
        return TextResult(
            choices=tuple(choice for choice, _ in ended),
            model=self.card.name,
            tokens=TokenCounts(
                prompt=prompt,
                cached=cached,
                computed=prompt - cached,
                generated=sum(each.new_tokens for each in answers),
                healed_bytes=len(jobs[0].begin_with),
            ),
            timings=Timings(
                queue_ms=before_ms + min(each.queue_ms for each in answers),
                first_token_ms=before_ms + min(each.first_token_ms for each in answers),
                total_ms=before_ms + max(each.total_ms for each in answers),
            ),
        )
