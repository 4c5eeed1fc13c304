"""Servers on real sockets that speak like `vllm serve`, or misbehave on cue; and the engine over some of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from server.engines.remote.engine import RemoteEngine
from server.generation import Job, Output
from server.tokens.vocabulary import load_token_bytes

FAST: dict[str, Any] = {
    "check_s": 0.02,
    "check_timeout_s": 2.0,
    "first_backoff_s": 0.02,
    "max_backoff_s": 0.05,
    "drain_s": 5.0,
}


@dataclass
class Asked:
    """One request to the fake."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Replica:
    """A fake server. What it does wrong, it does to jobs; `sick` does it to admission's one token as well.

    `wrong` is one of: reset, html, garbage, break, hang, hang_first, error, nan, no_ids, abort, endless, or an HTTP
    status.
    """

    tokens: list[bytes]
    answer: Sequence[int] = (40, 41, 42)
    texts: Sequence[str] = ("hello",)
    wrong: str = ""
    sick: bool = False
    health: int = 200
    models: list[dict[str, Any]] = field(default_factory=lambda: [{"id": "tiny", "max_model_len": 512, "parent": None}])
    key: str = ""
    tls: ssl.SSLContext | None = None
    says_cached: int = 7
    asked: list[Asked] = field(default_factory=list)
    aborted: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}" if self.tls else f"http://127.0.0.1:{self.port}"

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """Bodies of the completions, without admission's."""
        return [asked.body for asked in self.asked if asked.path == "/v1/completions" and not _admission(asked.body)]

    async def start(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Be gone, as a killed process is."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._open):
                writer.transport.abort()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        content = await reader.readexactly(int(headers.get("content-length", 0)))
        path = urlsplit(head[0].split()[1]).path  # a proxy is asked for the whole address
        asked = Asked(path, headers, json.loads(content) if content else {})
        self.asked.append(asked)
        if self.key and headers.get("authorization") != f"Bearer {self.key}":
            return _reply(writer, 401, {"error": {"message": "wrong key"}})
        match asked.path:
            case "/health":
                return _reply(writer, self.health, None)
            case "/v1/models":
                return _reply(writer, self.health, {"data": self.models})
            case "/detokenize":
                text = b"".join(self.tokens[number] for number in asked.body["tokens"]).decode()
                return _reply(writer, 200, {"prompt": text})
            case "/v1/completions":
                return await self._complete(asked.body, reader, writer)
        return _reply(writer, 404, {"detail": "Not Found"})

    async def _complete(self, body: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        wrong = self.wrong if self.sick or not _admission(body) else ""
        if wrong.isdigit():
            return _reply(writer, int(wrong), {"error": {"message": f"as the test says: {wrong}"}})
        if wrong == "reset":
            writer.transport.abort()
            return False
        if wrong == "html":
            return _reply(writer, 200, None, content=b"<html>log in</html>", kind="text/html")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        leaving = asyncio.ensure_future(reader.read(1))
        telling = asyncio.ensure_future(self._tell(body, wrong, writer))
        await asyncio.wait((leaving, telling), return_when=asyncio.FIRST_COMPLETED)
        if not telling.done():
            telling.cancel()
            self.aborted += 1
            return False
        leaving.cancel()
        await asyncio.wait((leaving,))
        return telling.result()

    async def _tell(self, body: dict[str, Any], wrong: str, writer: asyncio.StreamWriter) -> bool:
        if wrong == "hang_first":
            await self.go_on.wait()
        pieces = self._pieces(body)
        for number, piece in enumerate(pieces):
            if number == 1:
                if wrong == "break":
                    writer.transport.abort()
                    return False
                if wrong == "hang":
                    await self.go_on.wait()
                if wrong == "garbage":
                    _event(writer, "{not json")
                if wrong == "error":
                    _event(writer, json.dumps({"error": {"message": "the engine\nis dead", "code": 500}}))
            if wrong == "nan":
                piece["choices"][0]["logprobs"]["token_logprobs"] = [None]
            if wrong == "no_ids":
                del piece["choices"][0]["token_ids"]
            if wrong == "abort" and number == len(pieces) - 1:
                piece["choices"][0]["finish_reason"] = "abort"
            _event(writer, json.dumps(piece))
            await writer.drain()
        if body.get("stream_options"):
            usage = {"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": self.says_cached}}
            _event(writer, json.dumps({"choices": [], "usage": usage}))
        if wrong == "endless":
            await self.go_on.wait()
        _event(writer, "[DONE]")
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    def _pieces(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        if isinstance(body["prompt"], str):
            texts = list(self.texts)[: body["max_tokens"]]
            return [_piece(text, None, number == len(texts)) for number, text in enumerate(texts, 1)]
        allowed = body.get("allowed_token_ids")
        ids = [min(allowed)] if allowed else list(self.answer)[: body["max_tokens"]]
        return [_piece("", number, position == len(ids)) for position, number in enumerate(ids, 1)]


def _admission(body: dict[str, Any]) -> bool:
    return bool(body["max_tokens"] == 1 and "allowed_token_ids" not in body)


def _piece(text: str, number: int | None, last: bool) -> dict[str, Any]:
    choice: dict[str, Any] = {"index": 0, "text": text, "logprobs": {"token_logprobs": [-0.25]}}
    choice |= {"finish_reason": "length" if last else None}
    return {"choices": [choice if number is None else {**choice, "token_ids": [number]}]}


def _event(writer: asyncio.StreamWriter, data: str) -> None:
    content = f"data: {data}\n\n".encode()
    writer.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")


def _reply(
    writer: asyncio.StreamWriter, status: int, body: Any, content: bytes = b"", kind: str = "application/json"
) -> bool:
    content = content or (b"" if body is None else json.dumps(body).encode())
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(content)}\r\n\r\n"
    writer.write(head.encode() + content)
    return True


class Running:
    """An engine over fakes."""

    def __init__(self, engine: RemoteEngine, replicas: list[Replica]) -> None:
        self.engine = engine
        self.replicas = replicas
        self._numbers = iter(range(1_000_000))

    def job(self, **fields: Any) -> Job:
        """A job with some fields set."""
        return Job(**{"id": f"{next(self._numbers)}", "prompt": (50, 51), "max_new_tokens": 16, **fields})

    async def outputs(self, **fields: Any) -> list[Output]:
        """All outputs of a job."""
        return [output async for output in self.engine.generate(self.job(**fields))]

    async def ids(self, **fields: Any) -> list[int]:
        """All token ids of a job."""
        return [token for output in await self.outputs(**fields) for token in output.tokens]

    def home_of(self, session: str) -> Replica:
        """The replica that got the session's last job."""
        with_it = [replica for replica in self.replicas if replica.jobs]
        assert len(with_it) == 1, [len(replica.jobs) for replica in self.replicas]
        return with_it[0]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a state of the engine with which `condition` holds."""
        async with asyncio.timeout(20):
            while not condition():
                await self.engine.changed(self.engine.state)


Start = Callable[..., contextlib.AbstractAsyncContextManager[Running]]


@pytest.fixture
def fleet(model_folder: Path) -> Start:
    """`async with fleet(3, max_streams=2) as running`: the engine, ready, over three fakes."""

    @contextlib.asynccontextmanager
    async def start(
        count: int, ready: bool = True, prepare: Callable[[list[Replica]], None] | None = None, **options: Any
    ) -> AsyncIterator[Running]:
        tokens = load_token_bytes(model_folder)
        replicas = [Replica(tokens) for _ in range(count)]
        if prepare is not None:
            prepare(replicas)
        for replica in replicas:
            await replica.start()
        engine = RemoteEngine(
            {
                "model": str(model_folder),
                "context_limit": 2048,
                "endpoints": [replica.url for replica in replicas],
                **FAST,
                **options,
            }
        )
        running = Running(engine, replicas)
        await engine.start()
        try:
            if ready:
                await running.until(lambda: len(engine.fleet.ready) == count)
            yield running
        finally:
            for replica in replicas:
                replica.go_on.set()
            await engine.close()
            for replica in replicas:
                await replica.stop()

    return start
