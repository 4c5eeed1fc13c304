"""An OpenAI-compatible server and a llama.cpp server, as far as the clients speak to them, that know a text."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GETS: dict[str, dict[str, Any]] = {
    "/v1/models": {"data": [{"id": "qwen2.5-coder", "max_model_len": 1024}]},
    "/health": {"status": "ok"},
    "/props": {"model_path": "/models/small.gguf"},
}


@dataclass
class Other:
    """Answers a POST with what `answer` makes of the body; keeps the bodies by path."""

    answer: Callable[[dict[str, Any]], dict[str, Any]]
    delay_s: float = 0.0
    status: int = 200
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    url: str = ""


@contextmanager
def running(other: Other) -> Iterator[Other]:
    """Serve on loopback until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
            pass

        def do_GET(self) -> None:
            self._send(200 if self.path in GETS else 404, GETS.get(self.path, {}))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            other.asked.append((self.path, body))
            time.sleep(other.delay_s)
            self._send(other.status, other.answer(body))

        def _send(self, status: int, content: dict[str, Any]) -> None:
            data = json.dumps(content).encode()
            try:
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except ConnectionError:
                pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    other.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield other
    finally:
        server.shutdown()
        server.server_close()
