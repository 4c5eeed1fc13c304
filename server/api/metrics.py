"""Figures for Prometheus. Each server has a registry of its own, so that tests can have several in a process.

Names begin with `vernacular_`, times are in seconds. The labels `language` and `model` hold names of language files and
of served models, so there are as many as the server has; a request that was refused before it was routed has `none`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core.wire import Timings, TokenCounts
from server.registry.models import Models

BUCKETS_S = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5)
"""From what nobody notices to what everybody gave up waiting for."""
NONE = "none"
_STATES = ("starting", "ready", "failed")


class Measured(Protocol):
    """What is counted of an answer."""

    @property
    def model(self) -> str:
        """Which model gave it."""

    @property
    def tokens(self) -> TokenCounts:
        """Counts of its tokens."""

    @property
    def timings(self) -> Timings:
        """Where its time went."""


class Metrics:
    """What is counted of requests, and what each model does now."""

    def __init__(self, models: Models) -> None:
        self.registry = CollectorRegistry()
        self._requests = self._counter(
            "requests", "requests by how they ended: ok, closed, or why not", ["outcome", "language", "model"]
        )
        self._under_way = Gauge("vernacular_requests_under_way", "requests that run now", registry=self.registry)
        self._stages = Histogram(
            "vernacular_stage_seconds",
            "from a request's arrival to the end of a stage: queue, first_token, total",
            ["stage", "language", "model"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self._tokens = self._counter("tokens", "tokens by kind: cached, computed, generated", ["kind", "model"])
        self._events = self._counter("client_events", "what editors told of proposals", ["client", "kind"])
        self.registry.register(_ModelsNow(models))

    def told(self, client: str, kind: str) -> None:
        """An editor told what became of a proposal; `client` and `kind` are words of a closed list."""
        self._events.labels(client, kind).inc()

    def began(self) -> None:
        """A request arrived."""
        self._under_way.inc()

    def ended(self, outcome: str, language: str, result: Measured | None) -> None:
        """A request ended: `outcome` is `ok`, `closed`, or a problem's code; `language` empty: it was not read."""
        language, model = language or NONE, result.model if result else NONE
        self._under_way.dec()
        self._requests.labels(outcome, language, model).inc()
        if result is None:
            return
        stages = {
            "queue": result.timings.queue_ms,
            "first_token": result.timings.first_token_ms,
            "total": result.timings.total_ms,
        }
        for stage, milliseconds in stages.items():
            self._stages.labels(stage, language, model).observe(milliseconds / 1e3)
        for kind in ("cached", "computed", "generated"):
            self._tokens.labels(kind, model).inc(getattr(result.tokens, kind))

    def turned_away(self, outcome: str) -> None:
        """A request was refused at the gate, before anything of it was read; `outcome` is the problem's code."""
        self._requests.labels(outcome, NONE, NONE).inc()

    def render(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, labels: Iterable[str]) -> Counter:
        return Counter(f"vernacular_{name}", text, labels, registry=self.registry)


class _ModelsNow(Collector):
    """What each engine and its queue do when they are asked."""

    def __init__(self, models: Models) -> None:
        self._models = models

    def collect(self) -> Iterator[Metric]:
        state = GaugeMetricFamily("vernacular_engine_state", "1 for the state it is in", labels=["model", "state"])
        restarts = CounterMetricFamily("vernacular_worker_restarts", "times it was started again", labels=["model"])
        slots = GaugeMetricFamily("vernacular_queue_slots", "requests computed at once, at most", labels=["model"])
        limit = GaugeMetricFamily("vernacular_queue_limit", "requests computed at once, now", labels=["model"])
        running = GaugeMetricFamily("vernacular_queue_running", "requests in the engine", labels=["model"])
        waiting = GaugeMetricFamily("vernacular_queue_waiting", "requests that wait", labels=["model", "lane"])
        refused = CounterMetricFamily("vernacular_queue_refused", "requests told to come back", labels=["model"])
        for name in self._models.file.models:
            served = self._models.named(name)
            now, queue = served.state, served.admission.state
            for status in _STATES:
                state.add_metric([name, status], float(status == now.status))
            restarts.add_metric([name], now.restarts)
            slots.add_metric([name], queue.slots)
            limit.add_metric([name], queue.limit)
            running.add_metric([name], queue.running)
            waiting.add_metric([name, "interactive"], queue.waiting_interactive)
            waiting.add_metric([name, "batch"], queue.waiting_batch)
            refused.add_metric([name], queue.refused)
        yield from (state, restarts, slots, limit, running, waiting, refused)
