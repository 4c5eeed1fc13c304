"""The real language server over standard input and output, before a completion server that knows the file."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from core.errors import ServerUnreachableError
from core.wire import CompletionRequest
from evaluation.replay.clients.counting import CountingProxy
from evaluation.replay.clients.ghost import PROFILES
from evaluation.replay.clients.language_server import LanguageServerClient
from evaluation.replay.person import Verdict
from evaluation.replay.play import Passage, play
from evaluation.replay.records import Conditions, FileRecord
from evaluation.replay.rhythm import Rhythm
from tests.lsp.fake_server import FakeServer, Reply, reserved_port, running

TEXT = "".join(f"local value_{number} = compute({number}, value)\n" for number in range(4))
CONDITIONS = Conditions(client="lsp", rhythm=Rhythm(typos=0, jumps=0, thinking=0), speed=2)


def knowing(text: str) -> Reply:
    """A reply with the rest of the line."""
    return Reply(text=text.partition("\n")[0])


def answer(request: CompletionRequest) -> Reply:
    """The rest of the line in `TEXT`, as a server that knows it would say."""
    start = TEXT.find(request.prefix)
    return knowing(TEXT[start + len(request.prefix) :]) if start == 0 else Reply()


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with running(FakeServer(reply=answer)) as server:
        yield server


async def replayed(fake: FakeServer, profile: str) -> FileRecord:
    client = LanguageServerClient(fake.url, PROFILES[profile], {"debounce_ms": 0})
    passage = Passage("src/file.lua", "lua", TEXT, siblings={"src/other.lua": "return 1\n"})
    record = await play(passage, client, CONDITIONS)
    await client.close()
    assert client.model == "fake-model"
    return record


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_file_is_typed_with_help(fake: FakeServer, profile: str) -> None:
    record = await replayed(fake, profile)
    assert record.finished
    assert record.saved > 0
    assert record.verdicts[Verdict.WHOLE] >= 1
    # A cancelled request may have reached the proxy and not, or only in part, the server behind it.
    assert record.usage.sent - record.usage.cancelled <= len(fake.requests) <= record.usage.sent
    answered = record.usage.sent - record.usage.unknown
    assert record.usage.computed_tokens == 6 * answered  # the fake server's figures
    assert record.usage.prompt_tokens == 10 * answered
    assert {request.path for request in fake.requests} == {"src/file.lua"}


async def test_the_typed_text_is_nowhere_in_the_workspace(fake: FakeServer) -> None:
    await replayed(fake, "vscode")
    first = fake.requests[0]
    assert TEXT.startswith(first.prefix)
    assert TEXT not in "".join(piece.text for request in fake.requests for piece in request.context)


async def test_a_server_that_is_away_is_said_in_one_line() -> None:
    with reserved_port() as port:
        client = LanguageServerClient(f"http://127.0.0.1:{port}", PROFILES["vscode"])
        with pytest.raises(ServerUnreachableError):
            await play(Passage("file.lua", "lua", TEXT), client, CONDITIONS)


def request_body(number: int) -> bytes:
    request = CompletionRequest(request_id=f"r{number}", session_id="s", language="lua", prefix="local value_0 = ")
    return request.model_dump_json().encode()


async def test_the_proxy_counts_and_passes_on_what_comes(fake: FakeServer) -> None:
    proxy = CountingProxy(fake.url)
    async with proxy.serving() as url, httpx.AsyncClient(trust_env=False) as http:
        health = await http.get(f"{url}/health")
        answers = [
            await http.post(f"{url}/api/v1/complete", content=request_body(n), headers={"accept": "text/event-stream"})
            for n in range(2)
        ]
    assert health.json()["status"] == "ready"
    assert all("compute(0, value)" in each.text for each in answers)
    assert (proxy.usage.sent, proxy.usage.unknown, proxy.usage.generated_tokens) == (2, 0, 6)


async def test_the_proxy_passes_a_cancellation_on(fake: FakeServer) -> None:
    fake.reply = Reply(text="x", hang=True)
    proxy = CountingProxy(fake.url)
    async with proxy.serving() as url, httpx.AsyncClient(trust_env=False) as http:
        asking = asyncio.create_task(http.post(f"{url}/api/v1/complete", content=request_body(1)))
        while not fake.requests:
            await asyncio.sleep(0.01)
        asking.cancel()
        while not fake.abandoned:
            await asyncio.sleep(0.01)
    assert fake.abandoned == ["r1"]
    assert (proxy.usage.sent, proxy.usage.cancelled, proxy.usage.unknown) == (1, 1, 1)


async def test_the_proxy_counts_a_refusal(fake: FakeServer) -> None:
    fake.reply = Reply(status=500)
    proxy = CountingProxy(fake.url)
    async with proxy.serving() as url, httpx.AsyncClient(trust_env=False) as http:
        answered = await http.post(f"{url}/api/v1/complete", content=request_body(1))
    assert answered.status_code == 500
    assert (proxy.usage.sent, proxy.usage.failed) == (1, 1)
