"""What a worker needs of an engine, and the engines by name.

An engine lives on the worker's event loop but must never block it: pings are answered while it computes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from importlib import import_module

from pydantic import JsonValue

from core.errors import UnknownNameError
from server.generation import EngineFacts, EngineStats, Job, Output

Report = Callable[[str], None]
"""Takes one line that says what the engine does while it loads; may be called from any thread."""


class LoadError(Exception):
    """The engine can never start with these options; the text is one line for a person."""


class JobError(Exception):
    """The engine refuses a job and lives on; the text is one line."""


class WorkerEngine(ABC):
    """One loaded model."""

    @abstractmethod
    async def load(self, report: Report) -> EngineFacts:
        """Load; `LoadError` where that can never succeed."""

    @abstractmethod
    def generate(self, job: Job) -> AsyncGenerator[Output, None]:
        """Outputs of the job; the last has a `finish`. Closing the generator aborts it. Raises `JobError`."""

    @abstractmethod
    def stats(self) -> EngineStats:
        """Counters; never blocks."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of threads and processes."""


@dataclass(frozen=True, slots=True)
class _Lazy:
    """A class of this package by its module, imported on the first call."""

    module: str
    name: str

    def __call__(self, options: dict[str, JsonValue]) -> WorkerEngine:
        factory: Callable[[dict[str, JsonValue]], WorkerEngine] = getattr(import_module(self.module), self.name)
        return factory(options)


ENGINES: dict[str, Callable[[dict[str, JsonValue]], WorkerEngine]] = {
    "vllm": _Lazy("server.worker.vllm_engine", "vllm_engine"),
    "scripted": _Lazy("server.worker.scripted", "ScriptedEngine"),
}


def engine_named(name: str, options: dict[str, JsonValue]) -> WorkerEngine:
    """A new engine, not loaded yet. Raises `UnknownNameError`, and pydantic's error for wrong options."""
    try:
        factory = ENGINES[name]
    except KeyError:
        raise UnknownNameError("worker engine", name, ENGINES) from None
    return factory(options)
