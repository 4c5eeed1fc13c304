"""What developers lose when the engine is killed, and when models are swapped, while they type.

Simulated developers (`benchmarks/developers.py`) type before `vernacular serve`. First the engine's process is killed
again and again, each time some seconds after it was ready; then the model is swapped again and again between copies
of the embedded model, each of which is loaded, tried and drained as any other. Loopback only, bounded in count.

    python -m benchmarks.faults [--kills 20] [--swaps 50] [--developers 6]

Goals: a kill costs the requests that were in the engine and no other; meanwhile requests are told when to come back;
a swap costs none.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.developers import Developers
from benchmarks.report import percentile, publish
from benchmarks.serving import Server

EMBEDDED = Path("server/embedded_model")
COPIES = 3
BETWEEN_S = 3.0
READY_WITHIN_S = 180.0
TOLD = ("HTTP 503 starting", "HTTP 503 failed")
"""Answers that say when to come back."""
IN_FLIGHT = "HTTP 503 engine_died"


def main() -> None:
    """Measure, print, write `results/faults.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20, help="how often the engine is killed")
    parser.add_argument("--swaps", type=int, default=50, help="how often the model is swapped")
    parser.add_argument("--developers", type=int, default=6, help="how many type")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copies = [shutil.copytree(EMBEDDED, Path(folder, f"copy-{number}")) for number in range(COPIES)]
        models = Path(folder, "models.yaml")
        entry = {"checkpoint": str(copies[0]), "engine_options": {"eager": True}}  # loads sooner
        models.write_text(json.dumps({"models": {"m": entry}}))
        server = Server(None, "--models", str(models), "--gate", "off")
        try:
            asyncio.run(_measure(server, copies, arguments))
        finally:
            server.close()


async def _measure(server: Server, copies: list[Path], arguments: argparse.Namespace) -> None:
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{server.port}", trust_env=False, timeout=READY_WITHIN_S
    ) as client:
        kills = Developers(server.port, arguments.developers, seed=1)
        await kills.start()
        in_flight, away_s = 0, []
        for _ in range(arguments.kills):
            await asyncio.sleep(BETWEEN_S)
            in_flight += (await client.get("/admin/v1/queue")).json()["m"]["running"]
            away_s.append(await _killed(server, client))
        await asyncio.sleep(BETWEEN_S)
        await kills.stop()
        swaps = Developers(server.port, arguments.developers, seed=2)
        await swaps.start()
        took_s = []
        for number in range(arguments.swaps):
            began = time.perf_counter()
            body = {"checkpoint": str(copies[(number + 1) % len(copies)])}
            (await client.post("/admin/v1/models/m/swap", json=body)).raise_for_status()
            took_s.append(time.perf_counter() - began)
        await asyncio.sleep(BETWEEN_S)
        await swaps.stop()
    _publish(arguments, kills, swaps, in_flight, away_s, took_s)


async def _killed(server: Server, client: httpx.AsyncClient) -> float:
    """Kill the engine; the seconds until the server is ready again."""
    for worker in psutil.Process(server.pid).children():
        worker.kill()
    began = time.perf_counter()
    gone = False
    while time.perf_counter() - began < READY_WITHIN_S:
        ready = (await client.get("/health")).status_code == httpx.codes.OK
        if gone and ready:
            return time.perf_counter() - began
        gone = gone or not ready
        await asyncio.sleep(0.02)
    raise SystemExit(f"error: the server was not ready {READY_WITHIN_S:.0f} s after its engine was killed")


def _publish(
    arguments: argparse.Namespace,
    kills: Developers,
    swaps: Developers,
    in_flight: int,
    away_s: list[float],
    took_s: list[float],
) -> None:
    rows = [
        _row(f"engine killed {arguments.kills} times", kills, away_s),
        _row(f"model swapped {arguments.swaps} times", swaps, took_s),
    ]
    died = kills.tally.others[IN_FLIGHT]
    lost_by_kills = _unforeseen(kills, IN_FLIGHT)
    lost_by_swaps = _unforeseen(swaps)
    ended = f"Kills: {died} requests ended with the engine, {in_flight} were in it just before"
    verdicts = [
        f"{ended}; others lost (goal 0): {_named(lost_by_kills)}.",
        f"Swaps: requests lost (goal 0): {_named(lost_by_swaps)}.",
    ]
    data: dict[str, Any] = {
        "kills": {"others": dict(kills.tally.others), "in_flight": in_flight, "away_s": away_s},
        "swaps": {"others": dict(swaps.tally.others), "took_s": took_s},
    }
    publish(
        "faults",
        f"embedded model, {arguments.developers} developers typing",
        ["", "asked", "answered", "told to wait", "ended with the engine", "seconds p50", "seconds most"],
        rows,
        data,
        verdicts,
    )


def _row(name: str, developers: Developers, seconds: list[float]) -> list[str]:
    tally = developers.tally
    told = len(tally.refused_ms) + sum(tally.others[code] for code in TOLD)
    return [
        name,
        str(tally.asked),
        str(len(tally.answered_ms)),
        str(told),
        str(tally.others[IN_FLIGHT]),
        f"{percentile(seconds or [0.0], 0.5):.1f}",
        f"{max(seconds or [0.0]):.1f}",
    ]


def _unforeseen(developers: Developers, *foreseen: str) -> dict[str, int]:
    return {code: count for code, count in developers.tally.others.items() if code not in (*TOLD, *foreseen)}


def _named(lost: dict[str, int]) -> str:
    return ", ".join(f"{code}: {count}" for code, count in lost.items()) or "none"


if __name__ == "__main__":
    if not Path("pyproject.toml").is_file():
        raise SystemExit("error: run this from the repository's root folder")
    main()
