"""What vLLM is asked, and what becomes of its answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from completion.healing import VocabularyIndex
from core.errors import EngineError
from server.tokens.vocabulary import load_token_bytes


async def test_a_job_is_asked_for_as_the_local_worker_would_compute_it(fleet: Any) -> None:
    async with fleet(1) as running:
        outputs = await running.outputs(max_new_tokens=9, stop=(3, 4), temperature=0.5, top_p=0.75, seed=11)
        (body,) = running.replicas[0].jobs
        assert body | {"prompt": 0} == {
            "model": "tiny",
            "stream": True,
            "prompt": 0,
            "max_tokens": 9,
            "stop_token_ids": [3, 4],
            "temperature": 0.5,
            "seed": 11,
            "top_p": 0.75,
            "top_k": 0,
            "min_p": 0.0,
            "repetition_penalty": 1.0,
            "presence_penalty": 0.0,
            "frequency_penalty": 0.0,
            "ignore_eos": True,
            "logprobs": 0,
            "return_token_ids": True,
            "return_tokens_as_token_ids": True,
            "stream_options": {"include_usage": True},
        }
        assert body["prompt"] == [50, 51]
        assert [output.tokens for output in outputs] == [(40,), (41,), (42,)]
        assert [output.logprobs for output in outputs] == [(-0.25,)] * 3
        assert [output.finish for output in outputs] == [None, None, "length"]
        assert outputs[-1].cached == 7


async def test_healing_asks_token_by_token_and_then_for_the_rest(fleet: Any, model_folder: Path) -> None:
    tokens = load_token_bytes(model_folder)
    index = VocabularyIndex(tokens)
    async with fleet(1) as running:
        ids = await running.ids(begin_with=b"return", max_new_tokens=8)
        bodies = running.replicas[0].jobs
        remaining, prompt = b"return", [50, 51]
        for body in bodies[:-1]:
            assert sorted(body["allowed_token_ids"]) == sorted(index.allowed(remaining))
            assert (body["prompt"], body["max_tokens"]) == (prompt, 1)
            token = min(body["allowed_token_ids"])
            prompt = [*prompt, token]
            remaining = index.rest(remaining, token)
        assert remaining == b""
        assert "allowed_token_ids" not in bodies[-1]
        assert bodies[-1]["prompt"] == prompt
        assert bodies[-1]["max_tokens"] == 8 - (len(bodies) - 1)
        assert b"".join(tokens[token] for token in ids).startswith(b"return")
        assert ids == [*prompt[2:], 40, 41, 42][:8]


async def test_a_healed_token_can_be_the_only_one(fleet: Any) -> None:
    async with fleet(1) as running:
        outputs = await running.outputs(begin_with=b"r", max_new_tokens=1)
        assert [output.finish for output in outputs] == ["length"]
        assert len(running.replicas[0].jobs) == 1


async def test_no_more_ids_are_allowed_than_vllm_takes(fleet: Any, model_folder: Path) -> None:
    index = VocabularyIndex(load_token_bytes(model_folder))
    async with fleet(1, max_allowed=3) as running:
        await running.outputs(begin_with=b" ", max_new_tokens=2)
        assert running.replicas[0].jobs[0]["allowed_token_ids"] == sorted(index.allowed(b" "))[:3]


async def test_the_line_s_end_ends_the_answer_and_the_stream(fleet: Any, model_folder: Path, wait_for: Any) -> None:
    tokens = load_token_bytes(model_folder)
    line_end = tokens.index(b"\n")
    async with fleet(1) as running:
        running.replicas[0].answer = (40, line_end, 41, 42)
        outputs = await running.outputs(stop_at_line_end=True)
        assert [output.tokens for output in outputs] == [(40,), (line_end,)]
        assert outputs[-1].finish == "stop"
        assert await running.ids(stop_at_line_end=False) == [40, line_end, 41, 42]


async def test_an_endpoint_that_ignores_the_allowed_ids_is_found_out(fleet: Any) -> None:
    async with fleet(1) as running:
        running.replicas[0]._pieces = lambda body: [
            {"choices": [{"token_ids": [2], "logprobs": {"token_logprobs": [-1.0]}, "finish_reason": "length"}]}
        ]
        with pytest.raises(EngineError, match="allowed_token_ids"):
            await running.outputs(begin_with=b"return")
