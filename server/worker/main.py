"""`vernacular-worker --fd N`: the process that holds one model. The server starts it; nobody else needs to.

Guarantees: it ends when the server ends, however that ended (end of file on the socket; on Linux the kernel kills
it as well, so that a hung worker goes too), and the engine's own processes end with it; its standard output and
error hold logs only; one job's failure leaves the others alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import functools
import math
import os
import signal
import socket
import sys
import traceback
from typing import NoReturn

from pydantic import ValidationError

from core.errors import VernacularError
from server.generation import Job
from server.worker.engine import JobError, LoadError, WorkerEngine, engine_named
from server.worker.protocol import (
    WORKER_PROTOCOL,
    Abort,
    Failed,
    Generate,
    Loading,
    Ping,
    Pong,
    Produced,
    ProtocolError,
    Ready,
    Rejected,
    Start,
    ToServer,
    ToWorker,
    frame,
    read_to_worker,
)

_PR_SET_PDEATHSIG = 1
ENGINE_WRONG = 71
"""Exit status of a worker whose engine answered with what is no number."""


def main() -> None:
    """Entry of the console script."""
    parser = argparse.ArgumentParser(prog="vernacular-worker", description="holds one model for the server")
    parser.add_argument("--fd", type=int, required=True, help="an inherited, connected Unix stream socket")
    arguments = parser.parse_args()
    _die_with_parent()
    _take_children_along()
    connection = socket.socket(fileno=arguments.fd)
    connection.set_inheritable(False)
    status = asyncio.run(_serve(connection))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # threads of the engine may be in the middle of a step; the server waits for the end


async def _serve(connection: socket.socket) -> int:
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    worker = _Worker(reader, writer)
    try:
        return await worker.run()
    except ProtocolError as error:
        sys.stderr.write(f"vernacular-worker: {error}\n")
        return 1


class _Worker:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._jobs: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> int:
        """Until the server goes away; the process's exit status."""
        start = await read_to_worker(self._reader)
        if start is None:
            return 0
        if not isinstance(start, Start) or start.version != WORKER_PROTOCOL:
            raise ProtocolError(f"expected a start frame of version {WORKER_PROTOCOL}")
        reading = asyncio.ensure_future(read_to_worker(self._reader))
        loading = asyncio.ensure_future(self._load(start))
        await asyncio.wait((reading, loading), return_when=asyncio.FIRST_COMPLETED)
        if not loading.done():  # the server went away, or spoke too early
            return 0
        engine = loading.result()
        if engine is None:
            return 3
        await self._listen(engine, reading)
        for task in self._jobs.values():
            task.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(engine.close(), 5)
        return 0

    async def _load(self, start: Start) -> WorkerEngine | None:
        loop = asyncio.get_running_loop()

        def report(detail: str) -> None:
            loop.call_soon_threadsafe(self._send, Loading(detail=detail))

        try:
            engine = engine_named(start.engine, start.options)
            facts = await engine.load(report)
        except (LoadError, VernacularError, ValidationError) as error:
            self._send(Failed(message=_one_line(error)))
            with contextlib.suppress(ConnectionError):
                await self._writer.drain()
            return None
        self._send(Ready(facts=facts))
        return engine

    async def _listen(self, engine: WorkerEngine, reading: asyncio.Future[ToWorker | None]) -> None:
        message = await reading
        while message is not None:
            match message:
                case Generate(job=job):
                    task = asyncio.ensure_future(self._run_job(engine, job))
                    self._jobs[job.id] = task
                    task.add_done_callback(functools.partial(self._forget, job.id))
                case Abort(id=job_id):
                    if running := self._jobs.get(job_id):
                        running.cancel()
                case Ping(number=number):
                    self._send(Pong(number=number, stats=engine.stats()))
                case _:
                    raise ProtocolError(f"a {type(message).__name__} frame at the wrong time")
            message = await read_to_worker(self._reader)

    async def _run_job(self, engine: WorkerEngine, job: Job) -> None:
        try:
            async with contextlib.aclosing(engine.generate(job)) as outputs:
                async for output in outputs:
                    if any(map(math.isnan, output.logprobs)):
                        _give_up("the engine answered with what is no number (NaN)")
                    self._send(Produced(output=output))
                    await self._writer.drain()
        except JobError as error:
            self._send(Rejected(id=job.id, message=_one_line(error)))
        except ConnectionError:
            pass
        except Exception as error:
            traceback.print_tb(error.__traceback__)  # its text may hold a user's code
            self._send(Rejected(id=job.id, message=f"{type(error).__name__} in the engine; its log says where"))

    def _forget(self, job_id: str, _: asyncio.Task[None]) -> None:
        self._jobs.pop(job_id, None)

    def _send(self, message: ToServer) -> None:
        if not self._writer.is_closing():
            self._writer.write(frame(message))


def _give_up(reason: str) -> NoReturn:
    """End the process: whatever the engine says from now on is not to be trusted. The server starts another."""
    sys.stderr.write(f"{reason}\n")
    sys.stderr.flush()
    os._exit(ENGINE_WRONG)


def _die_with_parent(by: signal.Signals = signal.SIGKILL) -> None:
    """Ask Linux to signal this process when its parent ends, and end at once if that has happened already."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:
        os._exit(0)


def _take_children_along() -> None:
    """Leave a process that kills the whole process group once this one ends.

    vLLM's engine process does not notice the death of its parent, and would go on holding the GPU's memory. Only
    where the group is this process's own, as the server starts it.
    """
    if sys.platform != "linux" or os.getpgrp() != os.getpid() or os.fork() != 0:
        return
    os.closerange(0, os.sysconf("SC_OPEN_MAX"))
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
    _die_with_parent(signal.SIGTERM)
    while True:
        signal.pause()


def _one_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return "; ".join(lines[:3]) or type(error).__name__
