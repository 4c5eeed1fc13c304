"""The life of a request, the same at every door: read, routed, answered, counted, logged.

A door says how its clients' requests are read (`Door.reply`) and how the answer looks (`Reply`). Everything else is
here. Guarantees: the first item decides the status, also of a stream; a client that goes away ends the generation in
the engine, whichever way it asked; every request is counted once and has one line in the log, without anybody's code;
an error after the first item ends the stream in the door's own words.
"""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, Generic, TypeVar

from fastapi import Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from core.wire import Problem
from server.access.identity import identity_of
from server.api.dialects import refusal
from server.api.entry import About, Entry, Traces, entered
from server.api.metrics import Measured, Metrics
from server.api.problems import problem_of
from server.api.sessions import Answer, Sessions

Delta = TypeVar("Delta")
Result = TypeVar("Result", bound=Measured)

_CLIENT_CLOSED = 499


class Reply(ABC, Generic[Delta, Result]):
    """The answer to one request, as one client's protocol has it.

    `items` gives any number of deltas, then one result, an instance of `result_type`. In `session`, a newer request
    replaces an older one; `None`: nothing is replaced. `streamed` is whether the client asked for a stream.
    """

    result_type: type[Result]

    def __init__(
        self,
        about: About,
        items: AsyncGenerator[Delta | Result, None],
        *,
        streamed: bool = False,
        session: str | None = None,
    ) -> None:
        self.about = about
        self.items = items
        self.streamed = streamed
        self.session = session

    @abstractmethod
    def whole(self, result: Result) -> Response:
        """The answer in one piece."""

    @abstractmethod
    def stream(self, parts: AsyncIterator[Delta | Result | Problem]) -> Response:
        """The answer as it comes. After deltas comes the result, or the problem that ended it."""


Door = Callable[[Request], Awaitable[Reply[Any, Any]]]
"""Reads a request and routes it. Raises `VernacularError`."""


class UnderWay:
    """The requests that are being answered, of all doors."""

    def __init__(self, metrics: Metrics, traces: Traces | None = None) -> None:
        self._metrics = metrics
        self._traces = traces
        self._sessions: Sessions[Any] = Sessions()

    def endpoint(self, door: Door) -> Callable[[Request], Awaitable[Response]]:
        """A route's handler that answers what comes through `door`."""

        async def answer(http: Request) -> Response:
            return await self._answer(http, door)

        return answer

    async def _answer(self, http: Request, door: Door) -> Response:
        stack = contextlib.ExitStack()
        entry = stack.enter_context(entered(http.url.path, http.headers, self._metrics, self._traces))
        with stack:
            try:
                reply = await door(http)
                entry.about = reply.about
                session = reply.session and f"{identity_of(http).user}\0{reply.session}"  # nobody replaces another's
                answer = stack.enter_context(self._sessions.drawn(session, reply.items))
                # the first item decides the status, also of a stream
                item = await _next_or_gone(http, answer)
                if item is not None and reply.streamed:
                    return _Held(reply.stream(_parts(item, answer, reply, entry)), entry, stack.pop_all())
                while item is not None and not isinstance(item, reply.result_type):
                    item = await _next_or_gone(http, answer)
            except ClientDisconnect:  # before its request was whole
                item = None
            except Exception as error:  # the connection stays usable
                status, problem = problem_of(error)
                entry.end(problem.code, status)
                return refusal(http.url.path, status, problem)
            if item is None:
                entry.end("closed", _CLIENT_CLOSED)
                return Response(status_code=_CLIENT_CLOSED)
            entry.end("ok", result=item)
            return reply.whole(item)


class _Held(Response):
    """A stream, with what has to end when it ends, also where it never began."""

    def __init__(self, stream: Response, entry: Entry, stack: contextlib.ExitStack) -> None:
        self._stream = stream
        self._stack = stack
        self.background = None
        entry.end("closed", _CLIENT_CLOSED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._stack:
            await self._stream(scope, receive, send)


async def _parts(
    item: Delta | Result, answer: Answer[Delta | Result], reply: Reply[Delta, Result], entry: Entry
) -> AsyncIterator[Delta | Result | Problem]:
    try:
        while not isinstance(item, reply.result_type):
            yield item
            item = await answer.next()
    except Exception as error:  # the status is sent already
        status, problem = problem_of(error)
        entry.end(problem.code, status)
        yield problem
        return
    entry.end("ok", result=item)
    yield item


async def _next_or_gone(http: Request, answer: Answer[Any]) -> Any | None:
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
