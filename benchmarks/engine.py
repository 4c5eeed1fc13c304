"""What the worker's choices on a CPU are worth: number format, prefix cache, compiling, cores, speculation.

Each choice is a bare engine (`benchmarks/bare_engine.py`) in a process of its own, all alive at once, taking turns
with the same key strokes (`benchmarks/workload.py`); one at a time computes.

    python -m benchmarks.engine [--model FOLDER] [--rounds 3]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks.bare_engine import BareEngine, Orders
from benchmarks.report import publish
from benchmarks.serving import COLUMNS, MAX_NEW_TOKENS, Figures
from benchmarks.workload import User, users

WITHOUT_PROBABILITIES = "without the tokens' probabilities"
CHOICES: dict[str, dict[str, Any]] = {
    "float32, block 32, compiled": {"dtype": "float32", "threads": 2},
    "bfloat16": {"dtype": "bfloat16", "threads": 2},
    "block 128": {"dtype": "float32", "block_size": 128, "threads": 2},
    "not compiled": {"dtype": "float32", "eager": True, "threads": 2},
    "one core": {"dtype": "float32", "threads": 1},
    "speculation of 4 by n-gram look-up": {"dtype": "float32", "speculate": 4, "threads": 2},
    WITHOUT_PROBABILITIES: {"dtype": "float32", "threads": 2},
}
LOADS = {1: 30, 8: 8}  # users: key strokes of each, in one round


def main() -> None:
    """Measure, print, write `results/engine.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("server/embedded_model"), help="a model folder")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each load")
    arguments = parser.parse_args()
    orders = Orders(arguments.model, MAX_NEW_TOKENS)
    engines = {name: BareEngine(arguments.model, **options) for name, options in CHOICES.items()}
    figures = {(name, load): Figures() for name in CHOICES for load in LOADS}
    try:
        for number in range(-1, arguments.rounds):  # round -1 is thrown away
            for load, key_strokes in LOADS.items():
                people = users(load, key_strokes, MAX_NEW_TOKENS, seed=1000 * (number + 1) + load)
                opening = orders.of([User(person.requests[:1]) for person in people])
                typing = orders.of([User(person.requests[1:]) for person in people])
                for name, engine in engines.items():
                    asked = {"logprobs": None} if name == WITHOUT_PROBABILITIES else {}
                    engine.run(opening | asked)
                    measured = engine.run(typing | asked)
                    if number >= 0:
                        figures[name, load].add(measured)
    finally:
        for engine in engines.values():
            engine.close()
    rows = [[f"{load} users, {name}", *figures[name, load].cells] for load in LOADS for name in CHOICES]
    publish(
        "engine",
        f"{orders.model}: first and last token, ms, and tokens a second; {arguments.rounds} rounds",
        COLUMNS,
        rows,
        {"choices": CHOICES, "figures": [{"choice": k[0], "users": k[1], **vars(v)} for k, v in figures.items()]},
    )


if __name__ == "__main__":
    main()
