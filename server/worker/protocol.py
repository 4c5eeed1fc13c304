"""How the server and a worker process speak: frames over a connected Unix stream socket.

A frame is four bytes, the length of the rest as an unsigned big-endian number, then one JSON object in UTF-8 with
a `type`. The worker inherits its end of a socket pair as a file descriptor, so no path lies about for others to
connect to. Version `WORKER_PROTOCOL`; the two are always installed together, so other versions are refused.

::

    server -> worker                      worker -> server
    start   version, engine, options      loading   detail            any number, while it starts
                                          ready     facts             once; jobs may come from now on
                                          failed    message           once, instead of ready; then the end
    generate  job                         output    output            any number; the last one has a finish
    abort     id                          rejected  id, message       the job can never run
    ping      number                      pong      number, stats     answered even while the engine is busy

An abort is not answered; outputs already under way may still follow it. An end of file from either side ends
both: a worker whose server died exits at once.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal, TypeVar

from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from server.generation import EngineFacts, EngineStats, GenerationModel, Job, Output

WORKER_PROTOCOL = 1
MAX_FRAME_BYTES = 64 * 1024 * 1024
_LENGTH_BYTES = 4

Message = TypeVar("Message")


class ProtocolError(Exception):
    """The other side sent what is no frame of this protocol."""


class Start(GenerationModel):
    """First frame to a worker: what to load."""

    type: Literal["start"] = "start"
    version: int = WORKER_PROTOCOL
    engine: str = Field(description="name in `server.worker.engine.ENGINES`")
    options: dict[str, JsonValue] = Field(description="validated by that engine")


class Generate(GenerationModel):
    """Begin a job."""

    type: Literal["generate"] = "generate"
    job: Job


class Abort(GenerationModel):
    """Stop a job; unknown ids are ignored, since the job may just have ended."""

    type: Literal["abort"] = "abort"
    id: str


class Ping(GenerationModel):
    """Ask for a sign of life."""

    type: Literal["ping"] = "ping"
    number: int


class Loading(GenerationModel):
    """What the worker does while it starts, in one line for people."""

    type: Literal["loading"] = "loading"
    detail: str


class Ready(GenerationModel):
    """The engine takes jobs."""

    type: Literal["ready"] = "ready"
    facts: EngineFacts


class Failed(GenerationModel):
    """The engine can never start with these options."""

    type: Literal["failed"] = "failed"
    message: str


class Produced(GenerationModel):
    """More of a job."""

    type: Literal["output"] = "output"
    output: Output


class Rejected(GenerationModel):
    """The engine refused this job, and lives on."""

    type: Literal["rejected"] = "rejected"
    id: str
    message: str


class Pong(GenerationModel):
    """The sign of life."""

    type: Literal["pong"] = "pong"
    number: int
    stats: EngineStats


ToWorker = Start | Generate | Abort | Ping
ToServer = Loading | Ready | Failed | Produced | Rejected | Pong

_TO_WORKER: TypeAdapter[ToWorker] = TypeAdapter(Annotated[ToWorker, Field(discriminator="type")])
_TO_SERVER: TypeAdapter[ToServer] = TypeAdapter(Annotated[ToServer, Field(discriminator="type")])


def frame(message: ToWorker | ToServer) -> bytes:
    """The message's bytes on the wire."""
    body = message.model_dump_json().encode()
    if len(body) > MAX_FRAME_BYTES:
        raise ProtocolError(f"a frame of {len(body)} bytes; at most {MAX_FRAME_BYTES} are allowed")
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


async def read_to_worker(reader: asyncio.StreamReader) -> ToWorker | None:
    """The next frame to a worker; `None` at the end of the stream. Raises `ProtocolError`."""
    body = await _read_body(reader)
    return None if body is None else _parsed(_TO_WORKER, body)


async def read_to_server(reader: asyncio.StreamReader) -> ToServer | None:
    """The next frame to the server; `None` at the end of the stream. Raises `ProtocolError`."""
    body = await _read_body(reader)
    return None if body is None else _parsed(_TO_SERVER, body)


async def _read_body(reader: asyncio.StreamReader) -> bytes | None:
    try:
        length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
        if length > MAX_FRAME_BYTES:
            raise ProtocolError(f"a frame of {length} bytes; at most {MAX_FRAME_BYTES} are allowed")
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def _parsed(adapter: TypeAdapter[Message], body: bytes) -> Message:
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ProtocolError(f"a malformed frame: {where}: {first['msg']}") from None
