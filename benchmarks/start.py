"""How long things take to start: the command, the language server, the server, and the first ghost text.

Each is a real process started from nothing, with the file cache and the compiler's cache warm (one round is
thrown away). Run times of a start vary; every single one is in the JSON.

    python -m benchmarks.start [--rounds 5] [--server-rounds 3]
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import subprocess
import time
from pathlib import Path

import httpx
from lsprotocol import types
from pygls.lsp.client import LanguageClient

from benchmarks.report import percentile, publish, script
from lsp.notifications import STATUS

AIMS_S = {"--help": 0.3, "initialize": 0.3, "starting": 1.0, "first ghost text": 40.0}


def main() -> None:
    """Measure, print, write `results/start.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, help="starts of the command and of the language server")
    parser.add_argument("--server-rounds", type=int, default=3, help="starts of the completion server")
    arguments = parser.parse_args()
    seconds: dict[str, list[float]] = {name: [] for name in AIMS_S}
    for number in range(arguments.rounds + 1):
        help_s, initialize_s = help_seconds(), asyncio.run(initialize_seconds())
        if number:
            seconds["--help"].append(help_s)
            seconds["initialize"].append(initialize_s)
    for number in range(arguments.server_rounds + 1):
        starting_s, ghost_s = server_seconds()
        if number:
            seconds["starting"].append(starting_s)
            seconds["first ghost text"].append(ghost_s)
    what = {
        "--help": "`vernacular --help`",
        "initialize": "language server: start to the answer of `initialize`",
        "starting": "server: start to `/health` saying `starting`",
        "first ghost text": "server: start to the first completion",
    }
    rows = [
        [what[name], *(f"{percentile(values, share):.2f}" for share in (0.5, 1.0)), f"{AIMS_S[name]:.1f}"]
        for name, values in seconds.items()
    ]
    publish("start", "Starting, seconds", ["", "median", "max", "aim"], rows, {"seconds": seconds})


def help_seconds() -> float:
    """Seconds that `vernacular --help` takes."""
    begin_s = time.perf_counter()
    subprocess.run([script("vernacular"), "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin_s


async def initialize_seconds() -> float:
    """Seconds from the start of `vernacular-lsp` to its answer of `initialize`."""
    client = LanguageClient("benchmark", "1")
    client.feature(STATUS)(lambda _: None)
    client.feature(types.WINDOW_LOG_MESSAGE)(lambda _: None)
    begin_s = time.perf_counter()
    await client.start_io(script("vernacular-lsp"))
    await client.initialize_async(types.InitializeParams(capabilities=types.ClientCapabilities()))
    seconds = time.perf_counter() - begin_s
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()
    return seconds


def server_seconds() -> tuple[float, float]:
    """Seconds from the start of `vernacular serve` to `/health` answering, and to the first completion."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    request = {
        "request_id": "1",
        "session_id": "start",
        "language": "python",
        "prefix": "def add(left, right):\n    return ",
        "suffix": "\n",
        "max_new_tokens": 16,
    }
    begin_s = time.perf_counter()
    process = subprocess.Popen(
        [script("vernacular"), "serve", "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            starting_s = _wait(client, process, begin_s, {"starting", "ready"})
            _wait(client, process, begin_s, {"ready"})
            client.post("/api/v1/complete", json=request).raise_for_status()
            return starting_s, time.perf_counter() - begin_s
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _wait(client: httpx.Client, process: subprocess.Popen[bytes], begin_s: float, states: set[str]) -> float:
    """Seconds since `begin_s` once `/health` says one of `states`; gives up after 180 s."""
    while time.perf_counter() - begin_s < 180:
        if process.poll() is not None:
            _, errors = process.communicate()
            raise SystemExit(f"error: the server ended: {errors.decode(errors='replace').strip()}")
        try:
            if client.get("/health").json()["status"] in states:
                return time.perf_counter() - begin_s
        except httpx.TransportError:
            pass
        time.sleep(0.01)
    raise SystemExit("error: the server was not ready within 180 s")


if __name__ == "__main__":
    if not Path("pyproject.toml").is_file():
        raise SystemExit("error: run this from the repository's root folder")
    main()
