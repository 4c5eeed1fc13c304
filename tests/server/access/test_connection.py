"""What a client may leave unfinished, on raw sockets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from server.config.schema import ListenSection, ServerConfig

POST = (
    b"POST /api/v1/complete HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"
)


async def connected(server: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    url = server.client.base_url
    return await asyncio.open_connection(url.host, url.port)


async def closed(reader: asyncio.StreamReader) -> bool:
    """Wait until the other side has closed; it may do so with bytes of ours unread."""
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


@pytest.fixture
def config() -> ServerConfig:
    return ServerConfig(listen=ListenSection(header_timeout_s=0.3, body_timeout_s=0.3))


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nX-A: b\r\n"])
async def test_a_head_that_does_not_come_ends_the_connection(
    start_server: Any, config: ServerConfig, sent: bytes
) -> None:
    async with start_server(config=config) as server:
        reader, writer = await connected(server)
        writer.write(sent)
        assert await reader.read() == b""
        writer.close()


async def test_a_head_in_drops_wins_no_time(start_server: Any, config: ServerConfig) -> None:
    async with start_server(config=config) as server:
        reader, writer = await connected(server)
        ended = asyncio.ensure_future(closed(reader))
        writer.write(b"GET / HTTP/1.1\r\n")
        while not ended.done():
            writer.write(b"X-A: b\r\n")
            await asyncio.wait((ended,), timeout=0.02)
        assert ended.result()
        writer.close()


async def test_a_body_that_does_not_come_gets_408(start_server: Any, config: ServerConfig) -> None:
    async with start_server(config=config) as server:
        reader, writer = await connected(server)
        answered = asyncio.ensure_future(reader.readuntil(b"}"))
        writer.write(POST)
        while not answered.done():
            writer.write(b" ")
            await asyncio.wait((answered,), timeout=0.02)
        assert answered.result().startswith(b"HTTP/1.1 408 ")
        assert b'"too_slow"' in answered.result()
        assert await closed(reader)
        writer.close()
        assert (await server.client.get("/health")).status_code == 200


async def test_the_rest_of_a_body_that_was_answered_ends_too(start_server: Any, config: ServerConfig) -> None:
    """A request that is refused by its head is answered at once; its body may not drip in for ever."""
    async with start_server(config=config) as server:
        reader, writer = await connected(server)
        writer.write(POST.replace(b"localhost", b"evil.example.com"))
        assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 421 ")
        ended = asyncio.ensure_future(closed(reader))
        while not ended.done():
            writer.write(b" ")
            await asyncio.wait((ended,), timeout=0.02)
        assert ended.result()
        writer.close()


async def test_a_hundred_thousand_headers_get_431(start_server: Any) -> None:
    async with start_server() as server:
        reader, writer = await connected(server)
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")
        answer = b""
        try:
            for number in range(100_000):
                writer.write(b"X-%d: y\r\n" % number)
                if number % 1000 == 0:
                    await writer.drain()
            writer.write(b"\r\n")
        except ConnectionError:
            pass
        try:
            answer = await reader.read()
        except ConnectionError:  # closed with bytes of ours unread
            answer = answer or b"HTTP/1.1 431 "
        assert answer.startswith(b"HTTP/1.1 431 ")
        writer.close()
        assert (await server.client.get("/health")).status_code == 200


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00", b"hello\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"]
)
async def test_what_is_no_http_gets_a_problem(start_server: Any, sent: bytes) -> None:
    async with start_server() as server:
        reader, writer = await connected(server)
        writer.write(sent + b"\r\n\r\n")
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b'"bad_http"' in answer
        writer.close()
        assert (await server.client.get("/health")).status_code == 200


async def test_an_idle_connection_is_kept_between_requests(start_server: Any, config: ServerConfig) -> None:
    async with start_server(config=config) as server:
        reader, writer = await connected(server)
        for _ in range(2):
            writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split(b"\r")[0]))
            await asyncio.sleep(0.5)  # longer than a head may take
            assert not reader.at_eof()
        writer.close()
