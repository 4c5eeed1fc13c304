"""OpenAI's protocol, spoken by its own package over a real socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import openai
import pytest

Start = Callable[..., Any]
Ids = Callable[[str], list[int]]

CHATML = """\
{%- for message in messages -%}
{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{ '<|im_start|>assistant\\n' }}
{%- endif -%}
"""


def client(server: Any) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{server.client.base_url}/v1", api_key="none", max_retries=0)


@pytest.fixture
def talkative(model_folder: Path) -> None:
    """Gives the model a chat template. Its control tokens are not the tokenizer's: they stay text."""
    (model_folder / "chat_template.jinja").write_text(CHATML)


async def until_idle(server: Any) -> None:
    async with asyncio.timeout(10):
        while (await server.engine.stats()).running:
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def asked(start_server: Start, **script: Any) -> AsyncIterator[tuple[Any, openai.AsyncOpenAI]]:
    async with start_server(**script) as server, client(server) as speaker:
        yield server, speaker


async def test_a_prompt_goes_on(start_server: Start, ids_of: Ids) -> None:
    answer = [*ids_of("return total"), *ids_of("<|endoftext|>")]
    async with asked(start_server, answer=answer) as (_, speaker):
        said = await speaker.completions.create(model="tiny", prompt="x = 1", max_tokens=50, temperature=0)
        assert (said.object, said.model) == ("text_completion", "tiny")
        assert [(each.text, each.finish_reason) for each in said.choices] == [("return total", "stop")]
        assert said.usage is not None
        assert (said.usage.prompt_tokens, said.usage.completion_tokens) == (len(ids_of("x = 1")), len(answer))
        short = await speaker.completions.create(model="tiny", prompt="x = 1", max_tokens=1, temperature=0)
        assert short.choices[0].finish_reason == "length"
        echoed = await speaker.completions.create(model="tiny", prompt="x = 1", echo=True, temperature=0)
        assert echoed.choices[0].text == "x = 1return total"


async def test_a_stream_is_the_same_text_and_ends_with_its_usage(start_server: Start, ids_of: Ids) -> None:
    answer = [*ids_of("return total"), *ids_of("<|endoftext|>")]
    async with asked(start_server, answer=answer) as (_, speaker):
        stream = await speaker.completions.create(
            model="tiny", prompt="x", stream=True, stream_options={"include_usage": True}, max_tokens=50
        )
        chunks = [chunk async for chunk in stream]
        assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices) == "return total"
        assert len(chunks) > 3
        assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
        assert chunks[-1].usage is not None
        assert chunks[-1].usage.completion_tokens == len(answer)
        assert len({chunk.id for chunk in chunks}) == 1


def test_the_synchronous_client_speaks_as_well(start_server: Start, ids_of: Ids) -> None:
    def ask(url: str) -> tuple[str, str]:
        with openai.OpenAI(base_url=url, api_key="none", max_retries=0) as speaker:
            whole = speaker.completions.create(model="tiny", prompt="x", temperature=0).choices[0].text
            stream = speaker.completions.create(model="tiny", prompt="x", temperature=0, stream=True)
            return whole, "".join(chunk.choices[0].text for chunk in stream if chunk.choices)

    async def run() -> tuple[str, str]:
        async with start_server(answer=[*ids_of("a b c"), *ids_of("<|endoftext|>")]) as server:
            return await asyncio.to_thread(ask, f"{server.client.base_url}/v1")

    assert asyncio.run(run()) == ("a b c", "a b c")


async def test_a_hole_is_filled_and_the_unfinished_token_healed(start_server: Start, ids_of: Ids) -> None:
    async with asked(start_server, answer=[*ids_of("x"), *ids_of("<|endoftext|>")]) as (_, speaker):
        said = await speaker.completions.create(
            model="tiny", prompt="    ret", suffix="\n", temperature=0, logprobs=0, max_tokens=5
        )
        choice = said.choices[0]
        assert not choice.text.startswith("ret")
        assert choice.logprobs is not None
        assert "".join(choice.logprobs.tokens or []) == choice.text, "healed bytes are in no token"


async def test_stop_texts_are_never_given_not_even_in_parts(start_server: Start, ids_of: Ids) -> None:
    told = [*ids_of("ab"), *ids_of("<"), *ids_of("/"), *ids_of("e"), *ids_of("nd>"), *ids_of("more")]
    async with asked(start_server, answer=told, token_s=0.005) as (server, speaker):
        wanted: dict[str, Any] = {"model": "tiny", "prompt": "x", "stop": ["</end>", "zz"], "max_tokens": 500}
        whole = await speaker.completions.create(**wanted, temperature=0)
        assert (whole.choices[0].text, whole.choices[0].finish_reason) == ("ab", "stop")
        stream = await speaker.completions.create(**wanted, temperature=0, stream=True)
        assert "".join([chunk.choices[0].text async for chunk in stream if chunk.choices]) == "ab"
        almost = await speaker.completions.create(
            model="tiny", prompt="x", stop="</e!", max_tokens=len(told), temperature=0, stream=True
        )
        assert "".join([chunk.choices[0].text async for chunk in almost if chunk.choices]) == "ab</end>more"
        await until_idle(server)
        assert (await server.engine.stats()).generated_tokens < 100, "the engine was told"


async def test_several_texts_to_several_prompts(start_server: Start, ids_of: Ids) -> None:
    end = ids_of("<|endoftext|>")
    drawn = [[*ids_of(text), *end] for text in ("one", "two")]
    async with asked(start_server, drawn=drawn) as (server, speaker):
        said = await speaker.completions.create(model="tiny", prompt=["a", "b"], n=2, seed=7, temperature=1)
        assert [each.index for each in said.choices] == [0, 1, 2, 3]
        assert sorted(each.text for each in said.choices) == ["one", "one", "two", "two"]
        assert said.usage is not None
        assert said.usage.prompt_tokens == len(ids_of("a")) + len(ids_of("b"))
        stream = await speaker.completions.create(model="tiny", prompt="a", n=2, stream=True, temperature=1)
        texts = {0: "", 1: ""}
        async for chunk in stream:
            for choice in chunk.choices:
                texts[choice.index] += choice.text
        assert set(texts.values()) == {"one", "two"}
        await until_idle(server)


async def test_logprobs_of_the_chosen_tokens(start_server: Start, ids_of: Ids) -> None:
    answer = [*ids_of("ré"), *ids_of("turn"), *ids_of("<|endoftext|>")]
    async with asked(start_server, answer=answer) as (_, speaker):
        said = await speaker.completions.create(model="tiny", prompt="x", logprobs=1, temperature=0)
        logprobs = said.choices[0].logprobs
        assert logprobs is not None
        assert logprobs.token_logprobs == [-0.5] * (len(answer) - 1)
        assert logprobs.text_offset is not None
        assert logprobs.text_offset[0] == 0
        assert logprobs.text_offset[-1] < len("réturn")
        with pytest.raises(openai.BadRequestError, match="the chosen token's logarithm alone"):
            await speaker.completions.create(model="tiny", prompt="x", logprobs=5)


async def test_a_conversation(start_server: Start, ids_of: Ids, talkative: None) -> None:
    answer = [*ids_of("yes"), *ids_of("<|endoftext|>")]
    messages: Any = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Is "}, {"type": "text", "text": "it?"}]},
    ]
    async with asked(start_server, answer=answer) as (_, speaker):
        said = await speaker.chat.completions.create(
            model="tiny", messages=messages, temperature=0, logprobs=True, top_logprobs=1
        )
        choice = said.choices[0]
        assert (said.object, choice.message.role, choice.message.content) == ("chat.completion", "assistant", "yes")
        assert choice.logprobs is not None
        assert choice.logprobs.content is not None
        assert "".join(each.token for each in choice.logprobs.content) == "yes"
        assert choice.logprobs.content[0].top_logprobs[0].token == choice.logprobs.content[0].token
        stream = await speaker.chat.completions.create(model="tiny", messages=messages, temperature=0, stream=True)
        chunks = [chunk async for chunk in stream]
        assert chunks[0].choices[0].delta.role == "assistant"
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "yes"
        assert chunks[-1].choices[0].finish_reason == "stop"
        assert chunks[0].object == "chat.completion.chunk"


async def test_a_model_without_a_chat_template_says_so(start_server: Start) -> None:
    async with asked(start_server) as (_, speaker):
        with pytest.raises(openai.BadRequestError, match="tiny has no chat template") as caught:
            await speaker.chat.completions.create(model="tiny", messages=[{"role": "user", "content": "Hello"}])
        assert caught.value.code == "no_chat_template"


async def test_models_are_listed_and_chosen_by_name(start_server: Start) -> None:
    async with asked(start_server) as (_, speaker):
        names = [model.id async for model in speaker.models.list()]
        assert names == ["tiny"]
        assert (await speaker.models.retrieve("tiny")).id == "tiny"
        for name in ("gpt-4", "../../etc/passwd", "a/b", "%2e%2e"):
            with pytest.raises(openai.NotFoundError):
                await speaker.models.retrieve(name)
            with pytest.raises(openai.NotFoundError) as caught:
                await speaker.completions.create(model=name, prompt="x")
            assert caught.value.code == "model_not_found"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "token ids": ({"prompt": [1, 2]}, "prompt: send text"),
    "lists of token ids": ({"prompt": [[1], [2]]}, "prompt: send text"),
    "no prompt": ({"prompt": []}, "prompt"),
    "best_of": ({"prompt": "x", "best_of": 2}, "best_of: this server cannot do that; leave it out"),
    "penalties": ({"prompt": "x", "frequency_penalty": 0.5}, "frequency_penalty: this server cannot"),
    "a bias": ({"prompt": "x", "logit_bias": {"5": 1}}, "logit_bias: this server cannot"),
    "echo's logprobs": ({"prompt": "x", "echo": True, "logprobs": 0}, "echo: "),
    "too many": ({"prompt": ["x"] * 9, "n": 2}, "at most 16 texts"),
    "too many stops": ({"prompt": "x", "stop": ["x"] * 17}, "stop: at most"),
    "too long": ({"prompt": "x y z " * 3000}, "the model's context holds 2048"),
    "a cold temperature": ({"prompt": "x", "temperature": -1}, "temperature: "),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_done_is_refused_in_openais_words(start_server: Start, case: str) -> None:
    fields, message = REFUSED[case]
    async with start_server() as server:
        response = await server.client.post("/v1/completions", json=fields)
        error = response.json()["error"]
        assert (response.status_code, error["type"]) == (400, "invalid_request_error")
        assert message in error["message"]


async def test_other_problems_have_openais_shape(start_server: Start) -> None:
    async with start_server(ready=False, load_s=30) as server:
        early = await server.client.post("/v1/completions", json={"prompt": "x"})
        assert early.status_code == 503
        assert early.json()["error"]["code"] == "starting"
        assert int(early.headers["Retry-After"]) >= 1
        large = await server.client.post("/v1/completions", json={"prompt": "x" * 5_000_000})
        assert (large.status_code, large.json()["error"]["code"]) == (413, "too_large")
        missing = await server.client.get("/v1/nowhere")
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")


async def test_an_engine_that_dies_ends_the_stream_with_an_error(start_server: Start, ids_of: Ids) -> None:
    async with asked(start_server, answer=ids_of("x"), die_after=5) as (_, speaker):
        stream = await speaker.completions.create(model="tiny", prompt="x", max_tokens=100, stream=True)
        with pytest.raises(openai.APIError) as caught:
            async for _ in stream:
                pass
        assert "engine" in str(caught.value) or "worker" in str(caught.value)


@pytest.mark.parametrize("path", ["/v1/completions", "/v1/chat/completions", "/infill", "/api/generate"])
async def test_a_client_that_leaves_a_stream_stops_the_engine(
    start_server: Start, ids_of: Ids, talkative: None, path: str
) -> None:
    body = {
        "model": "tiny",
        "stream": True,
        "max_tokens": 1000,
        "prompt": "x",
        "raw": True,
        "messages": [{"role": "user", "content": "x"}],
        "n": 2,
    }
    async with start_server(answer=ids_of("x"), token_s=0.02) as server:
        async with server.client.stream("POST", path, json=body) as streamed:
            assert streamed.status_code == 200
            async for _ in streamed.aiter_lines():
                break
        await until_idle(server)
        stats = await server.engine.stats()
        assert stats.finished == 0
        assert stats.aborted >= 1


@pytest.mark.parametrize(
    "path", ["/v1/completions", "/v1/chat/completions", "/infill", "/api/generate", "/tabby/v1/completions"]
)
async def test_a_client_that_leaves_before_the_answer_stops_the_engine(
    start_server: Start, ids_of: Ids, talkative: None, path: str
) -> None:
    body = {
        "model": "tiny",
        "stream": False,
        "max_tokens": 1000,
        "prompt": "x",
        "messages": [{"role": "user", "content": "x"}],
    }
    if "tabby" in path:
        body = {"segments": {"prefix": "x"}}
    async with start_server(answer=ids_of("x"), token_s=0.05) as server:
        asking = asyncio.ensure_future(server.client.post(path, json=body))
        while not (await server.engine.stats()).generated_tokens:
            await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.wait((asking,))
        await until_idle(server)
        assert (await server.engine.stats()).aborted == 1


async def test_requests_of_one_user_replace_each_other_in_a_hole_only(start_server: Start, ids_of: Ids) -> None:
    async with asked(start_server, answer=ids_of("x"), token_s=0.02) as (server, speaker):
        wanted: dict[str, Any] = {"model": "tiny", "prompt": "x", "user": "a person", "max_tokens": 200}
        plain = asyncio.ensure_future(speaker.completions.create(**wanted))
        older = asyncio.ensure_future(speaker.completions.create(**wanted, suffix="y"))
        while (await server.engine.stats()).running < 2:
            await asyncio.sleep(0.01)
        await speaker.completions.create(**{**wanted, "max_tokens": 1}, suffix="y")
        with pytest.raises(openai.ConflictError) as caught:
            await older
        assert caught.value.response.headers["x-should-retry"] == "false"
        assert (await plain).choices[0].finish_reason == "length"
