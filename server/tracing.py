"""OpenTelemetry traces, one a request; the extra `tracing`. Imported only where they are asked for.

A request's span is made when it has ended, with spans for its stages below it::

    POST /api/v1/complete          from arrival to the end, whatever became of it
    |-- queue                      until the engine took it
    |-- first_token                until the engine's first token
    `-- generation                 until its last

It goes on the trace that the request's `traceparent` names (W3C Trace Context), where a proxy or a client sends one.

Guarantees: no attribute holds anybody's code; a collector that is slow, away or gone delays nothing: spans wait in a
bounded buffer, and what does not fit is dropped. `OTEL_TRACES_SAMPLER`, `OTEL_RESOURCE_ATTRIBUTES` and the exporter's
own environment variables are honoured. A collector on this machine is never asked through a proxy.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from core.addresses import is_loopback

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

    from server.api.entry import Entry

PATIENCE_S = 2
"""How long a request to the collector may take, and the end of the server waits for the last spans."""

_NS_PER_MS = 1e6


class Tracing:
    """Turns ended requests into spans."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("vernacular")
        self._propagator = TraceContextTextMapPropagator()

    def ended(self, entry: Entry) -> None:
        """Make the spans of a request."""
        end_ns = entry.began_ns + int(entry.total_ms * _NS_PER_MS)
        span = self._tracer.start_span(
            f"POST {entry.path}",
            self._propagator.extract(entry.headers),
            SpanKind.SERVER,
            attributes=_attributes(entry),
            start_time=entry.began_ns,
        )
        if entry.status >= 500:
            span.set_status(StatusCode.ERROR, entry.outcome)
        if span.is_recording() and entry.result is not None:
            timings = entry.result.timings
            ends = {"queue": timings.queue_ms, "first_token": timings.first_token_ms, "generation": timings.total_ms}
            parent, start_ns = set_span_in_context(span), entry.began_ns
            for stage, until_ms in ends.items():
                stage_ns = max(start_ns, entry.began_ns + int(until_ms * _NS_PER_MS))
                self._tracer.start_span(stage, parent, start_time=start_ns).end(stage_ns)
                start_ns = stage_ns
        span.end(end_ns)

    def close(self) -> None:
        """Send what is left, for about as long as `PATIENCE_S`."""
        self._provider.force_flush(PATIENCE_S * 1000)
        self._provider.shutdown()


def open_tracing(endpoint: str) -> Tracing:
    """Traces that go to an OTLP receiver over HTTP, such as `http://127.0.0.1:4318/v1/traces`."""
    return tracing_to(_exporter(endpoint))


def tracing_to(exporter: SpanExporter) -> Tracing:
    """Traces that go to an exporter, in batches, from a thread of its own."""
    resource = Resource.create({"service.name": "vernacular", "service.version": version("vernacular")})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Tracing(provider)


def _exporter(endpoint: str) -> SpanExporter:
    import requests
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    session = requests.Session()
    session.trust_env = not is_loopback(endpoint)
    return OTLPSpanExporter(endpoint=endpoint, session=session, timeout=PATIENCE_S)


def _attributes(entry: Entry) -> dict[str, str | int]:
    attributes: dict[str, str | int] = {
        "http.request.method": "POST",
        "http.route": entry.path,
        "http.response.status_code": entry.status,
        "vernacular.outcome": entry.outcome,
    }
    if about := entry.about:
        attributes |= {
            "vernacular.request_id": about.request_id,
            "vernacular.session_id": about.session_id,
            "vernacular.language": about.language,
        }
    if result := entry.result:
        attributes |= {
            "gen_ai.request.model": result.model,
            "gen_ai.usage.input_tokens": result.tokens.prompt,
            "gen_ai.usage.output_tokens": result.tokens.generated,
            "vernacular.tokens.cached": result.tokens.cached,
        }
    return attributes
