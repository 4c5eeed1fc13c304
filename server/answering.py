"""A job goes to the engine, and its tokens become text as they come. Knows neither requests nor HTTP.

Guarantees: an answer ends as soon as it is sure what of it is kept, and the engine is told then; all tokens that came
are counted, those behind the end too.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from completion.stopping import Stop, Watch, whole_lines
from core.wire import FinishReason
from server.generation import Job, Output
from server.tokens.answer import AnswerText

Clock = Callable[[], float]


class Generates(Protocol):
    """What is needed of an engine."""

    def generate(self, job: Job) -> AsyncGenerator[Output, None]:
        """As `Engine.generate`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. Times are in milliseconds from the job's handing over; `confidence` is a geometric mean."""

    text: str
    finish: FinishReason
    confidence: float
    cached_tokens: int
    new_tokens: int
    queue_ms: float
    first_token_ms: float
    total_ms: float


async def answer(
    engine: Generates,
    job: Job,
    tokens: Sequence[bytes],
    *,
    stop: Sequence[str] = (),
    watch: Watch | None = None,
    until: float | None = None,
    clock: Clock = time.perf_counter,
) -> AsyncGenerator[str | Answer, None]:
    """Texts as they come, then the `Answer`; `tokens` are the vocabulary's bytes. Closing it stops the engine's work.

    The answer ends before the first of the texts in `stop`, and where `watch` says; what came before that was seen may
    hold some of the rest. At `until`, in seconds on `clock`, it ends with the whole lines that are there. Raises what
    `Engine.generate` raises.
    """
    began = clock()
    said = AnswerText(tokens, job.begin_with, job.stop_at_line_end)
    cached, came, first_token, queued = 0, 0, None, 0.0
    end: Stop | None = None
    async with contextlib.aclosing(engine.generate(job)) as outputs:
        while end is None and said.finish is None:
            output = await _next(outputs, until, clock)
            if output is None:
                end = Stop(len(whole_lines(said.text)), FinishReason.TIME)
                break
            if first_token is None and output.tokens:
                first_token, queued = clock(), output.queue_ms
            cached = max(cached, output.cached)  # a remote engine tells it at the end
            came += len(output.tokens)
            text = said.add(output.tokens, output.logprobs)
            if output.finish is not None:
                text += said.end(FinishReason(output.finish))
            end = _before(said.text, stop) or (watch.seen(said.text) if watch else None)
            if text and end is None:
                yield text
    done = clock()
    yield Answer(
        text=said.text if end is None else said.text[: end.kept],
        finish=end.reason if end is not None else said.finish or FinishReason.LENGTH,
        confidence=said.confidence,
        cached_tokens=min(cached, len(job.prompt)),
        new_tokens=came,
        queue_ms=queued,
        first_token_ms=((first_token or done) - began) * 1e3,
        total_ms=(done - began) * 1e3,
    )


async def _next(outputs: AsyncGenerator[Output, None], until: float | None, clock: Clock) -> Output | None:
    """The next output; `None` where the time is over before. An engine that ends without an end has said it all."""
    try:
        async with asyncio.timeout(None if until is None else max(until - clock(), 0.0)):
            return await anext(outputs)
    except TimeoutError:
        return None
    except StopAsyncIteration:
        return Output(id="", finish="length")


def _before(text: str, stop: Sequence[str]) -> Stop | None:
    """The end before the first of the texts in `stop`; `None` where it holds none."""
    places = [place for end in stop if end and (place := text.find(end)) >= 0]
    return Stop(min(places), FinishReason.STOP) if places else None
