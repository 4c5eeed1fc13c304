"""The engine `remote`: jobs in, outputs out, over one or many replicas.

Guarantees: a job that fails before its replica said anything is tried on the next one; once something came, the
failure is an `EngineError`, and nothing is repeated; closing a job's generator closes its connection, and with it
the generation there; the engine is ready as long as one replica is. With `hedge_s`, a replica that is slow to begin is
raced by the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import httpx
from pydantic import JsonValue

from core.errors import EngineError
from server.engines.base import EngineState, ReplicaState, WatchedEngine
from server.engines.remote.admission import Admission
from server.engines.remote.api import Api
from server.engines.remote.connection import Connection, ReplicaError
from server.engines.remote.fleet import Fleet, Replica, Seat
from server.engines.remote.hedging import hedged
from server.engines.remote.options import RemoteOptions, remote_options
from server.engines.remote.text_api import TextApi
from server.engines.remote.vllm_api import VllmApi
from server.generation import EngineFacts, EngineStats, Job, Output
from server.tokens.rendering import TokenRenderer

_FAILED_AFTER = 5
"""So many failures of every replica in a row, and the state is `failed`; they are tried again all the same."""


class RemoteEngine(WatchedEngine):
    """See the module. Raises `ConfigError` for wrong options."""

    def __init__(self, options: Mapping[str, JsonValue]) -> None:
        super().__init__(EngineState("starting", "asking the replicas"))
        self.options: RemoteOptions = remote_options(options)
        replicas = [Replica(Connection(url, self.options)) for url in self.options.endpoints]
        self.fleet = Fleet(replicas, self.options, self._admit, self._check, self._update)
        self._api: Api | None = None
        self._admission: Admission | None = None
        self._began = time.monotonic()
        self._load_s: float | None = None
        self._closing = False
        self._running = self._finished = self._aborted = self._tokens = 0
        self._idle = asyncio.Event()
        self._starting: asyncio.Task[None] | None = None

    @property
    def replicas(self) -> tuple[ReplicaState, ...]:
        """Each replica's state."""
        return tuple(
            ReplicaState(each.url, each.status == "ready", each.draining, each.under_way, each.detail)
            for each in self.fleet.replicas.values()
        )

    def drain(self, replica: str, draining: bool) -> None:
        """As `Fleet.drain`."""
        self.fleet.drain(replica, draining)

    async def start(self) -> None:
        """Read the tokenizer, then begin to ask the replicas."""
        self._starting = asyncio.ensure_future(self._start())

    async def generate(self, job: Job) -> AsyncGenerator[Output, None]:
        """Outputs of the job."""
        if self._api is None or self._state.status != "ready":
            raise self._state.unavailable()
        ended = False
        self._running += 1
        self._idle.clear()
        try:
            with self.fleet.seat(job.session or job.id) as seat:
                async with contextlib.aclosing(self._outputs(self._api, job, seat)) as outputs:
                    async for output in outputs:
                        ended = output.finish is not None
                        self._tokens += len(output.tokens)
                        yield output
        finally:
            self._running -= 1
            self._finished += ended
            self._aborted += not ended
            if not self._running:
                self._idle.set()

    async def stats(self) -> EngineStats:
        """Counters of this side, since the engine was started."""
        if self._state.status != "ready":
            raise self._state.unavailable()
        return EngineStats(
            running=self._running, finished=self._finished, aborted=self._aborted, generated_tokens=self._tokens
        )

    async def close(self) -> None:
        """Take no more jobs, wait up to `drain_s` for those under way, end the others with an `EngineError`."""
        self._closing = True
        self._update()
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        await self.fleet.close()
        if self._running:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.options.drain_s):
                    await self._idle.wait()
        for replica in self.fleet.replicas.values():
            await replica.connection.close()

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()
        self._api, self._admission = await loop.run_in_executor(None, self._prepare)
        self.fleet.start()

    def _prepare(self) -> tuple[Api, Admission]:
        renderer = TokenRenderer.from_folder(Path(self.options.model))
        api: Api = (
            VllmApi(renderer.vocabulary.tokens, self.options.max_allowed)
            if self.options.api == "vllm"
            else TextApi(renderer)
        )
        return api, Admission(api, renderer, self.options)

    async def _outputs(self, api: Api, job: Job, seat: Seat) -> AsyncGenerator[Output, None]:
        def ask(body: dict[str, Any]) -> AsyncGenerator[Any, None]:
            return self._ask(job, body, seat)

        try:
            async with contextlib.aclosing(api.outputs(job, ask)) as outputs:
                async for output in outputs:
                    yield output
        except ReplicaError as error:
            self.fleet.failed(seat.replica, error)
            raise EngineError(f"the replica that worked on this request {error}", code="engine_died") from None

    async def _ask(self, job: Job, body: dict[str, Any], seat: Seat) -> AsyncGenerator[Any, None]:
        """One request's events, from the first replica that begins to answer."""

        def ask(replica: Replica) -> AsyncGenerator[Any, None]:
            return replica.connection.stream({**body, "model": self._served(replica, job)})

        def failed(replica: Replica, error: ReplicaError) -> None:
            if error.status == httpx.codes.NOT_FOUND and job.adapter:
                error.healthy = True  # the adapter alone is missing there
            self.fleet.failed(replica, error)

        hedge_s = self.options.hedge_s
        while True:
            began = False
            try:
                stream = ask(seat.replica) if hedge_s is None else hedged(seat, hedge_s, ask, failed)
                async with contextlib.aclosing(stream) as events:
                    async for event in events:
                        began = True
                        yield event
            except ReplicaError as error:
                if began or self._closing:
                    raise
                failed(seat.replica, error)
                seat.move(error)
            else:
                return

    def _served(self, replica: Replica, job: Job) -> str:
        """The name under which the replica serves what the job asks for. Raises `EngineError`."""
        if not job.adapter:
            return replica.model
        try:
            return self.options.adapters[job.adapter]
        except KeyError:
            raise EngineError(
                f"the endpoints' name of the adapter {job.adapter} is not known; name it in `adapters`",
                code="unknown_adapter",
            ) from None

    async def _admit(self, replica: Replica) -> None:
        assert self._admission is not None
        await self._admission.admit(replica)

    async def _check(self, replica: Replica) -> None:
        assert self._admission is not None
        await self._admission.check(replica)

    def _update(self) -> None:
        self._become(self._state_now())

    def _state_now(self) -> EngineState:
        """The detail is such as `2 of 3 replicas ready`."""
        replicas, ready = self.fleet.replicas.values(), self.fleet.ready
        detail = f"{len(ready)} of {len(replicas)} replicas ready"
        if self._closing:
            return EngineState("failed", "the server is ending", retry_after_s=5.0)
        if ready:
            return EngineState("ready", detail, self._facts())
        lost = next((replica for replica in replicas if replica.status == "out"), None)
        if lost is not None:
            detail += f"; one {lost.detail}"
        failed = all(replica.failures >= _FAILED_AFTER for replica in replicas)
        return EngineState("failed" if failed else "starting", detail, retry_after_s=round(self.fleet.retry_after_s, 1))

    def _facts(self) -> EngineFacts:
        if self._load_s is None:
            self._load_s = time.monotonic() - self._began
        options = self.options
        known = [replica.context_tokens for replica in self.fleet.replicas.values() if replica.context_tokens]
        contexts = [*known, options.context_limit, *([options.max_model_len] if options.max_model_len else [])]
        assert self._api is not None
        return EngineFacts(
            engine=f"{options.api}, remote",
            context_tokens=min(contexts),
            dtype="unknown",
            token_healing=self._api.token_healing,
            load_s=self._load_s,
        )
