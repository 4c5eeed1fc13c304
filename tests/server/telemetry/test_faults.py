"""An acknowledged event is never lost: the server killed, the disk full, PostgreSQL crashed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.storage.database import Database
from server.telemetry.collector import Telemetry
from tests.server.telemetry.making import batch, event, stored
from tests.server.telemetry.postgres import cluster

PROGRAM = Path(__file__).with_name("events_server.py")
ROOT = Path(__file__).resolve().parents[3]
ROUNDS, SENDERS, ACKNOWLEDGED = 4, 4, 30


@contextmanager
def events_server(url: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its address; killed at the end."""
    environment = dict(os.environ) | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, str(PROGRAM), url], stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class Client:
    """Sends batches one after the other, those without an answer again, and remembers what was acknowledged."""

    def __init__(self) -> None:
        self.acknowledged: set[str] = set()
        self.unanswered: list[str] = []
        self.refusals: list[httpx.Response] = []
        self._waiting: list[Any] = []

    def send(self, url: str, enough: Callable[[], bool]) -> None:
        """Until there is enough, or nobody answers any more."""
        with httpx.Client(base_url=url, timeout=30) as http:
            while not enough():
                one = self._waiting.pop() if self._waiting else batch(event(), event(), event())
                try:
                    answer = http.post(
                        "/api/v1/events", content=one.model_dump_json(), headers={"content-type": "application/json"}
                    )
                except httpx.HTTPError:
                    self._waiting.append(one)
                    return
                if answer.status_code == 200:
                    self.acknowledged |= {each.id for each in one.events}
                else:
                    self.refusals.append(answer)
                    self._waiting.append(one)

    @property
    def sent(self) -> set[str]:
        """Everything that the server has or may have."""
        return self.acknowledged | {each.id for one in self._waiting for each in one.events}


def test_killed_in_the_middle_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/events.db"
    clients = [Client() for _ in range(SENDERS)]
    for number in range(1, ROUNDS + 1):
        goal = number * ACKNOWLEDGED
        reached = threading.Barrier(SENDERS + 1)

        def send(client: Client, goal: int = goal, reached: threading.Barrier = reached) -> None:
            client.send(address, lambda: len(client.acknowledged) >= goal)
            reached.wait()
            client.send(address, lambda: False)  # until it is killed

        with events_server(url) as (process, address):
            threads = [threading.Thread(target=send, args=(client,)) for client in clients]
            for thread in threads:
                thread.start()
            reached.wait(60)
            process.kill()  # while every client sends
            for thread in threads:
                thread.join()
        found = stored(Database(url))
        assert len(found) == len(set(found))
        assert set().union(*(client.acknowledged for client in clients)) <= set(found)
    with events_server(url) as (_, address):
        for client in clients:
            client.send(address, lambda client=client: not client.sent - client.acknowledged)  # type: ignore[misc]
    found = stored(Database(url))
    assert sorted(found) == sorted(set().union(*(client.sent for client in clients)))


def test_a_full_disk_delays_and_loses_nothing(tmp_path: Path) -> None:
    """The process may not write beyond a size that its files have already; then it may again."""
    path = tmp_path / "events.db"
    client = Client()
    with events_server(f"sqlite:///{path}") as (process, address):
        client.send(address, lambda: len(client.acknowledged) >= 30)
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, hard))
        client.send(address, lambda: len(client.refusals) >= 3)
        assert {answer.status_code for answer in client.refusals} == {503}
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in client.refusals)
        assert client.refusals[0].json()["code"] == "telemetry_busy"
        before = set(client.acknowledged)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        client.send(address, lambda: len(client.acknowledged) >= len(before) + 30)
    assert sorted(stored(Database(f"sqlite:///{path}"))) == sorted(client.acknowledged)


def test_postgresql_crashed_and_started_again(tmp_path: Path) -> None:
    client = Client()
    with cluster() as postgres, events_server(postgres.url) as (_, address):
        for mode in ("immediate", "fast"):
            client.send(address, lambda: len(client.acknowledged) >= 30)
            client.refusals.clear()
            stopping = threading.Thread(target=postgres.stop, args=(mode,))
            stopping.start()
            client.send(address, lambda: bool(client.refusals))
            stopping.join()
            assert client.refusals[0].status_code == 503
            assert "retry-after" in client.refusals[0].headers
            postgres.start()
            goal = len(client.acknowledged) + 30
            client.send(address, lambda goal=goal: len(client.acknowledged) >= goal)  # type: ignore[misc]
        client.send(address, lambda: not client.sent - client.acknowledged)
        assert sorted(stored(Database(postgres.url))) == sorted(client.acknowledged)


@contextmanager
def silent_database() -> Iterator[str]:
    """Something that takes connections and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        yield f"postgresql://test@127.0.0.1:{listening.getsockname()[1]}/test"


async def test_a_database_that_hangs_slows_no_completion(
    start_server: Callable[..., AbstractAsyncContextManager[Any]],
    request_with: Callable[..., Any],
    ids_of: Callable[[str], list[int]],
) -> None:
    with silent_database() as url:
        telemetry = Telemetry(Database(url), on())
        telemetry.start()
        async with start_server(telemetry=telemetry, answer=ids_of("x = 1")) as server:
            body = batch().model_dump(mode="json")
            told = [asyncio.create_task(server.client.post("/api/v1/events", json=body)) for _ in range(3)]
            asked = asyncio.create_task(server.client.get("/admin/v1/usage"))
            for number in range(5):
                answer = await server.client.post("/api/v1/complete", json=request_with(request_id=f"r{number}"))
                assert answer.status_code == 200
            assert not asked.done()  # every completion came while the database hung
            for task in (*told, asked):
                assert (await task).status_code == 503
        telemetry.close()


def on() -> Any:
    from server.telemetry.collector import TelemetryOptions

    return TelemetryOptions()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"\xff", 400, "not_utf8"),
        (b"{", 400, "not_json"),
        (b'{"events": [{"kind": "shown"}]}', 422, "invalid_request"),
        (b'{"protocol": 99, "events": []}', 422, "protocol_version"),
        (b'{"events": [], "user": "eve"}', 422, "invalid_request"),
    ],
)
async def test_what_is_no_batch_is_refused(
    start_server: Callable[..., AbstractAsyncContextManager[Any]], sqlite: Database, body: bytes, status: int, code: str
) -> None:
    telemetry = Telemetry(sqlite, on())
    async with start_server(telemetry=telemetry, ready=False) as server:
        headers = {"content-type": "application/json"}
        answer = await server.client.post("/api/v1/events", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    telemetry.close()


async def test_over_http_from_events_to_figures_to_nothing(
    start_server: Callable[..., AbstractAsyncContextManager[Any]], sqlite: Database
) -> None:
    telemetry = Telemetry(sqlite, on())
    telemetry.start()
    with contextlib.closing(telemetry):
        async with start_server(telemetry=telemetry, ready=False) as server:
            body = batch(event(), event("accepted")).model_dump(mode="json")
            receipt = await server.client.post("/api/v1/events", json=body)
            assert receipt.json() == {"events": 2, "text": False}
            usage = (await server.client.get("/admin/v1/usage", params={"days": 1})).json()
            assert (usage["total"]["offered"], usage["languages"][0]["name"]) == (1, "levy")
            wrong = await server.client.get("/admin/v1/usage", params={"days": 0})
            assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_request")
            assert (await server.client.delete("/admin/v1/usage/users/nobody")).json() == {"deleted": 0}
            assert (await server.client.delete("/api/v1/events")).json() == {"deleted": 2}
            assert stored(sqlite) == []


async def test_a_server_without_telemetry_says_so(
    start_server: Callable[..., AbstractAsyncContextManager[Any]],
) -> None:
    async with start_server(ready=False) as server:
        for path in ("/api/v1/events", "/admin/v1/usage"):
            method = "POST" if path.endswith("events") else "GET"
            body = batch().model_dump(mode="json") if method == "POST" else None
            answer = await server.client.request(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (404, "telemetry_off")
