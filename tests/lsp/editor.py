"""An editor for tests: the real `vernacular-lsp` process, spoken to in raw JSON-RPC.

Raw, so that every byte on the server's standard output is looked at: one that is not protocol fails the test.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

COMMAND = str(Path(sys.executable).parent / "vernacular-lsp")
TIMEOUT_S = 30.0

Message = dict[str, Any]


class Editor:
    """One connection. `messages` is everything that the server said without being asked, in order."""

    def __init__(self, output: IO[bytes], source: IO[bytes], process_id: int = 0) -> None:
        self.process_id = process_id
        self._output = output
        self._ids = itertools.count(1)
        self._arrived: queue.Queue[Message] = queue.Queue()
        self._answers: dict[int, Message] = {}
        self.messages: list[Message] = []
        self.not_protocol = b""
        threading.Thread(target=self._read, args=(source,), daemon=True).start()

    def notify(self, method: str, params: object = None) -> None:
        """Send a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: object = None) -> int:
        """Send a request; `answer` takes the number."""
        number = next(self._ids)
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return number

    def answer(self, number: int) -> Message:
        """The whole answer to a request, result or error."""
        self._until(lambda: number in self._answers)
        return self._answers.pop(number)

    def request(self, method: str, params: object = None) -> Any:
        """Send a request and give its result; an error fails."""
        answer = self.answer(self.ask(method, params))
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def said(self, method: str, holds: Callable[[Any], bool] = lambda _: True, timeout_s: float = TIMEOUT_S) -> Any:
        """Wait for a notification whose parameters hold; give the parameters."""

        def found() -> list[Any]:
            return [m["params"] for m in self.messages if m["method"] == method and holds(m["params"])]

        self._until(lambda: bool(found()), timeout_s)
        return found()[0]

    def all_said(self, method: str) -> list[Any]:
        """The parameters of every notification of that name so far."""
        self._take_waiting()
        return [m["params"] for m in self.messages if m["method"] == method]

    def initialize(
        self,
        folder: Path | None = None,
        *,
        encodings: list[str] | None = None,
        window: object = None,
        notebooks: bool = False,
        **settings: object,
    ) -> Any:
        """Say hello; `settings` are the initialization options. Neither debounced nor
        asked ahead or early unless they say otherwise."""
        general = {"positionEncodings": encodings} if encodings else {}
        uri = folder.as_uri() if folder else None
        result = self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": uri,
                "workspaceFolders": [{"uri": uri, "name": folder.name}] if folder else None,
                "capabilities": {
                    "general": general,
                    "textDocument": {"inlineCompletion": {}},
                    "window": window,
                    "notebookDocument": {"synchronization": {}} if notebooks else None,
                },
                "initializationOptions": {"debounce_ms": 0, "ask_ahead": False, "ask_early": False} | settings,
            },
        )
        self.notify("initialized", {})
        return result

    def open(self, uri: str, text: str, language: str = "python") -> None:
        """Open a document."""
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def replace(self, uri: str, start: tuple[int, int], end: tuple[int, int], text: str, version: int = 2) -> None:
        """Change a document."""
        change = {"range": {"start": _position(*start), "end": _position(*end)}, "text": text}
        identifier = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [change]})

    def ask_ghost_text(self, uri: str, line: int, character: int, *, invoked: bool = False, **context: object) -> int:
        """Ask for ghost text; `answer` takes the number."""
        params = {
            "textDocument": {"uri": uri},
            "position": _position(line, character),
            "context": {"triggerKind": 1 if invoked else 2} | context,
        }
        return self.ask("textDocument/inlineCompletion", params)

    def ghost_text(self, uri: str, line: int, character: int, **options: Any) -> Any:
        """The items for a position."""
        answer = self.answer(self.ask_ghost_text(uri, line, character, **options))
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def send_raw(self, body: bytes) -> None:
        """Send a message's body as it is."""
        self._output.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self._output.flush()

    def _send(self, message: Message) -> None:
        self.send_raw(json.dumps(message).encode())

    def _read(self, source: IO[bytes]) -> None:
        while header := source.readline():
            length = 0
            while header.strip():
                name, _, value = header.partition(b":")
                if name == b"Content-Length":
                    length = int(value)
                elif name != b"Content-Type":
                    self.not_protocol += header
                header = source.readline()
            if length:
                self._arrived.put(json.loads(source.read(length)))

    def _until(self, condition: Callable[[], bool], timeout_s: float = TIMEOUT_S) -> None:
        end = time.monotonic() + timeout_s
        self._take_waiting()
        while not condition():
            try:
                self._sort(self._arrived.get(timeout=max(end - time.monotonic(), 0.001)))
            except queue.Empty:
                raise AssertionError(f"the language server did not say so in {timeout_s} s: {self.messages}") from None

    def _take_waiting(self) -> None:
        while not self._arrived.empty():
            self._sort(self._arrived.get())

    def _sort(self, message: Message) -> None:
        if "method" in message:
            self.messages.append(message)
        else:
            self._answers[message["id"]] = message


@contextmanager
def editor(
    *arguments: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[Editor]:
    """Start the language server over standard input and output; at the end it must leave by itself, having written
    nothing but protocol."""
    process = subprocess.Popen(
        [COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=folder,
        env=dict(os.environ) | dict(environment or {}),
    )
    assert process.stdin and process.stdout
    connected = Editor(process.stdin, process.stdout, process.pid)
    try:
        yield connected
        connected.request("shutdown")
        connected.notify("exit")
        assert process.wait(TIMEOUT_S) == 0
        assert connected.not_protocol == b""
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def _position(line: int, character: int) -> dict[str, int]:
    return {"line": line, "character": character}
