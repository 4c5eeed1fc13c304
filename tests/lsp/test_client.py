"""The HTTP side: where requests go, and what errors become."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.addresses import is_loopback
from core.errors import RequestError, ServerUnreachableError, UnavailableError
from core.wire import CompletionDelta, CompletionRequest, CompletionResult, Problem
from lsp.client import CompletionClient, ProtocolMismatchError
from tests.lsp.fake_server import FakeServer, Reply, reserved_port, running, starting

REQUEST = CompletionRequest(request_id="r-1", session_id="s-1", language="python", prefix="a")


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with running(FakeServer(reply=Reply("answer"))) as server:
        yield server


async def answer_of(url: str) -> CompletionResult:
    client = CompletionClient(url)
    try:
        return await client.complete(REQUEST)
    finally:
        await client.close()


async def test_deltas_come_before_the_result(fake: FakeServer) -> None:
    client = CompletionClient(fake.url)
    async with client.stream(REQUEST) as events:
        kinds = [type(event) async for event in events]
    await client.close()
    assert kinds == [CompletionDelta, CompletionResult]


async def test_this_machine_is_asked_past_any_proxy(fake: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with reserved_port() as nobody:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{nobody}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        assert (await answer_of(fake.url)).text == "answer"


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "gopher://127.0.0.1:9", "127.0.0.1:port"])
async def test_a_proxy_that_cannot_be_used_is_said(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(ServerUnreachableError, match="the proxy that the environment names cannot be used"):
        await answer_of("http://completions.example.com")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:8000", True),
        ("http://127.8.9.1:80", True),
        ("http://[::1]:80", True),
        ("http://dev.localhost", True),
        ("http://10.0.0.1", False),
        ("https://localhost.example.com", False),
    ],
)
def test_what_this_machine_is(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


async def test_one_connection_serves_many_requests(fake: FakeServer) -> None:
    client = CompletionClient(fake.url)
    for _ in range(5):
        await client.complete(REQUEST)
    await client.close()
    assert fake.connections == 1


@pytest.mark.parametrize("retry_after", ["7", "Wed, 21 Oct 2026 07:28:00 GMT", "-1", None])
async def test_unavailable_with_every_kind_of_retry_after(fake: FakeServer, retry_after: str | None) -> None:
    fake.reply = Reply(status=503, problem=Problem(code="starting", message="loading"), retry_after=retry_after)
    with pytest.raises(UnavailableError, match="loading") as caught:
        await answer_of(fake.url)
    assert caught.value.retry_after_s == (7 if retry_after == "7" else 0)
    assert caught.value.code == "starting"


async def test_the_log_has_the_ids_that_the_servers_log_has(fake: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "lsp.client")
    await answer_of(fake.url)
    fake.reply = Reply(problem=Problem(code="busy", message="later", retry_after_s=1), status=503)
    with pytest.raises(UnavailableError):
        await answer_of(fake.url)
    said = [record.getMessage() for record in caplog.records if record.name == "lsp.client"]
    assert said == ["ok session=s-1 request=r-1", "busy session=s-1 request=r-1"]


async def test_a_request_that_can_never_succeed(fake: FakeServer) -> None:
    fake.reply = Reply(status=422, problem=Problem(code="unknown_language", message="no such language"))
    with pytest.raises(RequestError, match="no such language") as caught:
        await answer_of(fake.url)
    assert (caught.value.status, caught.value.code) == (422, "unknown_language")


async def test_another_version_is_told_from_garbage(fake: FakeServer) -> None:
    body = b'{"protocol": 9, "something": "new"}'
    fake.reply = Reply(
        raw=b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nevent: done\ndata: " + body + b"\n\n"
    )
    with pytest.raises(ProtocolMismatchError, match=r"version 9 .* this side version 1; update the editor's extension"):
        await answer_of(fake.url)


async def test_an_error_in_the_middle_of_a_stream(fake: FakeServer) -> None:
    problem = Problem(code="engine", message="the engine died", retry_after_s=2)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
    fake.reply = Reply(raw=head + b"event: error\ndata: " + problem.model_dump_json().encode() + b"\n\n")
    with pytest.raises(UnavailableError, match="the engine died") as caught:
        await answer_of(fake.url)
    assert caught.value.retry_after_s == 2


async def test_health_is_read_whatever_the_status(fake: FakeServer) -> None:
    fake.health = starting("loading")
    client = CompletionClient(fake.url)
    assert (await client.health()).status == "starting"
    await client.close()


@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:99999", "http://exa mple"])
async def test_what_is_no_url(url: str) -> None:
    with pytest.raises(ServerUnreachableError):
        await answer_of(url)


async def test_nobody_answers() -> None:
    with reserved_port() as port, pytest.raises(ServerUnreachableError, match=r"nobody answers at .* server running"):
        await answer_of(f"http://127.0.0.1:{port}")
