"""Answers as they stream from an engine that says what a test tells it: where they end, and what is counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest

from completion.cleanup import Place
from completion.stopping import Watch
from core.wire import FinishReason
from server.answering import Answer, answer
from server.engines.base import Engine, EngineState
from server.generation import EngineStats, Job, Output

TOKENS = [b"", b"a()", b"\n", b"}", b"    ", b"b()", b"def g", b"\xe2\x82", b"\xff", b"  \n", b" "]


class Telling(Engine):
    """Gives its outputs, each of some tokens, then waits for ever; knows whether it was stopped."""

    def __init__(self, *outputs: Sequence[int], ends: bool = False) -> None:
        self._outputs = outputs
        self._ends = ends
        self.stopped = False
        self.given = 0

    @property
    def state(self) -> EngineState:
        return EngineState("ready", "telling")

    async def changed(self, seen: EngineState) -> EngineState:
        raise NotImplementedError

    async def start(self) -> None: ...

    async def generate(self, job: Job) -> AsyncGenerator[Output, None]:
        try:
            for number, ids in enumerate(self._outputs, 1):
                self.given = number
                last = self._ends and number == len(self._outputs)
                yield Output(
                    id=job.id, tokens=tuple(ids), logprobs=(-0.5,) * len(ids), finish="length" if last else None
                )
            await asyncio.Event().wait()
        finally:
            self.stopped = True

    async def stats(self) -> EngineStats:
        raise NotImplementedError

    async def close(self) -> None: ...


async def answered(engine: Engine, prefix: str, suffix: str = "", until: float | None = None) -> tuple[str, Answer]:
    """The texts on the way, joined, and the answer."""
    job = Job(id="1", prompt=(1,), max_new_tokens=100)
    watch = Watch(Place.of(prefix, suffix))
    parts = [part async for part in answer(engine, job, TOKENS, watch=watch, until=until)]
    *texts, whole = parts
    assert isinstance(whole, Answer)
    return "".join(text for text in texts if isinstance(text, str)), whole


@pytest.mark.parametrize(
    ("outputs", "prefix", "suffix", "text", "finish"),
    [
        ([[1], [2], [6], [1]], "def f():\n    ", "", "a()\n", FinishReason.SCOPE),
        ([[1, 2, 3, 2], [6]], "fn f() {\n    ", "", "a()\n}", FinishReason.SCOPE),
        ([[1], [2], [5], [2], [6]], "x\n", "\nb()\n", "a()\n", FinishReason.SUFFIX),
        ([[1, 2, 1, 2, 1, 2], [1]], "", "", "a()\na()", FinishReason.REPETITION),
    ],
)
async def test_an_answer_ends_as_soon_as_that_is_sure_and_the_engine_stops(
    outputs: list[list[int]], prefix: str, suffix: str, text: str, finish: FinishReason
) -> None:
    engine = Telling(*outputs, [1] * 50)
    _, whole = await answered(engine, prefix, suffix)
    assert (whole.text, whole.finish) == (text, finish)
    assert engine.stopped
    assert engine.given < len(outputs) + 1, "nothing more was waited for"


async def test_tokens_behind_the_end_are_counted() -> None:
    _, whole = await answered(Telling([1, 2], [6, 1, 2, 5, 5]), "def f():\n    ")
    assert (whole.text, whole.new_tokens) == ("a()\n", 7)


async def test_without_a_watch_the_words_are_the_models_own() -> None:
    job = Job(id="1", prompt=(1,), max_new_tokens=100)
    engine = Telling([1, 2] * 5, ends=True)
    *_, whole = [part async for part in answer(engine, job, TOKENS)]
    assert isinstance(whole, Answer)
    assert (whole.text, whole.finish) == ("a()\n" * 5, FinishReason.LENGTH)


@pytest.mark.parametrize(("ids", "text"), [([1, 2, 5], "a()\n"), ([1], ""), ([], ""), ([1, 2, 5, 2, 7], "a()\nb()\n")])
async def test_when_the_time_is_over_the_whole_lines_are_the_answer(ids: list[int], text: str) -> None:
    engine = Telling(ids) if ids else Telling()
    _, whole = await answered(
        engine, "", until=0.0
    )  # over before it began: what is there counts, nothing is waited for
    assert (whole.text, whole.finish) == (text, FinishReason.TIME)
    assert engine.stopped


@pytest.mark.parametrize(
    ("ids", "text", "finish"),
    [
        ([9, 10, 4], "  \n     ", FinishReason.LENGTH),  # nothing but white space
        ([1, 7], "a()", FinishReason.LENGTH),  # half a character at the end
        ([8, 8, 1], "", FinishReason.STOP),  # no text at all
        ([1, 8, 1], "a()", FinishReason.STOP),
        ([1, 99], "a()", FinishReason.STOP),  # an id that the vocabulary does not have
        ([], "", FinishReason.LENGTH),
    ],
)
async def test_what_is_no_text_never_gets_through(ids: list[int], text: str, finish: FinishReason) -> None:
    shown, whole = await answered(Telling(ids, ends=True), "")
    assert (shown, whole.text, whole.finish) == (text, text, finish)


async def test_half_a_character_waits_for_its_other_half() -> None:
    tokens = [b"", b"\xe2", b"\x82\xac"]
    job = Job(id="1", prompt=(1,), max_new_tokens=100)
    parts = [part async for part in answer(Telling([1], [2], ends=True), job, tokens)]
    assert parts[:-1] == ["\u20ac"]
