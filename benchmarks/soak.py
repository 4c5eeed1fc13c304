"""Whether the memory of the server and its worker grows while developers type for long.

Simulated developers (`benchmarks/developers.py`) type before `vernacular serve` with the embedded model. The prefix
cache is filled first, by the openings of many files: it takes its pages when they are first used, up to the size that
it was given. The first tenth of the time is left out. Loopback only, bounded in count and time.

    python -m benchmarks.soak [--developers 6] [--seconds 1800]

Goal: less than 5 % in 30 minutes.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import psutil

from benchmarks.developers import Developers
from benchmarks.load import figures
from benchmarks.report import publish
from benchmarks.serving import Server
from benchmarks.workload import User, users

MOST_GROWTH = 0.05
SAMPLE_S = 10.0
OPENINGS, AT_ONCE = 640, 16
"""Each of about a thousand tokens: more than the prefix cache holds."""


def main() -> None:
    """Measure, print, write `results/soak.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("server/embedded_model"), help="a model folder")
    parser.add_argument("--developers", type=int, default=6, help="how many type")
    parser.add_argument("--seconds", type=float, default=1800.0, help="for how long")
    arguments = parser.parse_args()
    server = Server(arguments.model)
    try:
        for seed in range(OPENINGS // AT_ONCE):
            server.run([User(person.requests[:1]) for person in users(AT_ONCE, 0, 1, seed)])
        asyncio.run(_measure(server, arguments.developers, arguments.seconds))
    finally:
        server.close()


async def _measure(server: Server, count: int, seconds: float) -> None:
    developers = Developers(server.port, count, seed=7)
    samples: dict[str, list[float]] = {"server": [], "worker": []}
    await developers.start()
    for _ in range(max(int(seconds / SAMPLE_S), 10)):
        await asyncio.sleep(SAMPLE_S)
        for name, processes in _processes(server.pid).items():
            samples[name].append(sum(process.memory_info().rss for process in processes) / 2**20)
    await developers.stop()
    rows, verdicts = [], []
    tenth = max(len(samples["server"]) // 10, 1)
    for name, values in samples.items():
        first, last = sum(values[tenth : 2 * tenth]) / tenth, sum(values[-tenth:]) / tenth
        rows.append([name, f"{first:.0f}", f"{last:.0f}", f"{max(values):.0f}", f"{last / first - 1:+.1%}"])
        verdict = "reached" if last / first - 1 < MOST_GROWTH else "missed"
        verdicts.append(f"{name}: {last / first - 1:+.1%} (goal: less than {MOST_GROWTH:.0%}): {verdict}")
    asked = figures(developers.tally)
    verdicts.append(f"{asked['asked']} requests, {sum(developers.tally.others.values())} errors.")
    publish(
        "soak",
        f"embedded model, {count} developers typing for {seconds / 60:.0f} min; resident memory, MiB",
        ["", "second tenth", "last tenth", "most", "growth"],
        rows,
        {"resident_mib": samples, "requests": asked},
        verdicts,
    )


def _processes(pid: int) -> dict[str, list[psutil.Process]]:
    server = psutil.Process(pid)
    return {"server": [server], "worker": server.children(recursive=True)}


if __name__ == "__main__":
    if not Path("pyproject.toml").is_file():
        raise SystemExit("error: run this from the repository's root folder")
    main()
