"""One worker process and the connection to it, from its start to its end.

Guarantees: the worker never outlives this process (it holds the other end of a socket pair, and on Linux dies with
its parent); its own children go with it; its log is kept in memory, the last lines only, and passed to the logger
`vernacular.worker` at debug level. The work space's folders are never on its import path.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import shutil
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

from core.errors import ConfigError, EngineError
from server.generation import EngineFacts, EngineStats, Output
from server.worker.protocol import (
    Failed,
    Loading,
    Ping,
    Pong,
    Produced,
    ProtocolError,
    Ready,
    Rejected,
    Start,
    ToWorker,
    frame,
    read_to_server,
)

COMMAND = "vernacular-worker"
_KEPT_LOG_LINES = 60
_LONGEST_LOG_LINE = 4096
_LINE_END = re.compile(rb"[\r\n]")
"""Progress bars end their lines with a carriage return."""

log = logging.getLogger("vernacular.worker")

JobQueue = asyncio.Queue[Output | Rejected | EngineError]


class WorkerFailedError(Exception):
    """The worker says that it can never start with these options; the text is one line."""


class WorkerProcess:
    """A started worker. `jobs` are the queues of running jobs, filled until the worker's end."""

    def __init__(self, process: asyncio.subprocess.Process, connection: socket.socket) -> None:
        self.jobs: dict[str, JobQueue] = {}
        self.log_lines: deque[str] = deque(maxlen=_KEPT_LOG_LINES)
        self._process = process
        self._connection = connection
        self._pongs: dict[int, asyncio.Future[EngineStats]] = {}
        self._pings = 0
        self._writer: asyncio.StreamWriter | None = None
        self._logging = asyncio.ensure_future(self._copy_log())

    @classmethod
    async def spawn(cls) -> WorkerProcess:
        """Start a process, connected and idle."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            process = await asyncio.create_subprocess_exec(
                _command(),
                "--fd",
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )
        return cls(process, ours)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    async def load(self, start: Start, report: Callable[[str], None]) -> EngineFacts:
        """Send `start`; wait until the worker is ready.

        Raises `WorkerFailedError` where it says that it cannot, `EngineError` where it died.
        """
        self._reader, self._writer = await asyncio.open_unix_connection(sock=self._connection)
        self.send(start)
        while True:
            match await self._next():
                case Loading(detail=detail):
                    report(detail)
                case Ready(facts=facts):
                    return facts
                case Failed(message=message):
                    raise WorkerFailedError(message)
                case None:
                    raise EngineError(f"the worker ended while loading ({await self.describe_end()})")
                case _:
                    raise EngineError("the worker spoke out of turn")

    async def listen(self) -> None:
        """Hand out what the ready worker sends, until it ends."""
        while (message := await self._next()) is not None:
            match message:
                case Produced(output=output) if queue := self.jobs.get(output.id):
                    queue.put_nowait(output)
                case Rejected(id=job_id) if queue := self.jobs.get(job_id):
                    queue.put_nowait(message)
                case Pong(number=number, stats=stats):
                    if (waiting := self._pongs.pop(number, None)) and not waiting.done():
                        waiting.set_result(stats)
                case _:
                    pass  # of a job that was aborted meanwhile

    def send(self, message: ToWorker) -> None:
        """Send a frame; where the worker is gone already, `listen` is about to end."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(frame(message))

    async def ping(self, timeout_s: float) -> EngineStats:
        """A sign of life. Raises `TimeoutError`."""
        self._pings += 1
        number = self._pings
        pong: asyncio.Future[EngineStats] = asyncio.get_running_loop().create_future()
        self._pongs[number] = pong
        self.send(Ping(number=number))
        try:
            return await asyncio.wait_for(pong, timeout_s)
        finally:
            self._pongs.pop(number, None)

    async def describe_end(self) -> str:
        """How the process ended, with the last line of its log where there is one."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), 5)
        code = self._process.returncode
        if code is None:
            how = "it closed its connection"
        elif code < 0:
            how = f"killed by signal {signal.Signals(-code).name}"
        else:
            how = f"exit status {code}"
        return f"{how}; last line of its log: {self.log_lines[-1]}" if self.log_lines and code else how

    async def end(self, grace_s: float) -> None:
        """Close the connection, wait up to `grace_s` for the worker to leave, then kill it and its children."""
        if self._writer is not None:
            self._writer.close()
        else:
            self._connection.close()
        if grace_s > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), grace_s)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        self._logging.cancel()

    async def _next(self) -> Loading | Ready | Failed | Produced | Rejected | Pong | None:
        try:
            return await read_to_server(self._reader)
        except ProtocolError as error:
            log.warning("the worker sent %s", error)
            return None

    async def _copy_log(self) -> None:
        """Until the end of file, whatever comes: a worker whose log nobody reads would block."""
        assert self._process.stdout is not None
        rest = b""
        while read := await self._process.stdout.read(_LONGEST_LOG_LINE):
            *lines, rest = _LINE_END.split(rest + read)
            self._log(lines)
            rest = rest[-_LONGEST_LOG_LINE:]
        self._log([rest])

    def _log(self, lines: list[bytes]) -> None:
        for line in lines:
            if text := line.decode(errors="replace").rstrip():
                self.log_lines.append(text)
                log.debug("%s", text)


def _command() -> str:
    """The worker's console script: beside this interpreter, else on PATH. Never `python -m`."""
    beside = Path(sys.executable).with_name(COMMAND)
    found = str(beside) if beside.exists() else shutil.which(COMMAND)
    if found is None:
        raise ConfigError(f"{COMMAND} is not installed beside {sys.executable}; install this package with pip")
    return found
