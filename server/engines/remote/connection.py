"""HTTP to one replica: certificates, proxies, key, time limits, and every way in which it can fail.

Guarantees: whatever goes wrong is a `ReplicaError` (the replica's doing) or a `RequestError` (the job's doing); no
wait is without a limit; leaving a stream early closes its connection, which ends the generation there; a stream
read to its end leaves a connection that the next request can use. Redirects are not followed. The operating
system's certificates count; the environment's proxy is used, though never for a loopback address.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncGenerator, Awaitable
from pathlib import Path
from typing import Any, TypeVar

import httpx
import httpx_sse

from core.addresses import is_loopback
from core.certificates import certificates
from core.errors import ConfigError, RequestError
from server.engines.remote.options import KEY_VARIABLE, RemoteOptions

_T = TypeVar("_T")

_KEEP_OPEN_S = 4.0
"""For idle connections: less than the 5 s after which vLLM's server closes them."""
_MESSAGE_CHARACTERS = 300
_BUSY = frozenset({408, 429})
_OPERATORS = frozenset({401, 403, 404, 407})
"""Statuses that no other request would change: a wrong key, a wrong address, a model that is not there."""


class ReplicaError(Exception):
    """A replica did not do its work. The text says what it did, such as `cannot be reached`, and never which it is.

    `healthy`: this request alone failed, others may go there. `late`: a time limit was over.
    """

    def __init__(self, message: str, *, healthy: bool = False, late: bool = False, status: int | None = None) -> None:
        super().__init__(message)
        self.healthy = healthy
        self.late = late
        self.status = status


class Connection:
    """Speaks to the replica at `url`. Raises `ConfigError` for a proxy or a key file that cannot be used."""

    def __init__(self, url: str, options: RemoteOptions) -> None:
        self.url = url
        self._options = options
        self._key = api_key(options.api_key_file)
        self._waits: set[asyncio.Timeout] = set()
        self._stopped = False
        try:
            self._http = httpx.AsyncClient(
                base_url=url,
                timeout=httpx.Timeout(None, connect=options.connect_s),  # the others are limited here
                limits=httpx.Limits(
                    max_connections=None,
                    max_keepalive_connections=options.max_streams,
                    keepalive_expiry=_KEEP_OPEN_S,
                ),
                trust_env=not is_loopback(url),
                verify=certificates(url),
            )
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            raise ConfigError(f"{url} cannot be asked: the environment's proxy cannot be used ({error})") from None

    def read_key(self) -> None:
        """Read the key again, so that a new one counts without a restart. Raises `ConfigError`."""
        self._key = api_key(self._options.api_key_file)

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None, *, limit_s: float) -> Any:
        """The parsed JSON of a short answer; `None` for none. Raises `ReplicaError`."""
        try:
            response = await self._within(limit_s, self._http.send(self._request(method, path, body)))
            if response.status_code != httpx.codes.OK:
                raise self._refusal(response.status_code, response.content, operators=True)
            return json.loads(response.content) if response.content else None
        except httpx.HTTPError as error:
            raise self._broken(error) from None
        except ValueError:
            raise ReplicaError(f"answered {path} with what is no JSON") from None

    async def stream(self, body: dict[str, Any]) -> AsyncGenerator[Any, None]:
        """The parsed events of a streamed completion up to `[DONE]`. Raises `ReplicaError`, `RequestError`."""
        options, response = self._options, None
        limit_s = options.first_token_s
        request = self._request("POST", "/v1/completions", {**body, "stream": True})
        try:
            response = await self._within(limit_s, self._http.send(request, stream=True))
            if response.status_code != httpx.codes.OK:
                content = await self._within(limit_s, response.aread())
                raise self._refusal(response.status_code, content)
            async with contextlib.aclosing(httpx_sse.EventSource(response).aiter_sse()) as events:
                while event := await self._within(limit_s, anext(events, None)):
                    if event.data == "[DONE]":
                        await self._within(limit_s, anext(events, None))
                        return
                    yield json.loads(event.data)
                    limit_s = options.token_s
        except (ValueError, httpx_sse.SSEError):
            raise ReplicaError("answered with what is no stream of completions") from None
        except httpx.HTTPError as error:
            raise self._broken(error) from None
        finally:
            if response is not None:
                await response.aclose()
        raise ReplicaError("broke its answer off")

    def stop_waiting(self) -> None:
        """End every wait at once, and every later one."""
        self._stopped = True
        for wait in self._waits:
            wait.reschedule(asyncio.get_running_loop().time())

    async def close(self) -> None:
        """Close every connection."""
        self.stop_waiting()
        await self._http.aclose()

    def _request(self, method: str, path: str, body: dict[str, Any] | None) -> httpx.Request:
        headers = {"authorization": f"Bearer {self._key}"} if self._key else {}
        return self._http.build_request(method, path, json=body, headers=headers)

    async def _within(self, limit_s: float, work: Awaitable[_T]) -> _T:
        wait = asyncio.timeout(0 if self._stopped else limit_s)
        try:
            async with wait:
                self._waits.add(wait)
                return await work
        except TimeoutError:
            if self._stopped:
                raise ReplicaError("was left, since the server is ending", healthy=True) from None
            raise ReplicaError(f"said nothing for {limit_s:g} s", late=True) from None
        finally:
            self._waits.discard(wait)

    def _broken(self, error: httpx.HTTPError) -> ReplicaError:
        reason = str(error) or type(error).__name__
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return ReplicaError(f"cannot be reached ({reason})")
        return ReplicaError(f"broke the connection ({reason})")

    def _refusal(self, status: int, content: bytes, *, operators: bool = False) -> ReplicaError | RequestError:
        """What a status other than 200 means. `operators`: no user's request was sent, so none is to blame."""
        message = _message(content)
        said = f"answered HTTP {status}" + (f": {message}" if message else "")
        if status in (401, 403):
            said += f"; see the API key in --endpoint-key-file or {KEY_VARIABLE}"
        if 400 <= status < 500 and not operators and status not in _BUSY | _OPERATORS:
            refused = f"the engine refused the request: {message or f'HTTP {status}'}"
            return RequestError(refused, code="refused_by_engine")
        return ReplicaError(said, healthy=status in _BUSY, status=status)


def api_key(file: Path | None) -> str:
    """The key in the file, else in the environment; empty: none. Raises `ConfigError`."""
    if file is None:
        key = os.environ.get(KEY_VARIABLE, "").strip()
        where = KEY_VARIABLE
    else:
        where = str(file)
        try:
            key = file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no UTF-8"
            raise ConfigError(f"the endpoints' API key cannot be read from {where} ({reason})") from None
        if not key:
            raise ConfigError(f"{where} is empty; it must hold the endpoints' API key")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ConfigError(f"the API key in {where} must be one word of ASCII characters")
    return key


def _message(content: bytes) -> str:
    """What an error's body says, on one line; empty where it is none of the usual forms."""
    try:
        said = json.loads(content)
        for name in ("error", "message", "detail"):
            said = said.get(name, said) if isinstance(said, dict) else said
    except ValueError:
        return ""
    return " ".join(said.split())[:_MESSAGE_CHARACTERS] if isinstance(said, str) else ""
