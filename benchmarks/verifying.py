"""How fast answers are verified: the verifier beside a fresh interpreter for each program and input.

A stand-in for one container a program: what Agnostics does by `docker exec`, less the container. Both get the same
answers, as a step of reinforcement has them: tasks of the Lua family, eight answers each, some right and some wrong,
some of them the same. `python -m benchmarks.verifying`
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.reinforcement.family import problems, write
from benchmarks.reinforcement.rounds import ROUNDS as EXPERIMENTS
from benchmarks.report import percentile, publish
from core.cores import usable_cores
from core.language_files import load_languages
from core.sandbox import Limits, open_sandbox
from evaluation.formats import read_benchmark
from evaluation.mutants import mutants
from evaluation.tasks import Task
from training.reinforcement.verifier import Verifier

TASKS, SAMPLES, DIFFERENT, ROUNDS = 8, 8, 4, 12
QUIET = 0.5

Answer = tuple[Task, str]


def main() -> None:
    """Measure in turns, print, write `results/verifying.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    load_before = os.getloadavg()[0]
    batches = answers(rounds + 1)
    tasks = list({task.id: task for batch in batches for task, _ in batch}.values())
    rates: dict[str, list[float]] = {"fresh": [], "fresh, in parallel": [], "verifier": []}
    cores = usable_cores()
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(cores) as pool,
        Verifier(tasks, load_languages(()), open_sandbox(), Limits(cpu_s=5.0)) as verifier,
    ):

        def fresh(answer: Answer) -> bool:
            return bare(answer, Path(folder))

        for number, batch in enumerate(batches):
            ways: dict[str, Callable[[list[Answer]], list[bool]]] = {
                "fresh": lambda answers: [fresh(answer) for answer in answers],
                "fresh, in parallel": lambda answers: list(pool.map(fresh, answers)),
                "verifier": lambda answers: verified(verifier, answers),
            }
            found = {}
            for name, way in ways.items():
                begin_s = time.perf_counter()
                found[name] = way(batch)
                if number:  # the first round is for warming up
                    rates[name].append(len(batch) / (time.perf_counter() - begin_s))
            assert len({tuple(passes) for passes in found.values()}) == 1, "they differ in what passes"
    rows = [[f"{name} ({_how(name, cores)})", f"{percentile(each, 0.5):.0f}"] for name, each in rates.items()]
    gains = {name: percentile(rates["verifier"], 0.5) / percentile(rates[name], 0.5) for name in list(rates)[:2]}
    compared = f"The verifier does {gains['fresh']:.1f} times what a fresh interpreter each does, one after the other, "
    verdicts = [f"{compared}and {gains['fresh, in parallel']:.1f} times the same on all cores, without any sandbox."]
    if load_before > QUIET:
        verdicts.append(f"The machine was busy before this began (load {load_before:.1f}): do not quote these numbers.")
    data = {"load_before": load_before, "answers_per_s": rates, "executed": verifier.executed, "asked": verifier.asked}
    publish("verifying", "Verifying answers", ["", "answers/s"], rows, data, verdicts)


def answers(rounds: int) -> list[list[Answer]]:
    """For each round the answers of a step; no round has another's tasks."""
    draw = random.Random(1)
    lua = load_languages(()).named("lua")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tasks.jsonl"
        write(file, problems("practised", EXPERIMENTS[1].kinds["practised"], rounds * TASKS, seed=0))
        tasks = read_benchmark(file).tasks
    batches = []
    for first in range(0, len(tasks), TASKS):
        batch = []
        for task in tasks[first : first + TASKS]:
            solution = task.canonical or ""
            wrong = [mutant.text for mutant in mutants(solution, "", lua, task.id)]
            different = [solution, *draw.sample(wrong, DIFFERENT - 1)]
            batch += [(task, draw.choice(different)) for _ in range(SAMPLES)]
        batches.append(batch)
    return batches


def verified(verifier: Verifier, batch: list[Answer]) -> list[bool]:
    """As a training asks: all begun, then waited for."""
    for task, program in batch:
        verifier.begin(task, program)
    return [verifier.result(task, program).passed for task, program in batch]


def bare(answer: Answer, folder: Path) -> bool:
    """Compiled, then a fresh interpreter for each input up to the first that fails; no limits but on time."""
    task, program = answer
    with tempfile.NamedTemporaryFile("w", suffix=".lua", dir=folder) as file:
        file.write(program)
        file.flush()
        if subprocess.run(["luac5.4", "-p", file.name], capture_output=True, check=False).returncode:
            return False
        for case in task.cases:
            try:
                done = subprocess.run(
                    ["lua5.4", file.name], input=case.stdin, capture_output=True, text=True, timeout=5, check=False
                )
            except subprocess.TimeoutExpired:
                return False
            if done.returncode or done.stdout.rstrip() not in [text.rstrip() for text in case.expected]:
                return False
    return True


def _how(name: str, cores: int) -> str:
    return f"sandboxed, {cores} workers, each program once" if name == "verifier" else "no sandbox"


if __name__ == "__main__":
    main()
