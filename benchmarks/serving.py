"""The server over its HTTP, side by side with vLLM's own server and the bare engine within both, in the same run.

All are processes of their own with the same model, the same engine arguments and the same prompts
(`benchmarks/workload.py`). Rounds alternate between them, so that a machine whose speed drifts drifts for all. The
server answers as deployed: HTTP, server-sent events, prompt layout, token healing, confidence, an end where the text is
complete; the bare engine continues token ids, without healing, up to the limit. So the server runs a second time with
`--no-healing`, asked for the model's own words, and the goals are held against that one, which asks the engine for the
same work. Times are those of the one who asks: to the first text, and to the end.

    python -m benchmarks.serving [--model FOLDER] [--rounds 3]

Goals: at 1 user at most 5 ms or 5 % more than the bare engine, whichever is larger; at 64 users at least 90 % of the
throughput of vLLM's own server. The load is bounded in count and goes to this machine only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.bare_engine import BareEngine, Orders
from benchmarks.peers.vllm_bare import MODEL, vllm_server
from benchmarks.report import percentile, publish, script
from benchmarks.workload import User, users

LOADS = {1: 40, 8: 12, 32: 6, 64: 4}  # users: key strokes of each, in one round
MAX_NEW_TOKENS = 24
COLUMNS = ["", "first p50", "first p95", "last p50", "last p95", "tokens/s"]
NAMES = ("server over HTTP", "server, the same work", "vLLM over HTTP", "bare engine")


@dataclass
class Figures:
    """Times in milliseconds, tokens, and seconds under load, over all rounds of one load."""

    first_ms: list[float] = field(default_factory=list)
    last_ms: list[float] = field(default_factory=list)
    tokens: int = 0
    seconds: float = 0.0

    def add(self, measured: dict[str, Any]) -> None:
        """Add a round."""
        self.first_ms += measured["first_ms"]
        self.last_ms += measured["last_ms"]
        self.tokens += measured["tokens"]
        self.seconds += measured["seconds"]

    @property
    def cells(self) -> list[str]:
        """What stands below `COLUMNS`, but for the first."""
        times = [percentile(times, share) for times in (self.first_ms, self.last_ms) for share in (0.5, 0.95)]
        return [*(f"{value:.1f}" for value in times), f"{self.tokens_per_s:.0f}"]

    @property
    def tokens_per_s(self) -> float:
        """Generated tokens a second, all users together."""
        return self.tokens / self.seconds


class Server:
    """`vernacular serve` on a free port."""

    def __init__(self, folder: Path | None, *options: str, clean_up: bool = True) -> None:
        """`folder` is of the model; `None`: the options say what is served."""
        self._asks = {"clean_up": clean_up}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        model = [] if folder is None else ["--model", str(folder)]
        self._process = subprocess.Popen(
            [script("vernacular"), "serve", *model, "--port", str(self.port), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        url = f"http://127.0.0.1:{self.port}/health"
        for _ in range(1800):
            if self._process.poll() is not None:
                raise SystemExit("error: the server ended; run `vernacular serve` to see why")
            try:
                if httpx.get(url, trust_env=False).json()["status"] == "ready":
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise SystemExit("error: the server was not ready within 180 s")

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def run(self, people: list[User]) -> dict[str, Any]:
        """Run all users at once, each in a closed loop over one connection."""
        bodies = [
            [request.model_copy(update=self._asks).model_dump_json().encode() for request in person.requests]
            for person in people
        ]
        return asyncio.run(_closed_loops(self.port, "/api/v1/complete", bodies, _answered))

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(timeout=30)


class VllmServer:
    """vLLM's own server over HTTP, asked for what the bare engine is asked for."""

    def __init__(self, port: int, orders: Orders) -> None:
        self._port = port
        self._orders = orders

    def run(self, people: list[User]) -> dict[str, Any]:
        """Run all users at once, each in a closed loop over one connection."""
        order = self._orders.of(people)
        asked = {
            "model": MODEL,
            "max_tokens": order["max_new_tokens"],
            "stop_token_ids": order["stop"],
            "logprobs": order["logprobs"],
            "temperature": 0.0,
            "ignore_eos": True,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        bodies = [[json.dumps({**asked, "prompt": prompt}).encode() for prompt in user] for user in order["users"]]
        return asyncio.run(_closed_loops(self._port, "/v1/completions", bodies, _answered_by_vllm))


Answered = Callable[[asyncio.StreamReader], Awaitable[tuple[float, float, int]]]


async def _closed_loops(port: int, path: str, users: list[list[bytes]], answered: Answered) -> dict[str, Any]:
    begin_s = time.perf_counter()
    parts = await asyncio.gather(*(_type(port, path, bodies, answered) for bodies in users))
    return {
        "first_ms": [value for part in parts for value in part[0]],
        "last_ms": [value for part in parts for value in part[1]],
        "tokens": sum(part[2] for part in parts),
        "seconds": time.perf_counter() - begin_s,
    }


async def _type(port: int, path: str, bodies: list[bytes], answered: Answered) -> tuple[list[float], list[float], int]:
    # A plain socket, because a full HTTP client's own milliseconds would be counted as the server's.
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    first_ms, last_ms, tokens = [], [], 0
    for body in bodies:
        head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\naccept: text/event-stream\r\n"
        head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        begin_s = time.perf_counter()
        writer.write(head.encode() + body)
        status = await reader.readline()
        if b" 200 " not in status:
            raise SystemExit(f"error: {path} answered {status.decode(errors='replace').strip()}")
        first_s, done_s, generated = await answered(reader)
        first_ms.append((first_s - begin_s) * 1e3)
        last_ms.append((done_s - begin_s) * 1e3)
        tokens += generated
    writer.close()
    return first_ms, last_ms, tokens


async def _answered(reader: asyncio.StreamReader) -> tuple[float, float, int]:
    """When the first event and the last came, and the tokens that were generated."""
    first_s = 0.0
    event = b""
    while True:
        line = (await reader.readline()).strip()
        if line.startswith(b"event:"):
            event = line.partition(b":")[2].strip()
            first_s = first_s or time.perf_counter()
        elif line.startswith(b"data:") and event == b"done":
            done_s = time.perf_counter()
            generated = json.loads(line.partition(b":")[2])["tokens"]["generated"]
        elif line.startswith(b"data:") and event == b"error":
            raise SystemExit(f"error: the server answered {line.decode()}")
        elif line == b"0":
            await reader.readline()
            return first_s, done_s, generated


async def _answered_by_vllm(reader: asyncio.StreamReader) -> tuple[float, float, int]:
    first_s = done_s = 0.0
    generated = 0
    while True:
        line = (await reader.readline()).strip()
        if line == b"data: [DONE]":
            done_s = time.perf_counter()
        elif line.startswith(b"data:"):
            first_s = first_s or time.perf_counter()
            if usage := json.loads(line.partition(b":")[2]).get("usage"):
                generated = usage["completion_tokens"]
        elif line == b"0":
            await reader.readline()
            return first_s, done_s, generated


def main() -> None:
    """Measure, print, write `results/serving.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("server/embedded_model"), help="a model folder")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each load")
    arguments = parser.parse_args()
    orders = Orders(arguments.model, MAX_NEW_TOKENS)
    most = max(LOADS)
    options = ("--max-sequences", str(most))
    figures = {load: tuple(Figures() for _ in NAMES) for load in LOADS}
    with ExitStack() as stack:
        servers = Server(arguments.model, *options), Server(arguments.model, "--no-healing", *options, clean_up=False)
        bare = BareEngine(arguments.model, max_sequences=most)
        for process in (*servers, bare):
            stack.callback(process.close)
        url = stack.enter_context(vllm_server(arguments.model, max_sequences=most))
        vllm = VllmServer(int(url.rpartition(":")[2]), orders)
        for number in range(-1, arguments.rounds):  # round -1 is thrown away
            for load, key_strokes in LOADS.items():
                people = users(load, key_strokes, MAX_NEW_TOKENS, seed=1000 * (number + 1) + load)
                opening = [User(person.requests[:1]) for person in people]
                typing = [User(person.requests[1:]) for person in people]
                runs: list[Callable[[list[User]], dict[str, Any]]] = [server.run for server in (*servers, vllm)]
                runs.append(lambda who: bare.run(orders.of(who)))
                for which in sorted(range(len(runs)), reverse=number % 2 == 0):
                    runs[which](opening)
                    measured = runs[which](typing)
                    if number >= 0:
                        figures[load][which].add(measured)
    _publish(figures, orders.model, arguments.rounds)


def _publish(figures: dict[int, tuple[Figures, ...]], model: str, rounds: int) -> None:
    rows = [
        [f"{load} users, {name}", *measured.cells]
        for load, all_sides in figures.items()
        for name, measured in zip(NAMES, all_sides, strict=True)
    ]
    _, single, _, bare = figures[1]
    more_ms = percentile(single.last_ms, 0.5) - percentile(bare.last_ms, 0.5)
    allowed_ms = max(5.0, 0.05 * percentile(bare.last_ms, 0.5))
    _, ours, vllm, engine = (figures[max(figures)][which].tokens_per_s for which in range(len(NAMES)))
    publish(
        "serving",
        f"{model}: first and last token, ms, and tokens a second; {rounds} rounds, {MAX_NEW_TOKENS} tokens at most",
        COLUMNS,
        rows,
        {
            "figures": {
                str(load): {name: vars(one) for name, one in zip(NAMES, all_sides, strict=True)}
                for load, all_sides in figures.items()
            },
        },
        [
            f"1 user, the same work: {more_ms:+.1f} ms to the last token (goal: at most {allowed_ms:.1f}).",
            f"{max(figures)} users, the same work: {ours / vllm:.0%} of vLLM's own server's throughput (goal 90 %).",
            f"{max(figures)} users, the same work: {ours / engine:.0%} of the bare engine's, which no HTTP reaches.",
        ],
    )


if __name__ == "__main__":
    if not Path("pyproject.toml").is_file():
        raise SystemExit("error: run this from the repository's root folder")
    main()
