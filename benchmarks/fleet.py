"""Two `vllm serve` behind this server: what it is worth that a session stays on one of them, and what a death costs.

Both compute the embedded model on this machine's CPU. Many sessions type, each in a file of its own and in turn with
the others, so that the prefix cache of one replica holds its own half of them and never all. The same key strokes go
over this server twice, in turns: with sessions that stay (as served), and with sessions that are named anew at each
key stroke, which spreads them over the replicas at random, as a balancer that knows no sessions would. Times are those
of the one who asks, over HTTP. Then sessions type at both, one replica is killed with SIGKILL in the middle, and each
session asks again after an error, as the language server does.

    python -m benchmarks.fleet [--sessions 24] [--rounds 2]

Goal: after the kill no session's error lasts longer than one more try.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.peers.processes import free_port, serving
from benchmarks.peers.vllm_bare import MODEL, vllm_process
from benchmarks.report import percentile, publish, script
from benchmarks.workload import users
from core.wire import CompletionRequest
from server.worker.vllm_options import cores

FOLDER = Path("server/embedded_model")
KEY_STROKES = 10
MAX_NEW_TOKENS = 8
CACHE_GIB = 0.06
"""Of each replica's prefix cache: 4 KiB a token, so room for about 15 prompts of 1,000."""
AT_ONCE = 4
RETRY_S = 1.0
COLUMNS = ["", "hit rate", "first p50", "first p95", "last p50", "last p95"]
WAYS = ("sessions stay", "any replica")


@dataclass
class Figures:
    """Of one way: times in milliseconds, and tokens of prompts."""

    first_ms: list[float] = field(default_factory=list)
    last_ms: list[float] = field(default_factory=list)
    prompt: int = 0
    cached: int = 0

    @property
    def hit_rate(self) -> float:
        """Share of the prompts' tokens that a prefix cache had."""
        return self.cached / self.prompt

    @property
    def cells(self) -> list[str]:
        """What stands below `COLUMNS`, but for the first."""
        times = [percentile(times, share) for times in (self.first_ms, self.last_ms) for share in (0.5, 0.95)]
        return [f"{self.hit_rate:.0%}", *(f"{value:.1f}" for value in times)]


@dataclass
class Death:
    """What the sessions saw of a replica's death."""

    requests: int = 0
    errors: int = 0
    longer_than_a_retry: int = 0
    slowest_ms: float = 0.0


def main() -> None:
    """Measure, print, write `results/fleet.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=24, help="how many type")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of each way")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        here = cores(None)
        replicas = [
            stack.enter_context(
                vllm_process(FOLDER, logs / f"{number}.log", core=here[number % len(here)], kv_cache_gib=CACHE_GIB)
            )
            for number in range(2)
        ]
        url = stack.enter_context(front([url for url, _ in replicas], logs / "front.log"))
        figures = asyncio.run(compared(url, arguments.sessions, arguments.rounds))
        death = asyncio.run(killed(url, arguments.sessions, replicas[0][1]))
    _publish(figures, death, arguments.sessions, arguments.rounds)


@contextlib.contextmanager
def front(endpoints: Sequence[str], log: Path) -> Iterator[str]:
    """This server over the endpoints, on a free port."""
    port = free_port()
    command = [script("vernacular"), "serve", "--port", str(port), "--engine", "remote", "--endpoint-model", MODEL]
    for endpoint in endpoints:
        command += ["--endpoint", endpoint]
    url = f"http://127.0.0.1:{port}"
    with serving(command, url, log, 60):
        yield url


async def compared(url: str, sessions: int, rounds: int) -> dict[str, Figures]:
    """Both ways, in turns."""
    figures = {way: Figures() for way in WAYS}
    for number in range(2 * rounds):
        way = WAYS[(number + number // 2) % 2]
        at_once = asyncio.Semaphore(AT_ONCE)  # first come, first served: so the sessions take turns
        async with client(url) as http:
            people = users(sessions, KEY_STROKES, MAX_NEW_TOKENS, seed=100 + number)
            await asyncio.gather(
                *(typed(http, person.requests, at_once, figures[way], stays=way == WAYS[0]) for person in people)
            )
    return figures


async def typed(
    http: httpx.AsyncClient,
    requests: Sequence[CompletionRequest],
    at_once: asyncio.Semaphore,
    figures: Figures,
    *,
    stays: bool,
) -> None:
    """One session's key strokes; the first only warms the cache."""
    for stroke, request in enumerate(requests):
        name = request.session_id if stays else f"{request.session_id}-{stroke}"
        async with at_once:
            first_ms, last_ms, result = await one(http, request.model_copy(update={"session_id": name}))
        if stroke:
            figures.first_ms.append(first_ms)
            figures.last_ms.append(last_ms)
            figures.prompt += result["tokens"]["prompt"]
            figures.cached += result["tokens"]["cached"]


async def killed(url: str, sessions: int, victim: subprocess.Popen[bytes]) -> Death:
    """All sessions type; after a third of their key strokes the victim dies."""
    death = Death()
    people = users(sessions, KEY_STROKES, MAX_NEW_TOKENS, seed=7)
    due = sessions * (KEY_STROKES + 1) // 3

    async def type_on(http: httpx.AsyncClient, requests: Sequence[CompletionRequest]) -> None:
        for request in requests:
            death.requests += 1
            if death.requests == due:
                os.killpg(victim.pid, signal.SIGKILL)
            began_s = time.perf_counter()
            try:
                await one(http, request)
            except httpx.HTTPError:
                death.errors += 1
                await asyncio.sleep(RETRY_S)
                try:
                    await one(http, request)
                except httpx.HTTPError:
                    death.longer_than_a_retry += 1
            death.slowest_ms = max(death.slowest_ms, (time.perf_counter() - began_s) * 1e3)

    async with client(url) as http:
        await asyncio.gather(*(type_on(http, person.requests) for person in people))
    victim.wait(timeout=10)  # it is dead indeed
    return death


def client(url: str) -> httpx.AsyncClient:
    """A client of this server."""
    return httpx.AsyncClient(base_url=url, timeout=60, trust_env=False, headers={"accept": "text/event-stream"})


async def one(http: httpx.AsyncClient, request: CompletionRequest) -> tuple[float, float, dict[str, Any]]:
    """Milliseconds to the first event and to the last, and the result. Raises `httpx.HTTPError` for every error."""
    began_s = time.perf_counter()
    first_ms, event = 0.0, ""
    # clean-up would end some answers before their number of cached tokens is known
    body = request.model_copy(update={"clean_up": False}).model_dump_json()
    headers = {"content-type": "application/json"}
    async with http.stream("POST", "/api/v1/complete", content=body, headers=headers) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            if line.startswith("event:"):
                event = line.partition(":")[2].strip()
                first_ms = first_ms or (time.perf_counter() - began_s) * 1e3
            elif line.startswith("data:") and event == "done":
                return first_ms, (time.perf_counter() - began_s) * 1e3, json.loads(line.partition(":")[2])
            elif line.startswith("data:") and event == "error":
                raise httpx.RemoteProtocolError(line)
    raise httpx.RemoteProtocolError("the answer ended before its result")


def _publish(figures: dict[str, Figures], death: Death, sessions: int, rounds: int) -> None:
    stay, any_replica = (figures[way] for way in WAYS)
    title = f"vernacular-embedded on two vLLM servers, {sessions} sessions, {rounds} rounds"
    more = (1 - any_replica.hit_rate) / (1 - stay.hit_rate)
    lost = f"{death.errors} ended in an error, {death.longer_than_a_retry} of them in another {RETRY_S:g} s later"
    publish(
        "fleet",
        f"{title}: prompt tokens found in a prefix cache, first and last event in ms",
        COLUMNS,
        [[way, *figures[way].cells] for way in WAYS],
        {"figures": {way: vars(one) for way, one in figures.items()}, "death": vars(death)},
        [
            f"Where sessions do not stay, {more:.1f} times as many prompt tokens are computed anew.",
            f"One replica killed under {death.requests} requests: {lost} (goal: 0).",
        ],
    )


if __name__ == "__main__":
    if not Path("pyproject.toml").is_file():
        raise SystemExit("error: run this from the repository's root folder")
    main()
