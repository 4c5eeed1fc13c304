"""Tasks with solutions that a method begins with: of files, and what earlier methods made."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.formats import read_benchmark
from evaluation.tasks import Task
from training.synthesis.method import Workshop
from training.synthesis.pairs import group_of, questions
from training.synthesis.parts import FromTasks
from training.synthesis.settings import SynthesisError


@dataclass(frozen=True, slots=True)
class Source:
    """A task with its solution, and what it was made of."""

    groups: tuple[str, ...]
    task: Task


def with_solutions(workshop: Workshop, part: FromTasks, method: str) -> list[Source]:
    """Those of the part's files and of earlier methods. Raises `SynthesisError` where there are none."""
    found = [
        Source((group_of(task),), task)
        for file in part.tasks
        for task in questions(read_benchmark(file, languages=workshop.languages).tasks, file)
        if task.canonical
    ]
    if part.made:
        made = [pair for one in workshop.earlier.values() for pair in one.pairs if pair.task.canonical]
        found += [Source(pair.groups, pair.task) for pair in made]
    unique: dict[tuple[str, str], Source] = {}
    for source in found:
        unique.setdefault((source.task.language, group_of(source.task)), source)
    if not unique:
        raise SynthesisError(f"{method}: there is no task with a solution to begin with")
    return list(unique.values())
