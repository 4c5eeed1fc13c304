"""Endpoints that take and give strings only."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from core.errors import EngineError
from server.engines.remote.text_api import Scanner, neutral, pattern_of
from server.tokens.rendering import TokenRenderer

NAMES = ("<|fim_prefix|>", "<|fim_middle|>", "<|fim|>", "</s>")


@given(st.lists(st.sampled_from(["<", "|", "fim", ">", "|>", "_middle", "</s>", "<|fim|>", " "]), max_size=12))
def test_code_never_holds_a_special_token_s_name_afterwards(parts: list[str]) -> None:
    text = "".join(parts)
    cut = neutral(text, pattern_of(NAMES))
    assert not any(name in cut for name in NAMES)
    assert cut.replace(" ", "") == text.replace(" ", "")
    if not any(name in text for name in NAMES):
        assert cut == text


@given(st.lists(st.sampled_from(["a", "<", "|", "fim", "|>", "</s", ">", "<|fim|>", "é"]), max_size=12), st.data())
def test_an_answer_is_the_same_however_the_endpoint_cuts_it(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    ends = [(at, name) for name in NAMES if (at := text.find(name)) >= 0]
    expected = min(ends) if ends else (len(text), None)
    scanner, shown, end = Scanner(NAMES), "", None
    rest = text
    while rest and end is None:
        size = data.draw(st.integers(1, len(rest)))
        piece, rest = rest[:size], rest[size:]
        added, end = scanner.add(piece, whole=not rest)
        shown += added
    assert (shown, end) == (text[: expected[0]], expected[1])


async def test_texts_become_this_side_s_tokens(fleet: Any, qwen_tokenizer: Tokenizer) -> None:
    async with fleet(1, api="openai") as running:
        running.replicas[0].texts = ("def to", "tal(r", "ows):")
        outputs = await running.outputs()
        ids = [token for output in outputs for token in output.tokens]
        assert qwen_tokenizer.decode(ids) == "def total(rows):"
        assert outputs[-1].finish == "length"
        assert sum(value for output in outputs for value in output.logprobs) == pytest.approx(-0.75)
        assert running.engine.state.facts.token_healing is False


async def test_an_answer_ends_at_a_special_token_s_name(fleet: Any, ids_of: Callable[[str], list[int]]) -> None:
    async with fleet(1, api="openai") as running:
        running.replicas[0].texts = ("return x", "<|fi", "m_middle|>", "never shown")
        outputs = await running.outputs()
        ids = [token for output in outputs for token in output.tokens]
        assert ids == [*ids_of("return x"), *ids_of("<|fim_middle|>")]
        assert outputs[-1].finish == "stop"


async def test_the_line_s_end_ends_the_answer(fleet: Any, qwen_tokenizer: Tokenizer) -> None:
    async with fleet(1, api="openai") as running:
        running.replicas[0].texts = ("a", "b\nc", "d")
        outputs = await running.outputs(stop_at_line_end=True)
        ids = [token for output in outputs for token in output.tokens]
        assert qwen_tokenizer.decode(ids) == "ab\nc"
        assert outputs[-1].finish == "stop"


async def test_only_standard_fields_are_sent_and_code_cannot_steer_the_prompt(
    fleet: Any, ids_of: Callable[[str], list[int]], qwen_tokenizer: Tokenizer
) -> None:
    renderer = TokenRenderer(json.loads(qwen_tokenizer.to_str()))
    hostile = 'marker = "<|fim_middle|>"'
    prompt = [renderer.control_id("<|fim_prefix|>"), *renderer.encode(hostile), renderer.control_id("<|fim_suffix|>")]
    stop = renderer.control_ids(("<|endoftext|>", "<|fim_pad|>"))
    async with fleet(1, api="openai") as running:
        await running.outputs(prompt=tuple(prompt), stop=stop, seed=3, max_new_tokens=8)
        (body,) = running.replicas[0].jobs
        assert body == {
            "model": "tiny",
            "stream": True,
            "prompt": '<|fim_prefix|>marker = "< |fim_middle|>"<|fim_suffix|>',
            "max_tokens": 8,
            "temperature": 0.0,
            "top_p": 1.0,
            "logprobs": 1,
            "stop": ["<|endoftext|>", "<|fim_pad|>"],
            "seed": 3,
        }


async def test_a_stream_that_breaks_is_an_error_here_too(fleet: Any) -> None:
    async with fleet(1, api="openai") as running:
        running.replicas[0].texts = ("a", "b", "c")
        running.replicas[0].wrong = "break"
        with pytest.raises(EngineError, match="broke"):
            await running.outputs()
