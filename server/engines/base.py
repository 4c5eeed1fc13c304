"""What the server needs of an engine, wherever it runs."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Literal

from core.errors import UnavailableError, UnknownNameError
from server.generation import EngineFacts, EngineStats, Job, Output

_DOUBLINGS = 20
"""Enough to reach any sensible maximum; a number of them without bound would overflow after a night of failures."""


def backoff_s(failures: int, first_s: float, most_s: float) -> float:
    """Seconds to wait after so many failures in a row: the first wait, doubled for each one more, up to the most."""
    return min(first_s * 2.0 ** min(failures - 1, _DOUBLINGS), most_s)


@dataclass(frozen=True, slots=True)
class EngineState:
    """What an engine is doing. `detail` is one line for people; `facts` are set while it is ready."""

    status: Literal["starting", "ready", "failed"]
    detail: str
    facts: EngineFacts | None = None
    restarts: int = 0
    retry_after_s: float = 1.0

    def unavailable(self) -> UnavailableError:
        """What a request gets that comes while the engine is not ready."""
        return UnavailableError(
            f"the model is not ready: {self.detail}", retry_after_s=self.retry_after_s, code=self.status
        )


@dataclass(frozen=True, slots=True)
class ReplicaState:
    """One of the servers that an engine spreads its jobs over. `detail` is one line for people."""

    url: str
    ready: bool
    draining: bool
    under_way: int
    detail: str


class Engine(ABC):
    """One model, somewhere. Every method is called on the server's event loop and never blocks it."""

    @property
    @abstractmethod
    def state(self) -> EngineState:
        """What it does now."""

    @abstractmethod
    async def changed(self, seen: EngineState) -> EngineState:
        """Wait until the state is another one than `seen`; the new state."""

    @abstractmethod
    async def start(self) -> None:
        """Begin to load; returns at once, `state` tells how it goes."""

    @abstractmethod
    def generate(self, job: Job) -> AsyncGenerator[Output, None]:
        """Outputs of the job; the last has a `finish`. Closing the generator aborts it in the engine.

        Raises `UnavailableError` while the engine is not ready, `EngineError` where it died or hung under the job,
        `RequestError` where it refuses the job.
        """

    @abstractmethod
    async def stats(self) -> EngineStats:
        """Counters of the engine itself. Raises `UnavailableError` while it is not ready."""

    @abstractmethod
    async def close(self) -> None:
        """Stop the engine and wait until it is gone."""

    @property
    def replicas(self) -> tuple[ReplicaState, ...]:
        """The servers that it spreads its jobs over; none where it computes them itself."""
        return ()

    def drain(self, replica: str, draining: bool) -> None:
        """Give a replica no new job, or jobs again. Raises `UnknownNameError`."""
        raise UnknownNameError("replica", replica, (each.url for each in self.replicas))


class WatchedEngine(Engine):
    """An engine that keeps its state and tells of each change."""

    def __init__(self, state: EngineState) -> None:
        self._state = state
        self._change = asyncio.Event()

    @property
    def state(self) -> EngineState:
        """What it does now."""
        return self._state

    async def changed(self, seen: EngineState) -> EngineState:
        """Wait until the state is another one than `seen`."""
        while self._state == seen:
            await self._change.wait()
        return self._state

    def _become(self, state: EngineState) -> None:
        if state == self._state:
            return
        self._state = state
        self._change.set()
        self._change = asyncio.Event()
