"""ASGI middleware that stands before everything else, and keeps who asks for the handlers.

No body is read of a request that is refused. Cross-origin sharing (CORS) is not offered: no answer has such headers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import RequestError, UnavailableError
from server.access.identity import Identity, set_identity
from server.access.refusals import RateLimitedError
from server.api.dialects import refusal
from server.api.problems import problem_of

log = logging.getLogger("vernacular.access")

_CHALLENGES = 'Bearer realm="vernacular"', 'Basic realm="vernacular admin", charset="UTF-8"'


class Gate(Protocol):
    """`Guard` or `OpenGuard`."""

    async def admitted(self, connection: HTTPConnection) -> Identity | None:
        """Who asks; None: it does not matter. Raises `RequestError` or `UnavailableError`."""

    async def close(self) -> None:
        """Close what was opened."""


class AccessControl:
    """Asks the gate, and answers a refusal in the words of the client's protocol; `turned_away` is told its code."""

    def __init__(self, app: ASGIApp, gate: Gate, turned_away: Callable[[str], None] | None = None) -> None:
        self._app = app
        self._gate = gate
        self._turned_away = turned_away

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection's scope."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            connection = HTTPConnection(scope)
            try:
                identity = await self._gate.admitted(connection)
            except (RequestError, UnavailableError) as error:
                await self._refuse(error, scope, receive, send)
                return
            if identity is not None:
                set_identity(connection, identity)
        await self._app(scope, receive, send)

    async def _refuse(self, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        status, problem = problem_of(error)
        if isinstance(error, RateLimitedError):
            status = 429
        log.info("refused", extra={"status": status, "code": problem.code})
        if self._turned_away:
            self._turned_away(problem.code)
        response = refusal(scope["path"], status, problem)
        if status == 401:
            response.headers["WWW-Authenticate"] = _CHALLENGES[0]
            if scope["path"].startswith("/admin"):
                response.headers.append("WWW-Authenticate", _CHALLENGES[1])  # a browser asks for the key then
        await response(scope, receive, send)
