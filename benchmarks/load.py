"""How many developers one machine serves, and what happens when four times as many come.

Simulated developers (`benchmarks/developers.py`) type before `vernacular serve` with the embedded model. Their number
is raised step by step; the largest number counts whose step had at most 1 % of the requests refused and a 95th
percentile from key to whole answer within the budget. Then four times as many come. Loopback only, bounded in count
and time.

    python -m benchmarks.load [--budget-ms 500] [--step-s 40] [--crowd-s 300]

Goals: with four times as many no error, and refusals prompt. Developers leave the server alone as long as it tells
them.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from typing import Any

from benchmarks.developers import Developers, Tally
from benchmarks.report import percentile, publish
from benchmarks.serving import Server

STEPS = (4, 8, 12, 16, 24, 32, 48, 64, 96, 128)
WARM_UP_S = 10.0
MOST_REFUSED = 0.01
COLUMNS = ["", "keys/s", "asked/s", "fitting", "answer p50", "answer p95", "refused", "refusal p95", "errors"]


def main() -> None:
    """Measure, print, write `results/load.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("server/embedded_model"), help="a model folder")
    parser.add_argument("--budget-ms", type=float, default=500.0, help="95th percentile that a typist puts up with")
    parser.add_argument("--step-s", type=float, default=40.0, help="length of a step")
    parser.add_argument("--crowd-s", type=float, default=300.0, help="how long four times as many type")
    arguments = parser.parse_args()
    server = Server(arguments.model)
    try:
        asyncio.run(_measure(server, arguments))
    finally:
        server.close()


async def _measure(server: Server, arguments: argparse.Namespace) -> None:
    rows: list[list[str]] = []
    data: dict[str, Any] = {"steps": []}
    most = 0
    for count in STEPS:
        tally, own_share = await _typed(server, count, arguments.step_s)
        rows.append(_row(f"{count} developers", tally, arguments.step_s))
        data["steps"].append({"developers": count, "own_cpu": own_share, **figures(tally)})
        fine = tally.refused_share <= MOST_REFUSED and percentile(tally.answered_ms, 0.95) <= arguments.budget_ms
        if not fine or tally.others:
            break
        most = count
    crowd, own_share = await _typed(server, 4 * max(most, STEPS[0]), arguments.crowd_s)
    rows.append(_row(f"{4 * max(most, STEPS[0])} developers", crowd, arguments.crowd_s))
    data["crowd"] = {"developers": 4 * max(most, STEPS[0]), "own_cpu": own_share, **figures(crowd)}
    verdicts = [
        f"Served within {arguments.budget_ms:.0f} ms at the 95th percentile, at most 1 % refused: {most} developers.",
        _crowd_line(crowd, arguments.crowd_s),
        f"The developers themselves took {own_share:.0%} of a core.",
    ]
    title = f"embedded model; developers typing in the replay's rhythm, {arguments.step_s:.0f} s a step; times in ms"
    publish("load", title, COLUMNS, rows, data, verdicts)


def _crowd_line(crowd: Tally, seconds: float) -> str:
    return (
        f"Four times as many, {seconds / 60:.0f} min: {crowd.refused_share:.0%} refused, half of them within "
        f"{percentile(crowd.refused_ms or [0.0], 0.5):.0f} ms; answers {_ms(crowd.answered_ms, 0.95)} ms at the 95th "
        f"percentile; errors {sum(crowd.others.values())} (goal 0)."
    )


async def _typed(server: Server, count: int, seconds: float) -> tuple[Tally, float]:
    """What came of `count` developers' requests in so many seconds, and their own share of a core."""
    developers = Developers(server.port, count, seed=count)
    await developers.start()
    await asyncio.sleep(WARM_UP_S)
    developers.tally = tally = Tally()
    cpu_s, began = time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    share = (time.process_time() - cpu_s) / (time.monotonic() - began)
    developers.tally = Tally()
    await developers.stop()
    return tally, share


def figures(tally: Tally) -> dict[str, Any]:
    """What is kept of a tally."""
    return {
        "keys": tally.keys,
        "asked": tally.asked,
        "fitting": tally.fitting,
        "answered": len(tally.answered_ms),
        "refused": len(tally.refused_ms),
        "answered_p50_ms": percentile(tally.answered_ms or [0.0], 0.5),
        "answered_p95_ms": percentile(tally.answered_ms or [0.0], 0.95),
        "refused_p95_ms": percentile(tally.refused_ms or [0.0], 0.95),
        "others": dict(tally.others),
    }


def _row(name: str, tally: Tally, seconds: float) -> list[str]:
    return [
        name,
        f"{tally.keys / seconds:.1f}",
        f"{tally.asked / seconds:.1f}",
        f"{tally.fitting / max(len(tally.answered_ms), 1):.0%}",
        _ms(tally.answered_ms, 0.5),
        _ms(tally.answered_ms, 0.95),
        f"{tally.refused_share:.1%}",
        _ms(tally.refused_ms, 0.95),
        str(sum(tally.others.values())),
    ]


def _ms(values: list[float], share: float) -> str:
    return f"{percentile(values, share):.0f}" if values else "none"


if __name__ == "__main__":
    if not Path("pyproject.toml").is_file():
        raise SystemExit("error: run this from the repository's root folder")
    main()
