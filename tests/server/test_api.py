"""The whole server over a real socket: a scripted engine in a real worker process behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from core.wire import MAX_REQUEST_BYTES, CompletionDelta, CompletionResult, Health, ModelCard, Problem
from server.logs import TextLines

Start = Callable[..., Any]
MakeRequest = Callable[..., dict[str, Any]]
Ids = Callable[[str], list[int]]
PATH = "/api/v1/complete"
REQUESTS = "vernacular.requests"
STREAM = {"Accept": "text/event-stream"}


async def events(response: httpx.Response) -> AsyncIterator[tuple[str, str]]:
    name = ""
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, line.removeprefix("data: ")


async def test_an_answer_as_json_and_as_a_stream(start_server: Start, request_with: MakeRequest, ids_of: Ids) -> None:
    answer = [*ids_of("return total"), *ids_of("<|endoftext|>")]
    async with start_server(answer=answer) as server:
        body = request_with(prefix="x = 1 + ", request_id="a.1")
        response = await server.client.post(PATH, json=body)
        assert response.status_code == 200, response.text
        whole = CompletionResult.model_validate_json(response.content)
        assert whole.request_id == "a.1"
        assert whole.model == "tiny"
        assert whole.finish_reason == "stop"
        assert whole.confidence == pytest.approx(0.6065, abs=1e-3)  # exp(-0.5), as scripted
        assert whole.tokens.generated == len(answer)
        assert whole.tokens.cached == whole.tokens.prompt // 2
        assert whole.tokens.computed == whole.tokens.prompt - whole.tokens.cached
        assert 0 <= whole.timings.queue_ms <= whole.timings.first_token_ms <= whole.timings.total_ms

        deltas, done = [], None
        async with server.client.stream("POST", PATH, json=body, headers=STREAM) as streamed:
            assert streamed.headers["content-type"].startswith("text/event-stream")
            async for name, data in events(streamed):
                if name == "delta":
                    deltas.append(CompletionDelta.model_validate_json(data).text)
                else:
                    assert name == "done"
                    done = CompletionResult.model_validate_json(data)
        assert done is not None
        assert "".join(deltas) == done.text == whole.text
        assert len(deltas) > 1
        assert whole.text.endswith("return total"[-5:])


async def test_answers_are_cleaned_unless_the_models_own_words_are_asked_for(
    start_server: Start, request_with: MakeRequest, ids_of: Ids
) -> None:
    async with start_server(answer=[*ids_of("a, b)"), *ids_of("<|endoftext|>")]) as server:
        body = request_with(prefix="f(", suffix=")\n")
        cleaned, said = [
            CompletionResult.model_validate_json((await server.client.post(PATH, json=wanted)).content).text
            for wanted in (body, {**body, "clean_up": False})
        ]
        assert said.endswith(")")
        assert cleaned == said.removesuffix(")")


async def test_healed_bytes_are_not_answered_again(start_server: Start, request_with: MakeRequest) -> None:
    async with start_server() as server:
        response = await server.client.post(PATH, json=request_with(prefix="    ret", max_new_tokens=1))
        result = CompletionResult.model_validate_json(response.content)
        assert result.tokens.healed_bytes > 0
        assert not result.text.startswith("ret")


async def test_single_line_ends_with_the_line_and_stops_the_engine(
    start_server: Start, request_with: MakeRequest, ids_of: Ids, wait_for: Start
) -> None:
    async with start_server(answer=[*ids_of("ab"), *ids_of("\n"), *ids_of("cd")], token_s=0.02) as server:
        body = request_with(prefix="", single_line=True, max_new_tokens=500)
        result = CompletionResult.model_validate_json((await server.client.post(PATH, json=body)).content)
        assert (result.text, result.finish_reason) == ("ab", "line")
        await until_idle(server)
        assert (await server.engine.stats()).generated_tokens < 250


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "json"])
async def test_a_client_that_leaves_stops_the_engine(
    start_server: Start, request_with: MakeRequest, ids_of: Ids, stream: bool
) -> None:
    async with start_server(answer=ids_of("x"), token_s=0.02) as server:
        body = request_with(prefix="", max_new_tokens=1000)
        if stream:
            async with server.client.stream("POST", PATH, json=body, headers=STREAM) as streamed:
                async for _ in events(streamed):
                    break
        else:
            asking = asyncio.ensure_future(server.client.post(PATH, json=body))
            while not (await server.engine.stats()).generated_tokens:
                await asyncio.sleep(0.01)
            asking.cancel()
            await asyncio.wait((asking,))
        await until_idle(server)
        stats = await server.engine.stats()
        assert (stats.aborted, stats.finished) == (1, 0)
        assert 0 < stats.generated_tokens < 500
        await asyncio.sleep(0.1)
        assert (await server.engine.stats()).generated_tokens == stats.generated_tokens


async def test_a_client_that_leaves_before_its_request_is_whole_is_no_failure(
    start_server: Start, wait_for: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "vernacular.requests")
    async with start_server() as server:
        url = server.client.base_url
        _, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode())
        writer.write(b"Content-Length: 100\r\n\r\nabc")
        await writer.drain()
        writer.close()
        await wait_for(lambda: "closed" in caplog.text or "failed" in caplog.text)
    assert "closed" in caplog.text
    assert "failed" not in caplog.text


async def test_a_newer_request_of_a_session_replaces_the_older(
    start_server: Start, request_with: MakeRequest, ids_of: Ids
) -> None:
    async with start_server(answer=ids_of("x"), token_s=0.02) as server:
        older = asyncio.ensure_future(
            server.client.post(PATH, json=request_with(prefix="", max_new_tokens=1000, clean_up=False))
        )
        other = asyncio.ensure_future(
            server.client.post(PATH, json=request_with(prefix="", session_id="s2", max_new_tokens=150, clean_up=False))
        )
        while (await server.engine.stats()).running < 2:
            await asyncio.sleep(0.01)
        newer = await server.client.post(PATH, json=request_with(prefix="", max_new_tokens=2))
        assert newer.status_code == 200
        replaced = await older
        assert (replaced.status_code, replaced.json()["code"]) == (409, "superseded")
        assert (await other).status_code == 200
        await until_idle(server)
        assert (await server.engine.stats()).aborted == 1


async def until_idle(server: Any) -> None:
    async with asyncio.timeout(10):
        while (await server.engine.stats()).running:
            await asyncio.sleep(0.01)


BAD_BODIES: dict[str, tuple[bytes, int, str, str]] = {
    "no JSON": (b"{", 400, "not_json", "not JSON"),
    "empty": (b"", 400, "not_json", "not JSON"),
    "no UTF-8": (b'{"prefix": "\xff"}', 400, "not_utf8", "byte 0xff at offset 12"),
    "half a surrogate pair": (b'{"prefix": "\\ud800"}', 400, "not_json", "not JSON"),
    "no object": (b"[]", 422, "invalid_request", "object"),
    "a missing field": (b'{"request_id": "r"}', 422, "invalid_request", "session_id: Field required"),
}
BAD_FIELDS: dict[str, tuple[dict[str, object], str, str]] = {
    "unknown field": ({"prefixx": ""}, "invalid_request", "prefixx: Extra inputs"),
    "wrong type": ({"prefix": 7}, "invalid_request", "prefix: Input should be a valid string"),
    "out of range": ({"max_new_tokens": 0}, "invalid_request", "max_new_tokens"),
    "bad id": ({"request_id": "a b\n"}, "invalid_request", "request_id"),
    "another protocol": ({"protocol": 99}, "protocol_version", "protocol 99 is not spoken here"),
    "unknown language": ({"language": "pyhton"}, "unknown_language", "did you mean 'python'?"),
    "too many new tokens": ({"max_new_tokens": 1000}, "max_new_tokens", "the context holds 512 tokens"),
}


async def test_bad_requests_get_a_clear_answer_and_the_next_is_served(
    start_server: Start, request_with: MakeRequest
) -> None:
    async with start_server(context_tokens=512) as server:

        async def check(response: httpx.Response, status: int, code: str, message: str) -> None:
            problem = Problem.model_validate_json(response.content)
            assert (response.status_code, problem.code) == (status, code), problem
            assert message in problem.message
            assert "\n" not in problem.message
            good = await server.client.post(PATH, json=request_with(max_new_tokens=1))
            assert good.status_code == 200

        json_type = {"Content-Type": "application/json"}
        for body, status, code, message in BAD_BODIES.values():
            await check(await server.client.post(PATH, content=body, headers=json_type), status, code, message)
        for changes, code, message in BAD_FIELDS.values():
            response = await server.client.post(PATH, json={**request_with(), **changes})
            await check(response, 422, code, message)
        form = await server.client.post(
            PATH, content=json.dumps(request_with()), headers={"Content-Type": "text/plain"}
        )
        await check(form, 415, "content_type", "application/json")
        await check(await server.client.get("/nothing"), 404, "not_found", "Not Found")
        wrong_method = await server.client.get(PATH)
        assert wrong_method.headers["allow"] == "POST"
        await check(wrong_method, 405, "method_not_allowed", "Method Not Allowed")


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
async def test_ten_megabytes_are_refused_while_they_come_in(
    start_server: Start, request_with: MakeRequest, announced: bool
) -> None:
    body = json.dumps(request_with(prefix="x" * 10_000_000)).encode()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    async with start_server() as server:
        response = await server.client.post(
            PATH, content=body if announced else chunks(), headers={"Content-Type": "application/json"}
        )
        problem = Problem.model_validate_json(response.content)
        assert (response.status_code, problem.code) == (413, "too_large")
        assert str(MAX_REQUEST_BYTES) in problem.message
        assert (await server.client.post(PATH, json=request_with(max_new_tokens=1))).status_code == 200


async def test_a_prompt_too_long_is_cut(start_server: Start, request_with: MakeRequest) -> None:
    async with start_server(context_tokens=256) as server:
        body = request_with(prefix="value = 1\n" * 100_000, suffix="y\n" * 100_000, max_new_tokens=4)
        result = CompletionResult.model_validate_json((await server.client.post(PATH, json=body)).content)
        assert 150 < result.tokens.prompt <= 252


async def test_starting_then_ready(start_server: Start, request_with: MakeRequest) -> None:
    async with start_server(ready=False, load_s=0.5) as server:
        health = await server.client.get("/health")
        assert (health.status_code, health.headers["retry-after"]) == (503, "1")
        assert Health.model_validate_json(health.content).status == "starting"
        for response in (
            await server.client.post(PATH, json=request_with()),
            await server.client.get("/api/v1/model"),
        ):
            assert response.status_code == 503
            assert int(response.headers["retry-after"]) >= 1
            assert Problem.model_validate_json(response.content).code == "starting"
        await server.until("ready")
        health = await server.client.get("/health")
        assert health.status_code == 200
        card = ModelCard.model_validate_json((await server.client.get("/api/v1/model")).content)
        assert Health.model_validate_json(health.content).model == card
        assert (card.template, card.context_tokens, card.token_healing) == ("embedded-spm", 2048, True)


async def test_failed_says_why(start_server: Start, request_with: MakeRequest) -> None:
    async with start_server(ready=False, fail="the weights are of another shape") as server:
        await server.until("failed")
        health = await server.client.get("/health")
        assert health.status_code == 503
        assert health.json()["status"] == "failed"
        assert "the weights are of another shape" in health.json()["detail"]
        refused = await server.client.post(PATH, json=request_with())
        assert (refused.status_code, refused.json()["code"]) == (503, "failed")


async def test_metrics_and_documentation(start_server: Start, request_with: MakeRequest) -> None:
    async with start_server() as server:
        await server.client.post(PATH, json=request_with(max_new_tokens=3, prefix=""))
        await server.client.post(PATH, content=b"{")
        text = (await server.client.get("/metrics")).text
        assert 'vernacular_requests_total{language="text",model="tiny",outcome="ok"} 1.0' in text
        assert 'vernacular_requests_total{language="none",model="none",outcome="content_type"} 1.0' in text
        assert 'vernacular_tokens_total{kind="generated",model="tiny"} 3.0' in text
        assert 'vernacular_stage_seconds_count{language="text",model="tiny",stage="first_token"} 1.0' in text
        assert 'vernacular_engine_state{model="default",state="ready"} 1.0' in text
        assert 'vernacular_worker_restarts_total{model="default"} 0.0' in text
        assert 'vernacular_queue_waiting{lane="interactive",model="default"} 0.0' in text
        assert "vernacular_requests_under_way 0.0" in text
        assert (await server.client.get("/docs")).status_code == 200
        document = (await server.client.get("/openapi.json")).json()
        operation = document["paths"][PATH]["post"]
        assert {"200", "400", "413", "422", "503"} <= set(operation["responses"])
        schema = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        assert "prefix" in document["components"]["schemas"][schema]["properties"]


async def test_the_log_has_one_line_a_request_and_no_code(
    start_server: Start, request_with: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with start_server() as server:
        await server.client.post(PATH, json=request_with(prefix="secret_name = ", max_new_tokens=1))
        await server.client.post(PATH, json={**request_with(), "secret_name": 1, "language": 3})
    style = TextLines()
    lines = [style.format(record).partition("requests: ")[2] for record in caplog.records if record.name == REQUESTS]
    assert len(lines) == 2
    assert lines[0].startswith("ok session=s1 request=r1 language=text model=tiny prompt=")
    assert lines[1].startswith("invalid_request path=/api/v1/complete status=422 total_ms=")
    assert "secret_name" not in "\n".join(record.getMessage() for record in caplog.records)
