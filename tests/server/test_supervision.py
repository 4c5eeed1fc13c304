"""Workers that die, hang, stall or outlive their server."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sse_starlette.sse import AppStatus

from core.wire import Problem
from server.engines import worker_process
from server.engines.supervised import Supervision

Start = Callable[..., Any]
MakeRequest = Callable[..., dict[str, Any]]
PATH = "/api/v1/complete"
QUICK = Supervision(ping_s=0.05, hang_s=3, first_backoff_s=0.3, max_backoff_s=0.3, grace_s=2)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # before it was opened, or before it was read
        return False


async def test_a_killed_worker_is_started_again(
    start_server: Start, request_with: MakeRequest, wait_for: Start
) -> None:
    async with start_server(times=QUICK, token_s=0.02) as server:
        pid = server.engine.worker_pid
        under_way = asyncio.ensure_future(server.client.post(PATH, json=request_with(max_new_tokens=1000)))
        while not (await server.engine.stats()).running:
            await asyncio.sleep(0.01)
        os.kill(pid, signal.SIGKILL)
        response = await under_way
        assert (response.status_code, response.json()["code"]) == (503, "engine_died")
        await server.until("starting")
        meanwhile = await server.client.post(PATH, json=request_with())
        assert meanwhile.status_code == 503
        assert int(meanwhile.headers["retry-after"]) >= 1
        assert "killed by signal SIGKILL" in Problem.model_validate_json(meanwhile.content).message
        await server.until("ready")
        assert server.engine.worker_pid != pid
        assert server.service.state.restarts == 1
        assert (await server.client.post(PATH, json=request_with(max_new_tokens=1))).status_code == 200
        assert 'vernacular_worker_restarts_total{model="default"} 1.0' in (await server.client.get("/metrics")).text


async def test_a_stream_whose_worker_dies_ends_with_an_error_event(
    start_server: Start, request_with: MakeRequest, tmp_path: Path
) -> None:
    once = str(tmp_path / "died")
    async with start_server(times=QUICK, die_after=3, once=once, token_s=0.01) as server:
        body = request_with(max_new_tokens=100)
        async with server.client.stream("POST", PATH, json=body, headers={"Accept": "text/event-stream"}) as streamed:
            lines = [line async for line in streamed.aiter_lines()]
        assert "event: delta" in lines
        assert lines[lines.index("event: error") + 1].startswith('data: {"code":"engine_died"')
        await server.until("ready")
        assert (await server.client.post(PATH, json=body)).status_code == 200


@pytest.mark.parametrize("how", ["hang_after", "stall_after"])
async def test_a_worker_that_hangs_or_stalls_is_killed(
    start_server: Start, request_with: MakeRequest, wait_for: Start, tmp_path: Path, how: str
) -> None:
    async with start_server(times=QUICK, **{how: 2, "once": str(tmp_path / "hung")}) as server:
        pid = server.engine.worker_pid
        response = await server.client.post(PATH, json=request_with(max_new_tokens=10))
        assert (response.status_code, response.json()["code"]) == (503, "engine_died")
        await wait_for(lambda: not alive(pid))
        await server.until("ready")
        assert (await server.client.post(PATH, json=request_with(max_new_tokens=1))).status_code == 200


async def test_an_engine_without_progress_is_noticed_before_it_is_killed_and_may_recover(
    start_server: Start, request_with: MakeRequest
) -> None:
    times = Supervision(ping_s=0.05, notice_s=0.2, hang_s=60)
    async with start_server(times=times, token_s=1.5) as server:
        pid = server.engine.worker_pid
        under_way = asyncio.ensure_future(server.client.post(PATH, json=request_with(max_new_tokens=2)))
        await server.until("starting")
        health = await server.client.get("/health")
        assert health.status_code == 503
        assert "the engine has made no progress for some seconds" in health.json()["detail"]
        refused = await server.client.post(PATH, json=request_with(session_id="other"))
        assert (refused.status_code, "retry-after" in refused.headers) == (503, True)
        assert (await under_way).status_code == 200
        await server.until("ready")
        assert (server.engine.worker_pid, server.service.state.restarts) == (pid, 0)


def test_a_hang_is_noticed_within_five_seconds() -> None:
    times = Supervision()
    assert times.notice_s + 2 * times.ping_s <= 5


async def test_an_engine_that_answers_no_number_is_started_again(
    start_server: Start, request_with: MakeRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with start_server(times=QUICK, nan_after=2, once=str(tmp_path / "wrong")) as server:
        response = await server.client.post(PATH, json=request_with(max_new_tokens=10))
        assert (response.status_code, response.json()["code"]) == (503, "engine_died")
        await server.until("ready")
        assert server.service.state.restarts == 1
        assert "what is no number (NaN)" in caplog.text
        assert (await server.client.post(PATH, json=request_with(max_new_tokens=1))).status_code == 200


async def test_starts_that_keep_failing_are_called_failed_and_waits_grow(
    start_server: Start, caplog: pytest.LogCaptureFixture
) -> None:
    times = Supervision(load_s=0.01, first_backoff_s=0.1, max_backoff_s=0.3)
    async with start_server(ready=False, times=times, load_s=60) as server:
        await server.until("failed")
        assert server.service.state.restarts >= 5
        assert "was not ready after" in server.service.state.detail
    waits = [record.getMessage().rpartition("starting again in ")[2] for record in caplog.records]
    assert [wait for wait in waits if wait][:5] == ["0.1 s", "0.2 s", "0.3 s", "0.3 s", "0.3 s"]


async def test_a_worker_that_cannot_be_started_is_tried_again(
    start_server: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = Supervision(first_backoff_s=0.01, max_backoff_s=0.01)
    with monkeypatch.context() as patch:
        patch.setattr(worker_process, "_command", lambda: "/nowhere/vernacular-worker")
        async with start_server(ready=False, times=times) as server:
            await server.until("failed")
            assert "the worker cannot be started (No such file or directory)" in server.service.state.detail
            patch.undo()
            await server.until("ready")


async def test_without_the_workers_command_the_state_is_failed(
    start_server: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "COMMAND", "no-such-worker")
    async with start_server(ready=False) as server:
        await server.until("failed")
        assert "no-such-worker is not installed" in server.service.state.detail


async def test_a_restart_that_cannot_load_is_tried_again(start_server: Start, wait_for: Start, tmp_path: Path) -> None:
    """The memory of a GPU, say, may not be free again yet."""
    mark = tmp_path / "taken"
    async with start_server(times=QUICK, fail_while=str(mark)) as server:
        mark.touch()
        os.kill(server.engine.worker_pid, signal.SIGKILL)
        await wait_for(lambda: "the memory is still taken" in server.service.state.detail)
        mark.unlink()
        await server.until("ready")


async def test_a_fault_of_the_engine_ends_one_request(start_server: Start, request_with: MakeRequest) -> None:
    async with start_server(raise_after=2) as server:
        response = await server.client.post(PATH, json=request_with(max_new_tokens=10))
        assert (response.status_code, response.json()["code"]) == (422, "refused_by_engine")
        assert "LookupError in the engine" in response.json()["message"]
        assert "as scripted" not in response.text
        assert (await server.client.get("/health")).status_code == 200


async def test_a_log_line_without_an_end_does_not_block_the_worker(
    start_server: Start, request_with: MakeRequest
) -> None:
    async with start_server(log_bytes=1_000_000) as server:
        assert (await server.client.post(PATH, json=request_with(max_new_tokens=1))).status_code == 200


def test_waits_stay_finite_however_often_a_worker_dies() -> None:
    assert Supervision().wait_s(1) == 0.5
    assert Supervision().wait_s(5000) == 30.0


async def test_the_worker_is_gone_when_the_server_has_ended(start_server: Start) -> None:
    async with start_server() as server:
        pid = server.engine.worker_pid
        assert alive(pid)
    assert not alive(pid)


async def test_answers_under_way_end_with_an_error_when_the_server_ends(
    start_server: Start, request_with: MakeRequest
) -> None:
    async with start_server(token_s=0.02) as server:
        body = request_with(max_new_tokens=1000)
        whole = asyncio.ensure_future(server.client.post(PATH, json={**body, "session_id": "s2"}))
        async with server.client.stream("POST", PATH, json=body, headers={"Accept": "text/event-stream"}) as streamed:
            lines = streamed.aiter_lines()
            await anext(lines)
            while (await server.engine.stats()).running < 2:
                await asyncio.sleep(0.01)
            server.http.should_exit = True
            assert "event: error" in [line async for line in lines]
        response = await whole
        assert (response.status_code, response.json()["code"]) == (503, "engine_died")


async def test_an_interrupt_ends_the_worker_before_the_server(
    start_server: Start, wait_for: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uvicorn raises it again when it is done; by default that is the end of the process. SIGTERM: `test_ending.py`."""
    monkeypatch.setattr(AppStatus, "should_exit", False)  # a signal sets it for the whole process
    worker_alive: list[bool] = []
    before = signal.signal(signal.SIGINT, lambda *_: worker_alive.append(alive(pid)))
    try:
        async with start_server() as server:
            pid = server.engine.worker_pid
            os.kill(os.getpid(), signal.SIGINT)
            await wait_for(lambda: worker_alive)
    finally:
        signal.signal(signal.SIGINT, before)
    assert worker_alive == [False]


ORPHAN = """
    import asyncio, sys
    from server.engines.supervised import SupervisedWorker

    async def main():
        worker = SupervisedWorker("scripted", {options})
        await worker.start()
        state = worker.state
        while state.status != "ready":
            state = await worker.changed(state)
        print(worker.worker_pid, flush=True)
        await asyncio.Event().wait()

    asyncio.run(main())
"""


async def test_neither_worker_nor_its_children_outlive_a_killed_server(wait_for: Start, tmp_path: Path) -> None:
    code = textwrap.dedent(ORPHAN).replace("{options}", str({"child": str(tmp_path / "child")}))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as server:  # noqa: ASYNC220
        assert server.stdout is not None
        pid = int(await asyncio.to_thread(server.stdout.readline))
        child = int((tmp_path / "child").read_text())
        assert alive(pid)
        assert alive(child)
        server.kill()
    await wait_for(lambda: not alive(pid))
    await wait_for(lambda: not alive(child))


async def test_a_worker_starts_in_a_hostile_folder(
    start_server: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("core", "server", "completion", "json"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('imported from the work space')")
    monkeypatch.chdir(tmp_path)
    async with start_server() as server:
        assert server.service.state.status == "ready"
