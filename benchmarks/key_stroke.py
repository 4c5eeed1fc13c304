"""The language server's own part of a key stroke in a 5,000-line file.

The real `vernacular-lsp` over standard input and output; in place of a completion server, a socket in this
process that answers at once. For each key stroke (one `textDocument/didChange`, one
`textDocument/inlineCompletion`), the own part is what is left of the whole round when the time is taken out
that lay between the HTTP request's arrival here and the answer's departure from here:

    own part = (request arrives - key stroke leaves) + (ghost text arrives - answer leaves)

Everything that the language server does is in it: the incremental sync, the context, the HTTP request, the
answer, and this machine's pipes and sockets.

    python -m benchmarks.key_stroke [--lines 5000] [--keys 300]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from benchmarks.report import percentile, publish, script
from core.wire import CompletionRequest, CompletionResult, FinishReason, Health, ModelCard, Timings, TokenCounts
from lsp.notifications import STATUS

AIM_MS = 2.0


@dataclass
class InstantServer:
    """A completion server that proposes the same text at once; keeps when requests came and answers went."""

    arrived_s: list[float] = field(default_factory=list)
    left_s: list[float] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive: any number of requests."""
        try:
            while request_line := await reader.readline():
                length = 0
                while (line := await reader.readline()).strip():
                    name, _, value = line.decode("latin-1").partition(":")
                    if name.lower() == "content-length":
                        length = int(value)
                body = await reader.readexactly(length)
                if b"/complete" in request_line:
                    self.arrived_s.append(time.perf_counter())
                    writer.write(_answer(CompletionRequest.model_validate_json(body)))
                    await writer.drain()
                    self.left_s.append(time.perf_counter())
                else:
                    writer.write(_plain(request_line))
                    await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def main() -> None:
    """Measure, print, write `results/key_stroke.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=5000, help="lines of the file")
    parser.add_argument("--keys", type=int, default=300, help="key strokes to measure")
    arguments = parser.parse_args()
    own_ms, whole_ms = asyncio.run(measure(arguments.lines, arguments.keys))
    rows = [
        [name, *(f"{percentile(values, share):.2f}" for share in (0.5, 0.95, 1.0))]
        for name, values in (("own part of a key stroke", own_ms), ("whole round", whole_ms))
    ]
    publish(
        "key_stroke",
        f"Language server, {arguments.lines} lines, {arguments.keys} key strokes, ms (aim: {AIM_MS} median)",
        ["", "median", "p95", "max"],
        rows,
        {"own_ms": own_ms, "whole_ms": whole_ms},
    )


async def measure(lines: int, keys: int) -> tuple[list[float], list[float]]:
    """Own part and whole round of each key stroke, in milliseconds."""
    instant = InstantServer()
    server = await asyncio.start_server(instant.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = LanguageClient("benchmark", "1")
    client.feature(STATUS)(lambda _: None)
    client.feature(types.WINDOW_LOG_MESSAGE)(lambda _: None)
    await client.start_io(script("vernacular-lsp"), "--server", f"http://127.0.0.1:{port}")
    await client.initialize_async(
        types.InitializeParams(
            capabilities=types.ClientCapabilities(),
            initialization_options={"debounce_ms": 0},
            workspace_folders=[types.WorkspaceFolder(uri="file:///workspace", name="workspace")],
        )
    )
    client.initialized(types.InitializedParams())
    uri = "file:///workspace/long.lua"
    text = "\n".join(f"local value_{n} = compute(value_{max(n - 1, 0)}, {n})" for n in range(lines)) + "\n"
    item = types.TextDocumentItem(uri=uri, language_id="lua", version=0, text=text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
    own_ms: list[float] = []
    whole_ms: list[float] = []
    for version, (line, column, key) in zip(range(1, keys + 1), _typing(lines), strict=False):
        seen = len(instant.left_s)
        left_s = time.perf_counter()
        at = types.Position(line=line, character=column)
        client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                text_document=types.VersionedTextDocumentIdentifier(uri=uri, version=version),
                content_changes=[types.TextDocumentContentChangePartial(range=types.Range(start=at, end=at), text=key)],
            )
        )
        answer = await client.text_document_inline_completion_async(
            types.InlineCompletionParams(
                text_document=types.TextDocumentIdentifier(uri=uri),
                position=types.Position(line=line, character=column + 1),
                context=types.InlineCompletionContext(trigger_kind=types.InlineCompletionTriggerKind.Automatic),
            )
        )
        arrived_s = time.perf_counter()
        if not answer:
            raise SystemExit("error: the language server proposed nothing, so there is nothing to measure")
        if len(instant.left_s) == seen:
            continue  # answered from its cache: no request went out
        whole_ms.append((arrived_s - left_s) * 1e3)
        own_ms.append((instant.arrived_s[-1] - left_s + arrived_s - instant.left_s[-1]) * 1e3)
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()
    server.close()
    return own_ms, whole_ms


def _typing(lines: int) -> Iterator[tuple[int, int, str]]:
    """Lines typed one key at a time in the middle of the file: (line, column before the key, key)."""
    line = lines // 2
    while True:
        yield from ((line, column, key) for column, key in enumerate("local total = compute(total, 1) "))
        line += 1


def _answer(request: CompletionRequest) -> bytes:
    result = CompletionResult(
        request_id=request.request_id,
        text="compute(value_1, 2)",
        finish_reason=FinishReason.LINE,
        confidence=0.9,
        model="instant",
        tokens=TokenCounts(prompt=1, cached=0, computed=1, generated=1),
        timings=Timings(queue_ms=0, first_token_ms=0, total_ms=0),
    )
    return _http("text/event-stream", f"event: done\ndata: {result.model_dump_json()}\n\n")


def _plain(request_line: bytes) -> bytes:
    card = ModelCard(
        name="instant", context_tokens=2048, bytes_per_token=3.5, template="embedded-psm", token_healing=True
    )
    if b"/health" in request_line:
        return _http(
            "application/json", Health(status="ready", detail="ready", model=card, uptime_s=1).model_dump_json()
        )
    if b"/model" in request_line:
        return _http("application/json", card.model_dump_json())
    return _http("application/json", json.dumps([]))


def _http(kind: str, body: str) -> bytes:
    data = body.encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(data)}\r\n\r\n"
    return head.encode("latin-1") + data


if __name__ == "__main__":
    if not Path("pyproject.toml").is_file():
        raise SystemExit("error: run this from the repository's root folder")
    main()
