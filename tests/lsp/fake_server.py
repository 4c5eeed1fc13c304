"""A small completion server made of the standard library, which does what a test tells it.

Speaks the wire protocol of `core/wire.py` over real sockets on loopback, and keeps what it was asked and which
connections were closed before their answer's end.
"""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from core.events import Event, EventBatch, EventReceipt
from core.wire import (
    Candidate,
    CompletionRequest,
    CompletionResult,
    FinishReason,
    Health,
    Login,
    ModelCard,
    Problem,
    Timings,
    TokenCounts,
)

CARD = ModelCard(
    name="fake-model", context_tokens=2048, bytes_per_token=3.5, template="embedded-psm", token_healing=True
)

LOGIN_PAGE = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 26\r\n\r\n<html>Please log in</html>"
"""What a proxy answers in the place of the server, as raw bytes of a `Reply`."""


@dataclass(frozen=True)
class Reply:
    """What one completion gets: a text, or a status, or raw bytes; after it the connection may hang."""

    text: str = ""
    status: int = 200
    problem: Problem | None = None
    retry_after: str | None = None
    raw: bytes | None = None
    hang: bool = False
    hold: threading.Event | None = None  # the result comes once it is set
    alternatives: tuple[str, ...] = ()
    protocol: int = 1


@dataclass(frozen=True)
class Turn:
    """What a conversation gets: its next turn in pieces, or a problem; after the pieces the connection may hang."""

    pieces: tuple[str, ...] = ()
    problem: Problem | None = None
    status: int = 200
    hang: bool = False
    hold: threading.Event | None = None  # the last piece comes once it is set


@dataclass
class FakeServer:
    """Counts and remembers. Assign `reply`, `turn`, `health` at any time; the first two may be made from a request."""

    reply: Reply | Callable[[CompletionRequest], Reply] = field(default_factory=Reply)
    turn: Turn | Callable[[dict[str, Any]], Turn] = field(default_factory=Turn)
    health: Health | None = None
    conversations: list[dict[str, Any]] = field(default_factory=list)
    requests: list[CompletionRequest] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    abandoned: list[str] = field(default_factory=list)
    health_checks: int = 0
    connections: int = 0
    wants_text: bool = False
    login: Login | None = None
    token: str = ""  # without it nothing is answered
    url: str = ""

    def reply_to(self, request: CompletionRequest) -> Reply:
        """The reply that is due to a request."""
        return self.reply(request) if callable(self.reply) else self.reply


def ready() -> Health:
    """A server with its model loaded."""
    return Health(status="ready", detail="ready", model=CARD, uptime_s=1.0)


def starting(detail: str = "loading the model") -> Health:
    """A server that loads its model."""
    return Health(status="starting", detail=detail, model=None, uptime_s=0.1)


@contextmanager
def running(fake: FakeServer, port: int = 0) -> Iterator[FakeServer]:
    """Serve on loopback, on a free port unless one is given, until the block ends, which cuts every connection."""

    class Handler(_Handler):
        owner = fake
        open_connections: ClassVar[set[socket.socket]] = set()

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        for connection in tuple(Handler.open_connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def reserved_port() -> Iterator[int]:
    """A loopback port that nobody answers on; free for use when the block ends."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def wait_until(condition: Callable[[], Any], timeout_s: float = 30.0) -> Any:
    """The first true value of `condition`; fails after `timeout_s`."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.01)
    raise AssertionError(f"not within {timeout_s} s")


class _Handler(BaseHTTPRequestHandler):
    owner: FakeServer
    open_connections: ClassVar[set[socket.socket]]
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        self.owner.connections += 1
        self.open_connections.add(self.request)
        super().setup()

    def finish(self) -> None:
        self.open_connections.discard(self.request)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        pass

    def do_GET(self) -> None:
        if self.path == "/api/v1/login" and self.owner.login:
            self._send(200, self.owner.login.model_dump_json().encode())
            return
        if self.path != "/health":
            self._send(404, Problem(code="not_found", message="no such path").model_dump_json().encode())
            return
        self.owner.health_checks += 1
        health = self.owner.health or ready()
        self._send(200 if health.status == "ready" else 503, health.model_dump_json().encode())

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        body = self.rfile.read(length)
        if len(body) < length:  # the client left before it had said what it wanted
            self.close_connection = True
            return
        if self.owner.token and self.headers.get("authorization") != f"Bearer {self.owner.token}":
            problem = Problem(code="unauthenticated", message="a key or a token is needed")
            self._send(401, problem.model_dump_json().encode())
            return
        if self.path == "/api/v1/events":
            batch = EventBatch.model_validate_json(body)
            self.owner.events.extend(batch.events)
            receipt = EventReceipt(events=len(batch.events), text=self.owner.wants_text)
            self._send(200, receipt.model_dump_json().encode())
            return
        if self.path == "/v1/chat/completions":
            self._converse(json.loads(body))
            return
        request = CompletionRequest.model_validate_json(body)
        self.owner.requests.append(request)
        reply = self.owner.reply_to(request)
        if reply.raw is not None:
            self.connection.sendall(reply.raw)
            self.close_connection = True
        elif reply.problem is not None or reply.status != 200:
            body = reply.problem.model_dump_json().encode() if reply.problem else b"Bad Gateway"
            self._send(reply.status, body, reply.retry_after)
        else:
            self._stream(request, reply)

    def _converse(self, asked: dict[str, Any]) -> None:
        self.owner.conversations.append(asked)
        turn = self.owner.turn(asked) if callable(self.owner.turn) else self.owner.turn
        if turn.problem and turn.status != 200:
            error = {"error": {"message": turn.problem.message, "type": "x", "param": None, "code": turn.problem.code}}
            self._send(turn.status, json.dumps(error).encode())
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for number, piece in enumerate(turn.pieces, 1):
            if turn.hold and number == len(turn.pieces):
                turn.hold.wait(20.0)
            choice = {"index": 0, "delta": {"content": piece}, "logprobs": None, "finish_reason": None}
            self._event("", {"model": CARD.name, "choices": [choice]})
        if turn.problem:
            self._event("", {"error": {"message": turn.problem.message, "type": "x", "code": turn.problem.code}})
        if turn.hang:
            if self._peer_closes():
                self.owner.abandoned.append("conversation")
            self.close_connection = True
            return
        self._event("", "[DONE]")
        self._write(b"0\r\n\r\n")

    def _stream(self, request: CompletionRequest, reply: Reply) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self._event("delta", {"text": reply.text})
        if reply.hang:
            if self._peer_closes():
                self.owner.abandoned.append(request.request_id)
            self.close_connection = True
            return
        if reply.hold:
            reply.hold.wait(20.0)
        result = CompletionResult(
            protocol=reply.protocol,
            request_id=request.request_id,
            text=reply.text,
            finish_reason=FinishReason.STOP,
            confidence=0.9,
            model=CARD.name,
            tokens=TokenCounts(prompt=10, cached=4, computed=6, generated=3),
            timings=Timings(queue_ms=0.1, first_token_ms=1.0, total_ms=2.0),
            alternatives=tuple(Candidate(text=text, confidence=0.5) for text in reply.alternatives),
        )
        self._event("done", json.loads(result.model_dump_json()))
        self._write(b"0\r\n\r\n")

    def _event(self, name: str, data: dict[str, Any] | str) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        head = f"event: {name}\n" if name else ""
        chunk = f"{head}data: {text}\n\n".encode()
        self._write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")

    def _write(self, data: bytes) -> None:
        """To a peer that may have left."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(data)
            self.wfile.flush()

    def _peer_closes(self) -> bool:
        """A peer that leaves with bytes of ours unread resets the connection: that is closed too."""
        readable, _, _ = select.select([self.connection], [], [], 20.0)
        try:
            return bool(readable) and self.connection.recv(1) == b""
        except ConnectionResetError:
            return True

    def _send(self, status: int, body: bytes, retry_after: str | None = None) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if retry_after is not None:
            self.send_header("retry-after", retry_after)
        self.end_headers()
        self.wfile.write(body)
