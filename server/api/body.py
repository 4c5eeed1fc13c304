"""A limit on the size of a request's body, held while the body comes in.

A body that says it is too long is answered before any of it is kept; one that does not say so, as soon as it has
passed the limit. What still comes is thrown away up to `_DRAIN_FACTOR` times the limit, so that the client gets to
read the answer rather than a reset connection.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.wire import Problem

_DRAIN_FACTOR = 8


class BodyLimit:
    """ASGI middleware: 413 for a body of more than `limit` bytes."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection's scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        announced = headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._limit:
            await self._refuse(receive, send, 0)
            return
        messages: list[Message] = []
        size = 0
        while True:
            message = await receive()
            messages.append(message)
            size += len(message.get("body", b""))
            if size > self._limit:
                messages.clear()
                await self._refuse(receive, send, size)
                return
            if message["type"] != "http.request" or not message.get("more_body", False):
                break
        messages.reverse()

        async def replay() -> Message:
            return messages.pop() if messages else await receive()

        await self._app(scope, replay, send)

    async def _refuse(self, receive: Receive, send: Send, size: int) -> None:
        problem = Problem(
            code="too_large", message=f"the request is larger than {self._limit} bytes; send less context"
        )
        body = problem.model_dump_json(exclude_none=True).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": True})
        more = True
        while more and size <= self._limit * _DRAIN_FACTOR:
            message = await receive()
            size += len(message.get("body", b""))
            more = message["type"] == "http.request" and message.get("more_body", False)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
