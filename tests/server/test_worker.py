"""The worker's protocol, and the choices that it makes by itself."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import UnknownNameError
from server.engines.registry import engine_named
from server.engines.worker_process import WorkerFailedError, WorkerProcess
from server.generation import EngineStats, Job, Output
from server.worker.protocol import (
    MAX_FRAME_BYTES,
    Generate,
    Pong,
    Produced,
    ProtocolError,
    Start,
    ToServer,
    ToWorker,
    frame,
    read_to_server,
    read_to_worker,
)
from server.worker.vllm_options import VllmOptions, cores, cpu_dtype

COMMAND = Path(sys.executable).with_name("vernacular-worker")


def stream_of(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


async def test_frames_come_back_as_they_were_sent() -> None:
    job = Job(id="1", prompt=(1, 2), begin_with=b"\x00\xff", max_new_tokens=3, stop=(9,), seed=4)
    to_worker: list[ToWorker] = [Start(engine="scripted", options={"model": "x"}), Generate(job=job)]
    reader = stream_of(b"".join(map(frame, to_worker)))
    assert [await read_to_worker(reader), await read_to_worker(reader)] == to_worker
    assert await read_to_worker(reader) is None
    output = Output(id="1", tokens=(5,), logprobs=(-0.25,), finish="stop")
    to_server: list[ToServer] = [Produced(output=output), Pong(number=7, stats=EngineStats())]
    reader = stream_of(b"".join(map(frame, to_server)))
    assert [await read_to_server(reader), await read_to_server(reader)] == to_server


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x00\x00\x00\x02{]", "a malformed frame"),
        (b'\x00\x00\x00\x0e{"type":"nix"}', "a malformed frame"),
        ((MAX_FRAME_BYTES + 1).to_bytes(4, "big"), "at most"),
    ],
)
async def test_what_is_no_frame_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        await read_to_worker(stream_of(data))


async def test_a_frame_cut_short_is_the_end() -> None:
    assert await read_to_worker(stream_of(frame(Start(engine="x", options={}))[:-1])) is None


@pytest.mark.parametrize(("first", "status"), [(b"", 0), (b"\x00\x00\x00\x02{]", 1), (b"GET / HTTP/1.1\r\n\r\n", 1)])
def test_a_worker_ends_when_nobody_speaks_its_protocol(first: bytes, status: int) -> None:
    ours, theirs = socket.socketpair()
    with (
        ours,
        theirs,
        subprocess.Popen(
            [COMMAND, "--fd", str(theirs.fileno())], pass_fds=(theirs.fileno(),), stderr=subprocess.PIPE, text=True
        ) as worker,
    ):
        theirs.close()
        ours.sendall(first)
        ours.shutdown(socket.SHUT_WR)
        _, errors = worker.communicate(timeout=30)
    assert "Traceback" not in errors
    assert (worker.returncode, bool(errors)) == (status, bool(status))


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (Start(engine="vlm", options={}), "did you mean 'vllm'"),
        (Start(engine="vllm", options={"modle": "x"}), "modle"),
    ],
)
async def test_wrong_options_are_a_clear_failure(start: Start, message: str) -> None:
    worker = await WorkerProcess.spawn()
    try:
        with pytest.raises(WorkerFailedError) as caught:
            await worker.load(start, lambda _: None)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)
    finally:
        await worker.end(0)


def test_an_unknown_engine_lists_the_known() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown engine 'vlm'.*did you mean 'vllm'"):
        engine_named("vlm", {})


@pytest.mark.parametrize(
    ("flags", "dtype"),
    [("fpu avx2", "float32"), ("avx512f avx512_bf16", "bfloat16"), ("amx_bf16", "bfloat16"), ("avx512f", "float32")],
)
def test_the_number_format_follows_the_cpu(tmp_path: Path, flags: str, dtype: str) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nflags\t\t: {flags}\n\nprocessor\t: 1\nflags\t\t: {flags}\n")
    assert cpu_dtype(cpuinfo) == dtype
    assert cpu_dtype(tmp_path / "none") == "float32"


def test_context_is_by_device_unless_somebody_said() -> None:
    assert VllmOptions(model="m", context_limit=2048).context_tokens(cpu=True) == 2048
    assert VllmOptions(model="m", context_limit=131072).context_tokens(cpu=True) == 4096
    assert VllmOptions(model="m", context_limit=131072).context_tokens(cpu=False) == 16384
    assert VllmOptions(model="m", context_limit=131072, max_model_len=32768).context_tokens(cpu=True) == 32768


def test_cores_are_those_that_this_process_may_use() -> None:
    assert cores(1) == cores(None)[:1]
    assert cores(10_000) == cores(None)


def test_a_small_model_is_computed_on_one_core(tmp_path: Path) -> None:
    options = VllmOptions(model=str(tmp_path), context_limit=64)
    assert options.core_count() is None
    (tmp_path / "model.safetensors").write_bytes(bytes(1000))
    assert options.core_count() == 1
    assert VllmOptions(model=str(tmp_path), context_limit=64, threads=2).core_count() == 2
    with (tmp_path / "model.safetensors").open("r+b") as file:
        file.truncate(65 * 2**20)
    assert options.core_count() is None
