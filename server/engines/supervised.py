"""The engine `vllm`: a worker process that is watched, and started again when it dies or hangs.

Guarantees: a job under way when the worker ends gets an `EngineError` at once; while no worker is ready, jobs are
refused with the seconds after which to try again; so they are while a worker answers no ping, or has work and makes no
progress, for `notice_s`, and after `hang_s` of that it is killed (a step over a long prompt may take as long as that
on a slow machine); starts after a death wait 0.5 s, 1 s, 2 s and so on up to `max_backoff_s`, and
begin anew at 0.5 s once a worker was ready for a minute. A first worker that says that it can never start is not
started again: the state is `failed` then. A later one is, since the same options have worked before.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from pydantic import JsonValue

from core.errors import ConfigError, EngineError, RequestError
from server.engines.base import EngineState, WatchedEngine, backoff_s
from server.engines.worker_process import JobQueue, WorkerFailedError, WorkerProcess
from server.generation import EngineStats, Job, Output
from server.worker.protocol import Abort, Generate, Rejected, Start

log = logging.getLogger("vernacular.engine")

_STEADY_S = 60.0
_FAILED_AFTER = 5


@dataclass(frozen=True, slots=True)
class Supervision:
    """Times in seconds."""

    ping_s: float = 1.0
    notice_s: float = 3.0
    hang_s: float = 60.0
    load_s: float = 1800.0
    first_backoff_s: float = 0.5
    max_backoff_s: float = 30.0
    grace_s: float = 2.0

    def wait_s(self, deaths: int) -> float:
        """Seconds to wait after so many deaths in a row."""
        return backoff_s(deaths, self.first_backoff_s, self.max_backoff_s)


class SupervisedWorker(WatchedEngine):
    """See the module. `engine` names one in `server.worker.engine.ENGINES`, `options` are its options."""

    def __init__(self, engine: str, options: dict[str, JsonValue], times: Supervision | None = None) -> None:
        super().__init__(EngineState("starting", "starting the worker"))
        self._start_frame = Start(engine=engine, options=options)
        self._times = times or Supervision()
        self._ready_since = math.inf
        self._was_ready = False
        self._worker: WorkerProcess | None = None
        self._supervising: asyncio.Task[None] | None = None

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, while there is one."""
        return self._worker.pid if self._worker else None

    async def start(self) -> None:
        """Begin to supervise."""
        self._supervising = asyncio.ensure_future(self._supervise())

    async def generate(self, job: Job) -> AsyncGenerator[Output, None]:
        """Outputs of the job."""
        worker = self._ready_worker()
        queue: JobQueue = asyncio.Queue()
        worker.jobs[job.id] = queue
        worker.send(Generate(job=job))
        ended = False
        try:
            while not ended:
                item = await queue.get()
                ended = not isinstance(item, Output) or item.finish is not None
                match item:
                    case Output():
                        yield item
                    case Rejected(message=message):
                        raise RequestError(f"the engine refused the request: {message}", code="refused_by_engine")
                    case error:
                        raise error
        finally:
            worker.jobs.pop(job.id, None)
            if not ended:
                worker.send(Abort(id=job.id))

    async def stats(self) -> EngineStats:
        """Counters of the worker."""
        try:
            return await self._ready_worker().ping(self._times.hang_s)
        except TimeoutError:
            raise EngineError("the engine does not answer") from None

    async def close(self) -> None:
        """End the worker."""
        if self._supervising is not None:
            self._supervising.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervising

    def _ready_worker(self) -> WorkerProcess:
        if self._state.status != "ready" or self._worker is None:
            raise self._state.unavailable()
        return self._worker

    async def _supervise(self) -> None:
        deaths = 0
        while True:
            self._ready_since = math.inf
            try:
                reason = await self._live_once()
            except (WorkerFailedError, ConfigError) as error:
                if not self._was_ready:
                    self._become(EngineState("failed", str(error), retry_after_s=60.0))
                    return
                reason = str(error)
            except OSError as error:
                reason = f"the worker cannot be started ({error.strerror})"
            deaths = 1 if time.monotonic() - self._ready_since > _STEADY_S else deaths + 1
            wait_s = self._times.wait_s(deaths)
            log.warning("%s; starting again in %.1f s", reason, wait_s)
            self._become(
                EngineState(
                    "failed" if deaths >= _FAILED_AFTER else "starting",
                    f"{reason}; starting again in {wait_s:.1f} s",
                    restarts=self._state.restarts + 1,
                    retry_after_s=max(1.0, wait_s),
                )
            )
            await asyncio.sleep(wait_s)

    async def _live_once(self) -> str:
        """One worker from start to end; why it ended."""
        worker = self._worker = await WorkerProcess.spawn()
        self._become(EngineState("starting", "starting the worker", restarts=self._state.restarts))
        grace_s = 0.0
        try:
            async with asyncio.timeout(self._times.load_s):
                facts = await worker.load(self._start_frame, self._report)
            self._ready_since, self._was_ready = time.monotonic(), True
            ready = EngineState("ready", facts.engine, facts, restarts=self._state.restarts)
            self._become(ready)
            return await self._watch(worker, ready)
        except TimeoutError:
            return f"the worker was not ready after {self._times.load_s:g} s"
        except EngineError as error:
            return str(error)
        except asyncio.CancelledError:
            grace_s = self._times.grace_s
            raise
        finally:
            self._worker = None
            if self._state.status == "ready":
                self._become(EngineState("starting", "ending the worker", restarts=self._state.restarts))
            ended = EngineError("the engine ended while it worked on this request", code="engine_died")
            for queue in worker.jobs.values():
                queue.put_nowait(ended)
            await asyncio.shield(worker.end(grace_s))

    async def _watch(self, worker: WorkerProcess, ready: EngineState) -> str:
        listening = asyncio.ensure_future(worker.listen())
        answered = time.monotonic()
        try:
            while True:
                done, _ = await asyncio.wait((listening,), timeout=self._times.ping_s)
                if done:
                    return f"the worker ended ({await worker.describe_end()})"
                stats = await self._ping(worker, listening)
                if stats is None:
                    stuck_s, what = time.monotonic() - answered, "the worker has not answered"
                else:
                    answered = time.monotonic()
                    stuck_s, what = stats.stalled_s, "the engine has made no progress"
                if stuck_s > self._times.hang_s:
                    return f"{what} for {stuck_s:.1f} s"
                if stuck_s > self._times.notice_s:
                    detail = f"{what} for some seconds; it is started again after {self._times.hang_s:g} s of that"
                    self._become(replace(ready, status="starting", detail=detail, retry_after_s=self._times.notice_s))
                else:
                    self._become(ready)
        finally:
            listening.cancel()

    async def _ping(self, worker: WorkerProcess, listening: asyncio.Future[None]) -> EngineStats | None:
        """The worker's answer; `None` where none comes in time, or it ends meanwhile."""
        pinging = asyncio.ensure_future(worker.ping(self._times.ping_s))
        try:
            await asyncio.wait((pinging, listening), return_when=asyncio.FIRST_COMPLETED)
        finally:
            over = pinging.done()
            pinging.cancel()
        if not over:
            return None
        return None if isinstance(pinging.exception(), TimeoutError) else pinging.result()

    def _report(self, detail: str) -> None:
        if detail != self._state.detail:
            self._become(replace(self._state, detail=detail))
