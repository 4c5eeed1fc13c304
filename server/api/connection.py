"""One HTTP connection: uvicorn's, with limits on what a client may leave unfinished.

Guarantees: a request's head that has not come whole within the limit ends the connection, be it sent in drops or not
at all, and so does what is left of a body whose request was answered already; a head that is too long gets 431, and
what is no HTTP 400, each with a `Problem`. A body's own limit is `server.api.body`'s.

h11 is used wherever httptools is installed too: that one takes heads of any length.
"""

from __future__ import annotations

import asyncio
import sys

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from core.wire import Problem


def connection_class(header_timeout_s: float) -> type[H11Protocol]:
    """The class of connections that have so long for a request's head."""

    class Limited(Connection):
        limit_s = header_timeout_s

    return Limited


class Connection(H11Protocol):
    """A connection; `limit_s` for what a client leaves unfinished."""

    limit_s = 10.0
    _ending: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._await_client()

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        super().data_received(data)
        self._await_client()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        super().connection_lost(exc)
        self._stop_waiting()

    def send_400_response(self, msg: str) -> None:
        """Say what is wrong with the bytes that came, and close. Called while h11's error is being handled."""
        status = getattr(sys.exc_info()[1], "error_status_hint", 400)
        text = "the request's head is too long; send fewer headers" if status == 431 else "this is no HTTP request"
        body = Problem(code="bad_http", message=text).model_dump_json(exclude_none=True).encode()
        headers = [("content-type", "application/json"), ("content-length", str(len(body))), ("connection", "close")]
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):  # else an answer has begun
            reason = b"Request Header Fields Too Large" if status == 431 else b"Bad Request"
            for event in (
                h11.Response(status_code=status, headers=headers, reason=reason),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _await_client(self) -> None:
        """Have the timer run while the client has something to finish; drops of it do not wind it up again."""
        theirs, ours = self.conn.their_state, self.conn.our_state
        unfinished = theirs is h11.IDLE or (ours is h11.DONE and theirs is h11.SEND_BODY)
        if not unfinished:
            self._stop_waiting()
        elif self._ending is None:
            self._ending = self.loop.call_later(self.limit_s, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
