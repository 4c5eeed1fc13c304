"""What choosing by execution gains over the number of answers, with the embedded model.

The tasks are the project's own Python tasks with one line of the canonical solution cut out, drawn by a fixed seed: the
embedded model fills in lines; of whole functions it solves none. Hidden are the tasks' assertions; shown are the
examples in the documentation, on which `vernacular rerank` compares the answers.

    python -m benchmarks.reranking [--tasks 120] [--samples 16] [--temperature 0.8]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks.report import publish
from cli.compare import p_value, percent, points
from cli.progress import RunProgress
from evaluation.formats import read_benchmark
from evaluation.formats.vernacular import write_tasks
from evaluation.reranking.inputs import Inputs
from evaluation.reranking.rerank import rerank
from evaluation.running.evaluate import RunChoice, evaluate
from evaluation.runs import Sampling

if TYPE_CHECKING:
    from evaluation.tasks import Task

TASKS = Path("evaluation/benchmarks/basics.jsonl")
SEED = 0


def main() -> None:
    """Measure, print, write `results/reranking.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=120)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--temperature", type=float, default=0.8)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, RunProgress(Console(stderr=True)) as progress:
        benchmark, run = Path(folder) / "lines.jsonl", Path(folder) / "run"
        write_tasks(benchmark, holes(asked.tasks))
        sampling = Sampling(samples=asked.samples, temperature=asked.temperature, seed=SEED, max_new_tokens=64)
        asyncio.run(evaluate(RunChoice(benchmarks=(benchmark,), output=run, sampling=sampling), progress))
        found = rerank(run, benchmark, Path(folder) / "chosen", Inputs.VISIBLE, (), progress)
    publish(
        "reranking",
        f"{asked.tasks} lines of Python, embedded model, temperature {asked.temperature:g}; in brackets 95 % intervals",
        ["answers", "random (pass@1)", "first that runs", "chosen", "best (pass@n)", "chosen - random", "p"],
        [
            [
                str(point.answers),
                *(percent(share) for share in (point.random, point.runs, point.chosen, point.best)),
                points(point.gain),
                p_value(point.p_value),
            ]
            for point in found.curve
        ],
        {"sampling": sampling.model_dump(), "reranking": found.model_dump(mode="json")},
        [
            f"Answers that got to: {', '.join(f'{name} {count}' for name, count in found.levels.items())}.",
            f"Tasks whose answers did different things: {found.compared}; programs executed: {found.executions}.",
        ],
    )


def holes(count: int) -> Iterator[Task]:
    """One line of each canonical solution, among those that hold a word, as a hole; the tests stay the task's own."""
    for task in read_benchmark(TASKS).tasks[:count]:
        lines = (task.canonical or "").splitlines(keepends=True)
        chance = random.Random(f"{SEED}\0{task.id}")
        place = chance.choice([number for number, line in enumerate(lines) if line.strip()])
        indentation = lines[place][: len(lines[place]) - len(lines[place].lstrip())]
        head, after = "".join(lines[:place]) + indentation, "\n" + "".join(lines[place + 1 :])
        yield task.model_copy(
            update={
                "before": task.before + head,
                "after": after,
                "program_head": task.program_head + head,
                "program_tail": after + task.program_tail,
                "canonical": lines[place].strip(),
                "lines": 1,
                "stop": (),
            }
        )


if __name__ == "__main__":
    main()
