"""What an editor gets for what it asks: where answers end, several of them, the prompt explained, and garbage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tokenizers import Tokenizer

from core.wire import CompletionResult

Start = Callable[..., Any]
MakeRequest = Callable[..., dict[str, Any]]
Ids = Callable[[str], list[int]]
PATH = "/api/v1/complete"


async def until_idle(server: Any) -> None:
    while (await server.engine.stats()).running:
        await asyncio.sleep(0.01)


async def test_an_answer_ends_where_the_file_goes_on_and_the_engine_stops(
    start_server: Start, request_with: MakeRequest, ids_of: Ids
) -> None:
    told = [*ids_of("a = 1\n"), *ids_of("return a\n"), *ids_of("b = 2\n")]
    body = {"prefix": "", "suffix": "\nreturn a\n", "max_new_tokens": 1000}
    async with start_server(answer=told, token_s=0.002) as server:
        ended = CompletionResult.model_validate_json(
            (await server.client.post(PATH, json=request_with(**body))).content
        )
        assert (ended.finish_reason, ended.tokens.generated < 100) == ("suffix", True)
        assert "return a" not in ended.text
        await until_idle(server)
        assert (await server.engine.stats()).aborted == 1
        own = await server.client.post(PATH, json=request_with(**body, clean_up=False))
        assert CompletionResult.model_validate_json(own.content).tokens.generated == 1000, "the model's own words"


async def test_a_time_budget_gives_the_whole_lines_that_are_there(
    start_server: Start, request_with: MakeRequest, ids_of: Ids
) -> None:
    async with start_server(answer=ids_of("x = 1\ny = 2\n"), token_s=0.02) as server:
        body = request_with(prefix="", max_new_tokens=1000, time_budget_ms=500.0, clean_up=False)
        result = CompletionResult.model_validate_json((await server.client.post(PATH, json=body)).content)
        assert result.finish_reason == "time"
        assert result.text in "x = 1\ny = 2\n" * 100
        assert result.text == "" or result.text.endswith("\n")
        await until_idle(server)
        assert (await server.engine.stats()).generated_tokens < 1000, "the engine was told"


async def test_several_candidates(start_server: Start, request_with: MakeRequest, ids_of: Ids) -> None:
    end = ids_of("<|endoftext|>")
    drawn = [[*ids_of(text), *end] for text in ("two", "one", " ", "three")]
    async with start_server(answer=[*ids_of("one"), *end], drawn=drawn) as server:
        body = request_with(prefix="", candidates=5)
        result = CompletionResult.model_validate_json((await server.client.post(PATH, json=body)).content)
        assert result.text == "one"
        assert {each.text for each in result.alternatives} == {"two", "three"}, "none twice, none empty"
        assert [each.confidence for each in result.alternatives] == pytest.approx([0.6065] * 2, abs=1e-3)
        assert result.tokens.generated == len(ids_of("one")) + len(end) + sum(map(len, drawn))
        alone = CompletionResult.model_validate_json(
            (await server.client.post(PATH, json=request_with(prefix=""))).content
        )
        assert (alone.text, alone.alternatives) == ("one", ())


async def test_several_candidates_are_cancelled_together(
    start_server: Start, request_with: MakeRequest, ids_of: Ids
) -> None:
    async with start_server(answer=ids_of("x"), token_s=0.02) as server:
        body = request_with(prefix="", max_new_tokens=1000, candidates=3, clean_up=False)
        older = asyncio.ensure_future(server.client.post(PATH, json=body))
        while (await server.engine.stats()).running < 3:
            await asyncio.sleep(0.01)
        await server.client.post(PATH, json=request_with(prefix="", max_new_tokens=1))
        assert (await older).status_code == 409
        await until_idle(server)
        assert (await server.engine.stats()).aborted == 3


async def test_the_prompt_is_explained_part_by_part(
    start_server: Start, request_with: MakeRequest, ids_of: Ids
) -> None:
    pieces = [
        {"kind": "declaration", "path": "a.py", "text": "def a(): ...\n"},
        {"kind": "manual", "path": "", "text": "Say it."},
    ]
    fields = {"prefix": "x = 1\nret", "suffix": "\ny\n", "path": "b.py", "repository": "shop", "context": pieces}
    async with start_server(answer=ids_of("urn x"), template="embedded-psm") as server:
        body = request_with(**fields, explain=True)
        result = CompletionResult.model_validate_json((await server.client.post(PATH, json=body)).content)
        parts = result.prompt
        assert [(part.origin.value, part.path) for part in parts] == [
            ("template", ""), ("manual", ""), ("template", ""), ("declaration", "a.py"),
            ("template", ""), ("prefix", ""), ("template", ""), ("suffix", ""), ("template", ""),
        ]  # fmt: skip
        healed = result.tokens.healed_bytes
        assert "".join(part.text for part in parts) == (
            "<|repo_name|>shop\n<|file_sep|>\nSay it.\n<|file_sep|>a.py\ndef a(): ...\n<|file_sep|>b.py\n"
            f"<|fim_prefix|>{('x = 1' + chr(10) + 'ret')[:-healed]}<|fim_suffix|>\ny\n<|fim_middle|>"
        )
        assert sum(part.tokens for part in parts) == result.tokens.prompt
        assert sum(part.cached for part in parts) == result.tokens.cached > 0
        cached = [part.cached for part in parts]
        whole = [part.tokens for part in parts]
        first_miss = next(number for number, part in enumerate(parts) if part.cached < part.tokens)
        assert cached[:first_miss] == whole[:first_miss], "what is cached is the prompt's beginning"
        assert not any(cached[first_miss + 1 :])
        silent = CompletionResult.model_validate_json(
            (await server.client.post(PATH, json=request_with(**fields))).content
        )
        assert silent.prompt == ()


@pytest.mark.parametrize("text", [" \n\n  \t", "\r\n", ""])
async def test_nothing_but_white_space_is_nothing(
    start_server: Start, request_with: MakeRequest, ids_of: Ids, text: str
) -> None:
    async with start_server(answer=[*ids_of(text), *ids_of("<|endoftext|>")]) as server:
        result = CompletionResult.model_validate_json(
            (await server.client.post(PATH, json=request_with(prefix="", candidates=2))).content
        )
        assert (result.text, result.alternatives) == ("", ())


async def test_garbage_of_the_engine_is_no_error(
    start_server: Start, request_with: MakeRequest, qwen_tokenizer: Tokenizer
) -> None:
    lone = qwen_tokenizer.token_to_id("\u00ff")  # the byte-level alphabet's sign for 0xFF, which no UTF-8 has
    async with start_server(answer=[lone, 99_999, 3]) as server:
        result = CompletionResult.model_validate_json(
            (await server.client.post(PATH, json=request_with(prefix=""))).content
        )
        assert (result.text, result.finish_reason) == ("", "stop")
