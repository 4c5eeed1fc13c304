"""Traces of a real server's requests: in memory, and at a small OTLP receiver on a socket."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from server.tracing import open_tracing, tracing_to

Start = Callable[..., Any]
MakeRequest = Callable[..., dict[str, Any]]
PATH = "/api/v1/complete"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def receiver() -> Iterator[tuple[str, Queue[tuple[str, bytes]]]]:
    """The URL of an OTLP receiver, and what it was sent."""
    received: Queue[tuple[str, bytes]] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.put((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/v1/traces", received
        http.shutdown()
        thread.join()


def by_name(spans: tuple[ReadableSpan, ...]) -> dict[str, ReadableSpan]:
    return {span.name: span for span in spans}


async def test_a_request_is_a_span_with_its_stages_below_it(start_server: Start, request_with: MakeRequest) -> None:
    exporter = InMemorySpanExporter()
    tracing = tracing_to(exporter)
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    async with start_server(traces=tracing) as server:
        body = request_with(prefix="secret_name = ", max_new_tokens=3)
        result = (await server.client.post(PATH, json=body, headers=headers)).json()
    tracing.close()
    spans = by_name(exporter.get_finished_spans())
    assert set(spans) == {f"POST {PATH}", "queue", "first_token", "generation"}
    whole = spans[f"POST {PATH}"]
    assert whole.kind is SpanKind.SERVER
    assert whole.parent is not None
    assert format(whole.parent.span_id, "016x") == PARENT
    assert {format(span.context.trace_id, "032x") for span in spans.values()} == {TRACE}
    assert whole.attributes is not None
    assert whole.attributes["vernacular.request_id"] == "r1"
    assert whole.attributes["vernacular.language"] == "text"
    assert whole.attributes["gen_ai.request.model"] == "tiny"
    assert whole.attributes["gen_ai.usage.output_tokens"] == result["tokens"]["generated"]
    assert whole.status.status_code is StatusCode.UNSET
    stages = [spans[name] for name in ("queue", "first_token", "generation")]
    at = whole.start_time
    for stage in stages:
        assert stage.parent is not None
        assert stage.parent.span_id == whole.context.span_id
        assert stage.start_time == at
        at = stage.end_time
    assert at is not None
    assert whole.start_time is not None
    assert at - whole.start_time == pytest.approx(result["timings"]["total_ms"] * 1e6, abs=2)
    assert "secret_name" not in "".join(span.to_json() for span in spans.values())


async def test_a_trace_that_is_not_sampled_and_one_that_is_broken(
    start_server: Start, request_with: MakeRequest
) -> None:
    exporter = InMemorySpanExporter()
    tracing = tracing_to(exporter)
    async with start_server(traces=tracing) as server:
        unsampled = {"traceparent": f"00-{TRACE}-{PARENT}-00"}
        assert (await server.client.post(PATH, json=request_with(), headers=unsampled)).status_code == 200
        broken = {"traceparent": "00-what-is-this"}
        assert (await server.client.post(PATH, json=request_with(), headers=broken)).status_code == 200
    tracing.close()
    whole = [span for span in exporter.get_finished_spans() if span.name.startswith("POST")]
    assert len(whole) == 1
    assert whole[0].parent is None


async def test_a_request_that_fails_is_an_error_and_one_that_is_refused_is_none(
    start_server: Start, request_with: MakeRequest
) -> None:
    exporter = InMemorySpanExporter()
    tracing = tracing_to(exporter)
    async with start_server(traces=tracing, die_after=1) as server:
        assert (await server.client.post(PATH, json=request_with())).status_code == 503
        assert (await server.client.post(PATH, json=request_with(language="none"))).status_code == 422
    tracing.close()
    statuses = [(span.status.status_code, span.status.description) for span in exporter.get_finished_spans()]
    assert statuses == [(StatusCode.ERROR, "engine_died"), (StatusCode.UNSET, None)]


async def test_spans_arrive_at_a_receiver(
    start_server: Start,
    request_with: MakeRequest,
    receiver: tuple[str, Queue[tuple[str, bytes]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, received = receiver
    tracing = open_tracing(url)
    async with start_server(traces=tracing) as server:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # nobody is there, and nobody is asked
        assert (await server.client.post(PATH, json=request_with())).status_code == 200
    tracing.close()
    path, body = received.get(timeout=10)
    assert path == "/v1/traces"
    (of_resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    names = {span.name for scope in of_resource.scope_spans for span in scope.spans}
    assert names == {f"POST {PATH}", "queue", "first_token", "generation"}
    resource = {pair.key: pair.value.string_value for pair in of_resource.resource.attributes}
    assert resource["service.name"] == "vernacular"


async def test_a_collector_that_is_away_disturbs_nobody(start_server: Start, request_with: MakeRequest) -> None:
    tracing = open_tracing("http://127.0.0.1:9/v1/traces")
    async with start_server(traces=tracing) as server:
        assert (await server.client.post(PATH, json=request_with())).status_code == 200
    tracing.close()


def test_nothing_of_it_is_imported_where_it_is_off() -> None:
    code = "import sys, server.main, cli.serve\nprint(any(name.startswith('opentelemetry') for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
