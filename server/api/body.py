"""Limits on the size of a request's body and on how long it may take, held while the body comes in.

A body that says it is too long is answered before any of it is kept; one that does not say so, as soon as it has
passed the limit. What still comes is thrown away up to `_DRAIN_FACTOR` times the limit, so that the client gets to
read the answer rather than a reset connection. One that has not come whole in time is answered, and its connection
closed.
"""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.wire import Problem
from server.api.dialects import body_of

_DRAIN_FACTOR = 8


class BodyLimit:
    """ASGI middleware: 413 for a body of more than `limit` bytes, 408 for one that takes longer than `timeout_s`."""

    def __init__(self, app: ASGIApp, limit: int, timeout_s: float) -> None:
        self._app = app
        self._limit = limit
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection's scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        announced = headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._limit:
            await self._refuse(scope["path"], receive, send, 0)
            return
        try:
            async with asyncio.timeout(self._timeout_s):
                messages, size = await self._received(receive)
        except TimeoutError:
            what = f"the request did not come whole within {self._timeout_s:g} s; send it again"
            await _answer(scope["path"], send, 408, what)
            return
        if size > self._limit:
            await self._refuse(scope["path"], receive, send, size)
            return
        messages.reverse()

        async def replay() -> Message:
            return messages.pop() if messages else await receive()

        await self._app(scope, replay, send)

    async def _received(self, receive: Receive) -> tuple[list[Message], int]:
        """The body's messages and its size; of one that is too long, only as much as shows it."""
        messages: list[Message] = []
        size = 0
        while True:
            message = await receive()
            messages.append(message)
            size += len(message.get("body", b""))
            if size > self._limit or message["type"] != "http.request" or not message.get("more_body", False):
                return messages, size

    async def _refuse(self, path: str, receive: Receive, send: Send, size: int) -> None:
        what = f"the request is larger than {self._limit} bytes; send less context"
        await _answer(path, send, 413, what, ends=False)
        try:
            async with asyncio.timeout(self._timeout_s):
                more = True
                while more and size <= self._limit * _DRAIN_FACTOR:
                    message = await receive()
                    size += len(message.get("body", b""))
                    more = message["type"] == "http.request" and message.get("more_body", False)
        except TimeoutError:
            pass
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _answer(path: str, send: Send, status: int, message: str, *, ends: bool = True) -> None:
    code = {408: "too_slow", 413: "too_large"}[status]
    status, text = body_of(path, status, Problem(code=code, message=message))
    body = text.encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": not ends})
