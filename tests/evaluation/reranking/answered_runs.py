"""Runs with several answers a task whose verdicts are the real ones: programs are run on the hidden cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.language_files import LanguageRegistry, load_languages
from core.sandbox import Limits, open_sandbox
from evaluation.formats import read_benchmark
from evaluation.formats.vernacular import write_tasks
from evaluation.running.judging import Judge
from evaluation.runs import RunDescription, RunSettings, RunWriter, Sampling
from evaluation.tasks import Case, Scoring, Task
from tests.evaluation.scoring.run_folders import result

LIMITS = Limits(cpu_s=5)
STATEMENT = """Read two numbers from standard input, one a line, and print their sum.

Example input:
2
2

Example output:
4
"""
ADD = "print(io.read('n') + io.read('n'))"
ADD_TOO = "local a, b = io.read('n', 'n') print(a + b)"
MULTIPLY = "print(io.read('n') * io.read('n'))"
PRINT_4 = "print(4)"
REFUSED = "print(io.read('n') +"
CRASHES = "error('no')"


def adding(name: str = "add", language: str = "lua") -> Task:
    """To add two numbers; one case is shown, two are hidden."""
    cases = (("2\n2\n", "4\n"), ("3\n5\n", "8\n"), ("-1\n7\n", "6\n"))
    return Task(
        id=name,
        language=language,
        scoring=Scoring.OUTPUT,
        statement=STATEMENT,
        cases=tuple(Case(stdin=stdin, expected=(output,)) for stdin, output in cases),
    )


def answered(
    folder: Path,
    answers: Sequence[tuple[Task, Sequence[str | None]]],
    languages: LanguageRegistry | None = None,
) -> tuple[Path, Path]:
    """The benchmark's file and the folder of its run; `None`: an answer without code."""
    benchmark = folder / "tasks.jsonl"
    tasks = [task for task, _ in answers]
    write_tasks(benchmark, tasks)
    languages = languages or load_languages([])
    samples = max(len(programs) for _, programs in answers)
    settings = RunSettings(
        benchmark="tasks",
        benchmark_format="vernacular",
        benchmark_sha256=read_benchmark(benchmark, languages=languages).sha256,
        tasks=len(answers),
        model="scripted",
        strategy="zero-shot",
        sampling=Sampling(samples=samples, temperature=0.8 if samples > 1 else 0.0),
        limits={name: float(value) for name, value in LIMITS.model_dump().items()},
        sandbox="bubblewrap",
    )
    with (
        Judge(tasks, languages, open_sandbox(), LIMITS) as judge,
        RunWriter(folder / "run", RunDescription(settings=settings, provenance={})) as run,
    ):
        for task, programs in answers:
            for sample, code in enumerate(programs):
                program = "" if code is None else task.program(code)
                judged = judge.decide(task, code, program).judged
                run.add(
                    result(
                        task.id,
                        sample=sample,
                        language=task.language,
                        answer=code or "I do not know.",
                        completion=code,
                        program=program,
                        verdict=judged.verdict,
                        failure=judged.failure,
                        prompt_tokens=10,
                        new_tokens=5,
                    )
                )
    return benchmark, folder / "run"
