"""SIGTERM to a real process: who waits for an answer gets one, or an error within the limit; nothing is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

MakeRequest = Callable[..., dict[str, Any]]
PROGRAM = Path(__file__).with_name("ending_server.py")
ROOT = Path(__file__).resolve().parents[2]
PATH = "/api/v1/complete"
STREAM = {"Accept": "text/event-stream"}


class Ending:
    """The process, and a client of it."""

    def __init__(self, process: subprocess.Popen[str], client: httpx.AsyncClient) -> None:
        self.process = process
        self.client = client
        self.children = [int(pid) for pid in _children(process.pid)]

    async def under_way(self, count: int) -> None:
        """Wait until so many requests are being answered."""
        async with asyncio.timeout(30):
            while f"vernacular_requests_under_way {count}.0" not in (await self.client.get("/metrics")).text:
                await asyncio.sleep(0.01)

    async def ended(self) -> str:
        """Wait for the end; what was said after the address. No worker is left."""
        assert self.process.stdout is not None
        rest = await asyncio.to_thread(self.process.stdout.read)
        assert await asyncio.to_thread(self.process.wait) == 0
        assert self.children
        assert not _alive(self.children)
        return rest.strip()


def _children(pid: int) -> list[str]:
    return [word for file in Path(f"/proc/{pid}/task").glob("*/children") for word in file.read_text().split()]


def _alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def _process(*arguments: str) -> subprocess.Popen[str]:
    environment = dict(os.environ) | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), *arguments], stdout=subprocess.PIPE, text=True, env=environment
    )


@pytest.fixture
def serving(model_folder: Path) -> Callable[..., contextlib.AbstractAsyncContextManager[Ending]]:
    """`async with serving(limit_s, token_s) as server`."""

    @contextlib.asynccontextmanager
    async def start(limit_s: int, token_s: float) -> AsyncIterator[Ending]:
        with _process(str(model_folder), str(limit_s), str(token_s)) as process:
            assert process.stdout is not None
            try:
                url = (await asyncio.to_thread(process.stdout.readline)).strip()
                async with httpx.AsyncClient(base_url=url, timeout=60) as client:
                    yield Ending(process, client)
            finally:
                process.kill()

    return start


async def test_answers_under_way_are_finished(serving: Any, request_with: MakeRequest) -> None:
    async with serving(limit_s=60, token_s=0.2) as server:
        bodies = [request_with(session_id=f"s{number}", max_new_tokens=8, clean_up=False) for number in range(3)]
        whole = [asyncio.ensure_future(server.client.post(PATH, json=body)) for body in bodies[:2]]
        streamed = asyncio.ensure_future(server.client.post(PATH, json=bodies[2], headers=STREAM))
        await server.under_way(3)
        server.process.terminate()
        for answer in await asyncio.gather(*whole):
            assert answer.status_code == 200
            assert answer.json()["tokens"]["generated"] == 8
        assert "event: done" in (await streamed).text
        assert await server.ended() == "ended"
        with pytest.raises(httpx.ConnectError):
            await server.client.get("/health")


async def test_who_takes_longer_than_the_limit_gets_an_error_in_time(serving: Any, request_with: MakeRequest) -> None:
    async with serving(limit_s=1, token_s=0.5) as server:
        slow = [request_with(session_id=f"s{number}", max_new_tokens=1000, clean_up=False) for number in range(2)]
        whole = asyncio.ensure_future(server.client.post(PATH, json=slow[0]))
        streamed = asyncio.ensure_future(server.client.post(PATH, json=slow[1], headers=STREAM))
        await server.under_way(2)
        server.process.terminate()
        asked = time.monotonic()
        answer = await whole
        assert answer.status_code == 503
        assert "retry-after" in answer.headers
        assert "event: error" in (await streamed).text
        assert await server.ended() == "ended"
        assert time.monotonic() - asked < 60  # and not the 500 s that the answers would take
