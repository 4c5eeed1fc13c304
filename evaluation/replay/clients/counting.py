"""A proxy between a language server and its completion server, which counts what is asked and what it cost.

It passes bodies on as they come. A connection that the language server closes before the answer's end is closed to
the completion server too, and counted as cancelled. It costs each request about a millisecond, on the language
server's account.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
from pydantic import ValidationError

from core.addresses import is_loopback
from core.wire import CompletionResult
from evaluation.replay.records import Usage

_COMPLETE = "/api/v1/complete"
_END = b"0\r\n\r\n"


class CountingProxy:
    """Serves on loopback what `upstream` serves."""

    def __init__(self, upstream: str) -> None:
        self.usage = Usage()
        self._http = httpx.AsyncClient(base_url=upstream, timeout=None, trust_env=not is_loopback(upstream))  # noqa: S113

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """The proxy's URL, as long as the block runs."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            await self._http.aclose()

    def _count(self, **more: int) -> None:
        self.usage = self.usage.plus(**more)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive: any number of requests."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while line := await reader.readline():
                method, path, _ = line.decode("latin-1").split(" ", 2)
                headers = await _headers(reader)
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                if not await self._pass_on(method, path, headers, body, reader, writer):
                    break
        writer.close()

    async def _pass_on(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """Whether the answer went out whole."""
        counts = path == _COMPLETE
        if counts:
            self._count(sent=1)
        parts: list[bytes] = []
        answering = asyncio.ensure_future(self._answer(method, path, headers, body, writer, parts))
        leaving = asyncio.ensure_future(reader.read(1))  # nothing but the end comes while a request is answered
        await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
        whole = answering.done() and not answering.exception()
        for task in (answering, leaving):
            task.cancel()
        await asyncio.wait((answering, leaving))
        if not whole and counts and not self._book(parts):
            failed = not answering.cancelled()
            self._count(unknown=1, failed=int(failed), cancelled=int(not failed))
        return whole

    async def _answer(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        writer: asyncio.StreamWriter,
        parts: list[bytes],
    ) -> None:
        """Send what the completion server says, and keep it in `parts`."""
        kept = {name: value for name, value in headers.items() if name in ("accept", "content-type")}
        async with self._http.stream(method, path, content=body, headers=kept) as response:
            kind = response.headers.get("content-type", "application/json")
            head = f"HTTP/1.1 {response.status_code} {response.reason_phrase}\r\ncontent-type: {kind}\r\n"
            if retry := response.headers.get("retry-after"):
                head += f"retry-after: {retry}\r\n"
            writer.write(f"{head}transfer-encoding: chunked\r\n\r\n".encode("latin-1"))
            async for part in response.aiter_bytes():
                parts.append(part)
                writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
                await writer.drain()
        if path == _COMPLETE and not self._book(parts):
            self._count(failed=1, unknown=1)
        writer.write(_END)
        await writer.drain()

    def _book(self, parts: list[bytes]) -> bool:
        """Count the tokens of an answer, if it has come to its result."""
        result = _result(b"".join(parts))
        if result:
            tokens = result.tokens
            self._count(prompt_tokens=tokens.prompt, computed_tokens=tokens.computed, generated_tokens=tokens.generated)
        return result is not None


async def _headers(reader: asyncio.StreamReader) -> dict[str, str]:
    headers = {}
    while line := (await reader.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    return headers


def _result(answer: bytes) -> CompletionResult | None:
    """The result in a stream of events, or in a plain answer."""
    data = answer
    if b"event:" in answer:
        _, _, data = answer.replace(b"\r\n", b"\n").rpartition(b"event: done\ndata: ")
    with suppress(ValidationError):
        return CompletionResult.model_validate_json(data.strip())
    return None
