"""Several answers to one request: side by side, stopped together, the surest first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from core.errors import EngineError
from core.wire import CompletionRequest, FinishReason
from server.answering import Answer
from server.candidates import ranked, seed_of, side_by_side


def said(text: str, confidence: float = 0.5) -> Answer:
    return Answer(text, FinishReason.STOP, confidence, 0, 1, 0.0, 0.0, 0.0)


def request(**fields: object) -> CompletionRequest:
    return CompletionRequest.model_validate({"request_id": "r", "session_id": "s", "language": "text", **fields})


def test_the_surest_is_first_and_no_text_comes_twice() -> None:
    answers = [said("a ", 0.4), said("b", 0.9), said("a", 0.6), said("  ", 1.0)]
    found = [(candidate.text, candidate.confidence) for _, candidate in ranked(answers, lambda each: each.text.strip())]
    assert found == [("b", 0.9), ("a", 0.6)]


def test_equal_confidence_leaves_the_greedy_one_first() -> None:
    assert [each.text for _, each in ranked([said("a"), said("b")], lambda each: each.text)] == ["a", "b"]


def test_seeds_follow_from_the_place_or_from_the_seed() -> None:
    here = request(prefix="a", suffix="b")
    assert seed_of(here, 1) == seed_of(here.model_copy(update={"request_id": "other"}), 1)
    different = [seed_of(here, 2), seed_of(request(prefix="b"), 1), seed_of(request(prefix="a", suffix="b", seed=1), 1)]
    assert len({seed_of(here, 1), *different}) == 4
    assert seed_of(request(prefix="a", seed=5), 1) == seed_of(request(prefix="z", seed=5), 1)
    assert all(0 <= seed_of(here, number) < 2**31 for number in range(100))


class Parts:
    """An answer that comes when it is let go; knows whether it was closed."""

    def __init__(self, *parts: str | Answer | Exception, free: bool = True) -> None:
        self._parts = parts
        self.free = asyncio.Event()
        self.closed = False
        if free:
            self.free.set()

    async def stream(self) -> AsyncGenerator[str | Answer, None]:
        try:
            await self.free.wait()
            for part in self._parts:
                if isinstance(part, Exception):
                    raise part
                yield part
        finally:
            self.closed = True


async def test_the_first_is_shown_as_it_comes_and_all_come_at_the_end() -> None:
    first, other = Parts("a", "b", said("ab")), Parts("c", said("c"))
    parts = [part async for part in side_by_side(first.stream(), [other.stream()])]
    assert parts == ["a", "b", [said("ab"), said("c")]]


async def test_one_that_fails_costs_itself_alone() -> None:
    parts = [part async for part in side_by_side(Parts(said("a")).stream(), [Parts(EngineError("died")).stream()])]
    assert parts == [[said("a")]]
    with pytest.raises(EngineError, match="died"):
        _ = [part async for part in side_by_side(Parts(EngineError("died")).stream(), [Parts(said("a")).stream()])]


async def test_all_are_stopped_together() -> None:
    first, others = Parts("a", free=True), [Parts(said("b"), free=False), Parts(said("c"), free=False)]
    parts = side_by_side(first.stream(), [each.stream() for each in others])
    assert await anext(parts) == "a"
    await asyncio.sleep(0)  # the others begin
    await parts.aclose()
    assert first.closed
    assert all(each.closed for each in others)
