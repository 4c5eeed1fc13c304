"""What choosing by execution gains over the number of answers, with the embedded model.

The tasks are the project's own Python tasks with the rest of a line cut out of the canonical solution, one a task,
drawn by a fixed seed: that is what the embedded model was made for; of whole functions it solves none. Hidden are the
tasks' assertions; shown are the examples in the documentation, on which `vernacular rerank` compares the answers.

    python -m benchmarks.reranking [--tasks 120] [--samples 8] [--temperature 0.8]
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
from completion.parsing import Parsing, SyntaxTree
from core.language_files import load_languages
from evaluation.formats import read_benchmark
from evaluation.formats.vernacular import write_tasks
from evaluation.making.holes import Kind, find_holes
from evaluation.making.infill import PARSE_LIMIT_S
from evaluation.making.source_text import SourceText
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
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--temperature", type=float, default=0.8)
    asked = parser.parse_args()
    sampling = Sampling(samples=asked.samples, temperature=asked.temperature, seed=SEED, max_new_tokens=64)
    with tempfile.TemporaryDirectory() as folder, RunProgress(Console(stderr=True)) as progress:
        file, run = Path(folder) / "lines.jsonl", Path(folder) / "run"
        write_tasks(file, holes(asked.tasks))
        asyncio.run(evaluate(RunChoice(benchmarks=(file,), output=run, sampling=sampling), progress))
        found = rerank(run, file, Path(folder) / "chosen", Inputs.VISIBLE, (), progress)
    publish(
        "reranking",
        f"Line ends of {asked.tasks} Python tasks, embedded model, temperature {asked.temperature:g}; 95 % intervals",
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
            f"Answers: {listed(found.levels)}. On {found.compared} tasks they did different things.",
            f"{found.executions} programs were executed.",
        ],
    )


def listed(levels: dict[str, int]) -> str:
    """How many answers got how far."""
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in levels.items())


def holes(count: int) -> Iterator[Task]:
    """The tasks with a hole in the canonical solution; the tests stay as they are."""
    python, parsing = load_languages([]).named("python"), Parsing()
    for task in read_benchmark(TASKS).tasks[:count]:
        text = f"{task.before}{task.canonical}"
        tree = parsing.parse(python, text, PARSE_LIMIT_S)
        chance = random.Random(f"{SEED}\0{task.id}")
        found = find_holes(SourceText(text, python, tree if isinstance(tree, SyntaxTree) else None), Kind.LINE, chance)
        hole = chance.choice([hole for hole in found if hole.start >= len(task.before)])
        head, after = text[len(task.before) : hole.start], text[hole.end :]
        yield task.model_copy(
            update={
                "before": task.before + head,
                "after": after,
                "program_head": task.program_head + head,
                "program_tail": after + task.program_tail,
                "canonical": text[hole.start : hole.end],
                "lines": 1,
                "stop": (),
            }
        )
    parsing.close()


if __name__ == "__main__":
    main()
