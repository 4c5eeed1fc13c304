"""Figures for Prometheus. Each server has a registry of its own, so that tests can have several in a process."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from core.wire import CompletionResult
from server.engines.base import EngineState

_SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30)
_STATES = ("starting", "ready", "failed")


class Metrics:
    """What is counted. Names begin with `vernacular_`; times are in seconds."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "vernacular_requests", "completion requests by how they ended", ["outcome"], registry=self.registry
        )
        self._under_way = Gauge("vernacular_requests_under_way", "requests that run now", registry=self.registry)
        self._queue = self._histogram("queue", "arrival until the engine took it")
        self._first = self._histogram("first_token", "arrival to the first token")
        self._total = self._histogram("total", "arrival to the end")
        self._tokens = Counter("vernacular_tokens", "tokens by kind", ["kind"], registry=self.registry)
        self._restarts = Gauge("vernacular_worker_restarts", "times the worker was restarted", registry=self.registry)
        self._state = Gauge("vernacular_engine_state", "1 for the state it is in", ["state"], registry=self.registry)

    def began(self) -> None:
        """A request arrived."""
        self._under_way.inc()

    def ended(self, outcome: str, result: CompletionResult | None) -> None:
        """A request ended: `outcome` is `ok`, `closed`, or a problem's code."""
        self._under_way.dec()
        self._requests.labels(outcome).inc()
        if result is not None:
            self._queue.observe(result.timings.queue_ms / 1e3)
            self._first.observe(result.timings.first_token_ms / 1e3)
            self._total.observe(result.timings.total_ms / 1e3)
            for kind in ("cached", "computed", "generated"):
                self._tokens.labels(kind).inc(getattr(result.tokens, kind))

    def render(self, state: EngineState) -> bytes:
        """In Prometheus' text format."""
        self._restarts.set(state.restarts)
        for name in _STATES:
            self._state.labels(name).set(name == state.status)
        return generate_latest(self.registry)

    def _histogram(self, name: str, text: str) -> Histogram:
        return Histogram(f"vernacular_{name}_seconds", text, buckets=_SECONDS, registry=self.registry)
