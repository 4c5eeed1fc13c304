"""The completion server, from the editor's side: one streaming HTTP request for each completion.

Closing a stream (or cancelling the task that reads it) closes its connection, and with that ends the generation
down to the engine. Errors of httpx and of what the server says are translated here, once: every method raises
`ServerUnreachableError` (nobody answers, or not in the protocol), `UnavailableError` (try again later) or
`RequestError` (never with this request), each with a one-line text, and nothing else.

A server on this machine is asked directly, whatever proxy the environment names; others through the proxy.
Certificates are checked against the operating system's store, where companies put theirs.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, TypeVar

import httpx
import httpx_sse
from pydantic import BaseModel, ValidationError

from core.addresses import is_loopback
from core.certificates import certificates
from core.errors import RequestError, ServerUnreachableError, UnavailableError, VernacularError
from core.events import EventBatch, EventReceipt
from core.wire import PROTOCOL_VERSION, CompletionDelta, CompletionRequest, CompletionResult, Health, Problem
from lsp.credentials import HOW_TO_GET_IN, Credentials

CONNECT_TIMEOUT_S = 2.0
HEALTH_TIMEOUT_S = 5.0
EVENTS_TIMEOUT_S = 15.0

DRAIN_TIMEOUT_S = 0.1

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer", bound=BaseModel)
Event = CompletionDelta | CompletionResult


class NoAnswerError(ServerUnreachableError):
    """Nothing came in time: a server with too much to do, or a proxy that swallows what it is sent."""


class NotInProtocolError(ServerUnreachableError):
    """What came is no answer of a completion server: a proxy's page, or another program's."""


class ProtocolMismatchError(NotInProtocolError):
    """The server speaks another version of the protocol: waiting does not help, an update does."""


class CompletionClient:
    """Asks one completion server. Connections are kept open between requests; `close` when done.

    `timeout_s` bounds each wait for the next piece of an answer. Raises `ServerUnreachableError` for what is no URL,
    and for a proxy of the environment that cannot be used. Without `credentials` they are those of the environment and
    of `vernacular login`.
    """

    def __init__(self, url: str, timeout_s: float = 8.0, credentials: Credentials | None = None) -> None:
        self.url = _checked(url)
        self._timeout_s = timeout_s
        self._credentials = credentials or Credentials(self.url)
        try:
            self._http = httpx.AsyncClient(
                base_url=self.url,
                trust_env=not is_loopback(self.url),
                verify=certificates(self.url),
            )
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            reason = f"the proxy that the environment names cannot be used ({_reason(error)})"
            raise ServerUnreachableError(f"{self.url} cannot be asked: {reason}") from None

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def health(self) -> Health:
        """What the server says of itself, be it ready or not. Raises `ServerUnreachableError`."""
        with _translated(self.url):
            response = await self._http.get("/health", timeout=HEALTH_TIMEOUT_S)
        health = _parsed(Health, response.content, self.url)
        _check_version(health.protocol, self.url)
        return health

    async def tell(self, batch: EventBatch) -> EventReceipt:
        """Tell what became of proposals; they are on the server's disk when this returns."""
        content, headers = batch.model_dump_json(exclude_none=True), await self._headers()
        with _translated(self.url):
            response = await self._http.post(
                "/api/v1/events", content=content, headers=headers, timeout=EVENTS_TIMEOUT_S
            )
        if response.status_code != httpx.codes.OK:
            raise _refusal(response, response.content, self.url)
        return _parsed(EventReceipt, response.content, self.url)

    async def complete(self, request: CompletionRequest, said: Callable[[str], None] | None = None) -> CompletionResult:
        """The whole answer to a request; `said` is told the model's words as they come, before clean-up."""
        result: CompletionResult | None = None
        outcome = "cancelled"
        try:
            async with self.stream(request) as events:
                async for event in events:
                    if isinstance(event, CompletionResult):
                        result = event
                    elif said:
                        said(event.text)
            if result is None:
                raise NotInProtocolError(f"{self.url} ended its answer before the result")
            outcome = "ok"
        except VernacularError as error:
            outcome = getattr(error, "code", "unreachable")
            raise
        finally:  # the server's log has a line with the same ids
            logger.info("%s session=%s request=%s", outcome, request.session_id, request.request_id)
        return result

    @asynccontextmanager
    async def stream(self, request: CompletionRequest) -> AsyncIterator[AsyncIterator[Event]]:
        """The answer as it comes: deltas, then one result. Leaving the block early ends the generation."""
        async with self._opened("/api/v1/complete", request.model_dump_json()) as response:
            yield self._events(response)

    @asynccontextmanager
    async def converse(
        self, messages: Sequence[tuple[str, str]], *, path: str, user: str, max_new_tokens: int, timeout_s: float
    ) -> AsyncIterator[AsyncIterator[tuple[str, str]]]:
        """The next turn of a conversation as it comes, in pieces of (model, text). Leaving the block early ends it.

        `messages` are (role, text); the language of `path` chooses the model. `timeout_s` is for each piece.
        """
        body = {
            "messages": [{"role": role, "content": text} for role, text in messages],
            "path": path,
            "user": user,
            "max_tokens": max_new_tokens,
            "temperature": 0,
            "stream": True,
        }
        async with self._opened("/v1/chat/completions", json.dumps(body), timeout_s) as response:
            yield self._turn(response)

    @asynccontextmanager
    async def _opened(self, path: str, content: str, timeout_s: float | None = None) -> AsyncIterator[httpx.Response]:
        """The answer to what is posted, its events not read yet; `timeout_s` in the place of the client's own."""
        headers = {"accept": "text/event-stream"} | await self._headers()
        timeout = _timeout(timeout_s or self._timeout_s)
        with _translated(self.url):
            async with self._http.stream("POST", path, content=content, headers=headers, timeout=timeout) as response:
                if response.status_code != httpx.codes.OK:
                    raise _refusal(response, await response.aread(), self.url)
                yield response

    async def _headers(self) -> dict[str, str]:
        return {"content-type": "application/json"} | await self._credentials.headers()

    async def _turn(self, response: httpx.Response) -> AsyncIterator[tuple[str, str]]:
        async for event in httpx_sse.EventSource(response).aiter_sse():
            if event.data == "[DONE]":
                return
            try:
                said = json.loads(event.data)
                if "error" in said:
                    raise _as_error(_foreign_problem(said), httpx.codes.SERVICE_UNAVAILABLE, None)
                for choice in said["choices"]:
                    yield str(said["model"]), str(choice["delta"].get("content") or "")
            except (ValueError, KeyError, TypeError, AttributeError):
                raise NotInProtocolError(f"{self.url}/v1/chat/completions answered what is no chunk") from None
        raise NotInProtocolError(f"{self.url} ended its answer before the result")

    async def _events(self, response: httpx.Response) -> AsyncIterator[Event]:
        events = httpx_sse.EventSource(response).aiter_sse()
        async for event in events:
            if event.event == "delta":
                yield _parsed(CompletionDelta, event.data, self.url)
            elif event.event == "done":
                result = _parsed(CompletionResult, event.data, self.url)
                _check_version(result.protocol, self.url)
                yield result
                await _drained(events)
                return
            elif event.event == "error":
                raise _as_error(_parsed(Problem, event.data, self.url), httpx.codes.SERVICE_UNAVAILABLE, None)


def _timeout(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=min(CONNECT_TIMEOUT_S, seconds))


def _checked(url: str) -> str:
    example = "write it like http://127.0.0.1:8480"
    try:
        port = httpx.URL(url).port
    except httpx.InvalidURL as error:
        raise ServerUnreachableError(f"{url!r} is no URL ({error}); {example}") from None
    if port is not None and not 0 < port < 65536:
        raise ServerUnreachableError(f"{url!r} has port {port}, which cannot be; {example}")
    return url.rstrip("/")


async def _drained(events: AsyncIterator[httpx_sse.ServerSentEvent]) -> None:
    # A stream read to its end leaves a connection that the next request can use.
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_TIMEOUT_S):
            async for _ in events:
                pass


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except httpx.ConnectError as error:
        raise ServerUnreachableError(f"nobody answers at {url} ({_reason(error)}); is the server running?") from None
    except httpx.TimeoutException:
        raise NoAnswerError(f"{url} did not answer in time; is the server, or a proxy before it, stuck?") from None
    except httpx_sse.SSEError:  # one of httpx's, too
        raise NotInProtocolError(f"{url} did not answer with server-sent events; is it a Vernacular server?") from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise ServerUnreachableError(f"the connection to {url} failed ({_reason(error)})") from None


def _refusal(response: httpx.Response, body: bytes, url: str) -> Exception:
    try:
        problem = _problem(body)
    except ValueError:
        if response.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
            return NotInProtocolError(
                f"{url} answered HTTP {response.status_code} and not in the protocol; is it a Vernacular server?"
            )
        problem = Problem(code="http_error", message=f"{url} answered HTTP {response.status_code}")
    return _as_error(problem, response.status_code, response.headers.get("retry-after"))


def _problem(body: bytes) -> Problem:
    """Raises `ValueError` for what is none."""
    data = json.loads(body)
    return _foreign_problem(data) if isinstance(data, dict) and "error" in data else Problem.model_validate(data)


def _foreign_problem(data: Any) -> Problem:
    """A problem as OpenAI's interface has it. Raises `ValueError` for what is none."""
    try:
        return Problem(code=data["error"]["code"] or "http_error", message=data["error"]["message"])
    except (KeyError, TypeError) as error:
        raise ValueError(str(error)) from None


def _as_error(problem: Problem, status: int, retry_after: str | None) -> Exception:
    if problem.code == "protocol_version":
        return ProtocolMismatchError(problem.message)
    if problem.code == "superseded":
        return RequestError(problem.message, status=httpx.codes.CONFLICT, code=problem.code)
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return RequestError(f"{problem.message}; {HOW_TO_GET_IN}", status=status, code=problem.code)
    if status < httpx.codes.INTERNAL_SERVER_ERROR and status != httpx.codes.TOO_MANY_REQUESTS:
        return RequestError(problem.message, status=status, code=problem.code)
    wait_s = problem.retry_after_s
    if wait_s is None and retry_after is not None and retry_after.strip().isdecimal():
        wait_s = float(retry_after)
    return UnavailableError(problem.message, retry_after_s=wait_s or 0.0, code=problem.code)


def _parsed(model: type[Answer], data: str | bytes, url: str) -> Answer:
    try:
        return model.model_validate_json(data)
    except ValidationError:
        version = _protocol_of(data)
        if version is not None:
            _check_version(version, url)
        raise NotInProtocolError(f"{url} did not answer in the protocol; is it a Vernacular server?") from None


def _protocol_of(data: str | bytes) -> int | None:
    # Another version's answer may have fields of its own; its version number says so better than they do.
    try:
        version = json.loads(data).get("protocol")
    except (ValueError, AttributeError):
        return None
    return version if isinstance(version, int) else None


def _check_version(version: int, url: str) -> None:
    if version != PROTOCOL_VERSION:
        older = "the server" if version < PROTOCOL_VERSION else "the editor's extension"
        raise ProtocolMismatchError(
            f"{url} speaks version {version} of the protocol, this side version {PROTOCOL_VERSION}; update {older}"
        )


def _reason(error: Exception) -> str:
    return str(error).strip() or type(error).__name__
