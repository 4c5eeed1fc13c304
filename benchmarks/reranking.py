"""What choosing by execution gains over the number of answers, with the embedded model.

The tasks are the project's own Python tasks with a hole in the canonical solution, one a task, drawn by a fixed seed:
the embedded model fills in holes; of whole functions it solves none. Hidden are the tasks' assertions; shown are the
examples in the documentation, on which `vernacular rerank` compares the answers.

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
from evaluation.reranking.rerank import Reranking, rerank
from evaluation.running.evaluate import RunChoice, evaluate
from evaluation.runs import Sampling

if TYPE_CHECKING:
    from evaluation.tasks import Task

TASKS = Path("evaluation/benchmarks/basics.jsonl")
KINDS = (Kind.EXPRESSION, Kind.LINE)
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
        files = {kind: Path(folder) / f"{kind.value}.jsonl" for kind in KINDS}
        for kind, file in files.items():
            write_tasks(file, holes(kind, asked.tasks))
        choice = RunChoice(benchmarks=tuple(files.values()), output=Path(folder) / "runs", sampling=sampling)
        runs = asyncio.run(evaluate(choice, progress))
        found = {
            kind: rerank(run, files[kind], Path(folder) / "chosen" / kind, Inputs.VISIBLE, (), progress)
            for kind, run in zip(KINDS, runs, strict=True)
        }
    publish(
        "reranking",
        f"Holes in {asked.tasks} Python solutions, embedded model, temperature {asked.temperature:g}; 95 % intervals",
        ["hole", "answers", "random (pass@1)", "first that runs", "chosen", "best (pass@n)", "chosen - random", "p"],
        [row for kind, each in found.items() for row in rows(kind, each)],
        {
            "sampling": sampling.model_dump(),
            "reranking": {kind: each.model_dump(mode="json") for kind, each in found.items()},
        },
        [
            f"{kind.capitalize()}s: {listed(each.levels)}; on {each.compared} tasks answers did different things; "
            f"{each.executions} programs were executed."
            for kind, each in found.items()
        ],
    )


def rows(kind: Kind, found: Reranking) -> Iterator[list[str]]:
    """A row for each number of answers."""
    for point in found.curve:
        shares = (point.random, point.runs, point.chosen, point.best)
        yield [kind.value, str(point.answers), *map(percent, shares), points(point.gain), p_value(point.p_value)]


def listed(levels: dict[str, int]) -> str:
    """How many answers got how far."""
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in levels.items())


def holes(kind: Kind, count: int) -> Iterator[Task]:
    """The tasks with a hole of this kind in the canonical solution; the tests stay as they are."""
    python, parsing = load_languages([]).named("python"), Parsing()
    for task in read_benchmark(TASKS).tasks[:count]:
        text = f"{task.before}{task.canonical}"
        tree = parsing.parse(python, text, PARSE_LIMIT_S)
        chance = random.Random(f"{SEED}\0{task.id}\0{kind}")
        found = find_holes(SourceText(text, python, tree if isinstance(tree, SyntaxTree) else None), kind, chance)
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
