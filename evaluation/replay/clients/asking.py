"""What the clients without a language server share: one HTTP request at a time, in the background."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from core.addresses import is_loopback
from core.errors import ServerUnreachableError
from evaluation.replay.records import Usage

TIMEOUT_S = 30.0


class Asker:
    """Posts JSON to one server and counts. A request that is given up closes its connection."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.usage = Usage()
        # A new connection for each request, as curl makes one: llama.cpp's server ends idle ones without a word.
        limits = httpx.Limits(max_keepalive_connections=0)
        trust = not is_loopback(self.url)
        self._http = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=trust, limits=limits)

    async def get(self, path: str) -> Any:
        """What the server says of itself. Raises `ServerUnreachableError`."""
        try:
            response = await self._http.get(self.url + path)
            response.raise_for_status()
            return response.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise ServerUnreachableError(f"{self.url}{path} does not answer ({reason}); is the server up?") from None

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """The answer, or nothing where the request failed, which is counted; as is that it was given up."""
        self.count(sent=1)
        try:
            response = await self._http.post(self.url + path, json=body)
            if response.status_code == httpx.codes.OK and isinstance(answer := response.json(), dict):
                return answer
        except asyncio.CancelledError:
            self.count(cancelled=1, unknown=1)
            raise
        except (httpx.HTTPError, ValueError):
            pass
        self.count(failed=1, unknown=1)
        return None

    def count(self, **more: int) -> None:
        """Count so much more."""
        self.usage = self.usage.plus(**more)

    def take_usage(self) -> Usage:
        """What was counted since the last time."""
        usage, self.usage = self.usage, Usage()
        return usage

    async def close(self) -> None:
        """Close what is open."""
        await self._http.aclose()


async def ended(task: asyncio.Task[None] | None) -> None:
    """Give a task up, and wait until it is gone."""
    if task:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
