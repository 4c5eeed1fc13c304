"""`POST /api/v1/complete`: one request in, a stream of events or one JSON answer out.

A client that goes away ends the generation in the engine, whichever way it asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Iterator

from fastapi import Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import ClientDisconnect

from core.language_files import LanguageRegistry
from core.wire import CompletionDelta, CompletionRequest, CompletionResult
from server.api.metrics import Metrics
from server.api.problems import problem_of, problem_response
from server.api.requests import parse_request
from server.api.sessions import Answer, Sessions
from server.service import Service

log = logging.getLogger("vernacular.requests")

Item = CompletionDelta | CompletionResult

_CLIENT_CLOSED = 499
_SSE_PING_S = 15
_SHUTDOWN_S = 2
"""A stream gets so long to end with its error event when the server ends."""


class CompletionEndpoint:
    """The route's handler, with what all requests share."""

    def __init__(self, service: Service, languages: LanguageRegistry, metrics: Metrics) -> None:
        self._service = service
        self._languages = languages
        self._metrics = metrics
        self._sessions: Sessions[Item] = Sessions()

    async def answer(self, http: Request) -> Response:
        """Answer one request."""
        stack = contextlib.ExitStack()
        entry = stack.enter_context(_entry(self._metrics))
        with stack:
            try:
                request = parse_request(await http.body(), http.headers.get("content-type", ""), self._languages)
                entry.request = request
                answer = self._sessions.begin(request.session_id, self._service.complete(request))
                stack.callback(self._sessions.end, request.session_id, answer)
                # the first item decides the status, also of a stream
                item = await _next_or_gone(http, answer)
                if item is not None and "text/event-stream" in http.headers.get("accept", ""):
                    events = _events(item, answer, entry, stack.pop_all())
                    return EventSourceResponse(events, ping=_SSE_PING_S, shutdown_grace_period=_SHUTDOWN_S)
                while isinstance(item, CompletionDelta):
                    item = await _next_or_gone(http, answer)
            except ClientDisconnect:  # before its request was whole
                item = None
            except Exception as error:  # the connection stays usable
                status, problem = problem_of(error)
                entry.outcome = problem.code
                return problem_response(status, problem)
            if item is None:
                entry.outcome = "closed"
                return Response(status_code=_CLIENT_CLOSED)
            entry.outcome, entry.result = "ok", item
            return Response(item.model_dump_json(), media_type="application/json")


async def _events(
    item: Item, answer: Answer[Item], entry: _Entry, stack: contextlib.ExitStack
) -> AsyncIterator[ServerSentEvent]:
    with stack:
        entry.outcome = "closed"
        try:
            while isinstance(item, CompletionDelta):
                yield ServerSentEvent(item.model_dump_json(), event="delta")
                item = await answer.next()
        except Exception as error:  # the status is sent already
            _, problem = problem_of(error)
            entry.outcome = problem.code
            yield ServerSentEvent(problem.model_dump_json(exclude_none=True), event="error")
            return
        entry.outcome, entry.result = "ok", item
        yield ServerSentEvent(item.model_dump_json(), event="done")


async def _next_or_gone(http: Request, answer: Answer[Item]) -> Item | None:
    """The next item; `None` where the client went away before it came."""
    coming = asyncio.ensure_future(answer.next())
    leaving = asyncio.ensure_future(_disconnected(http))
    try:
        await asyncio.wait((coming, leaving), return_when=asyncio.FIRST_COMPLETED)
        return coming.result() if coming.done() else None
    finally:
        coming.cancel()
        leaving.cancel()


async def _disconnected(http: Request) -> None:
    while (await http.receive())["type"] != "http.disconnect":
        pass


class _Entry:
    """What the log and the metrics say of one request."""

    def __init__(self) -> None:
        self.request: CompletionRequest | None = None
        self.result: CompletionResult | None = None
        self.outcome = "internal"
        self.arrived = time.monotonic()


@contextlib.contextmanager
def _entry(metrics: Metrics) -> Iterator[_Entry]:
    """Count a request from here to the end, and write its line of the log."""
    entry = _Entry()
    metrics.began()
    try:
        yield entry
    finally:
        metrics.ended(entry.outcome, entry.result)
        request, result = entry.request, entry.result
        about = (
            f" session={request.session_id} request={request.request_id} language={request.language}" if request else ""
        )
        if result:
            tokens = result.tokens
            about += (
                f" prompt={tokens.prompt} cached={tokens.cached} generated={tokens.generated}"
                f" healed_bytes={tokens.healed_bytes} first_ms={result.timings.first_token_ms:.1f}"
            )
        log.info("%s%s total_ms=%.1f", entry.outcome, about, (time.monotonic() - entry.arrived) * 1e3)
