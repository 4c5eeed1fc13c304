"""A stored run with the benchmark that it was made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import RunError
from core.language_files import LanguageRegistry
from core.sandbox import Limits
from evaluation.formats import read_benchmark
from evaluation.runs import Result, RunDescription, read_description
from evaluation.scoring.summary import checked_results
from evaluation.tasks import Benchmark, Task


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run's folder, its description, its benchmark, of that the tasks that it asked, by name, and the languages."""

    folder: Path
    description: RunDescription
    benchmark: Benchmark
    tasks: dict[str, Task]
    languages: LanguageRegistry

    @property
    def limits(self) -> Limits:
        """The limits that its programs were run with."""
        return Limits.model_validate(self.description.settings.limits)

    def results(self) -> Iterator[Result]:
        """Each result in turn. Raises `RunError` as `checked_results` does."""
        return checked_results(self.folder, self.description)

    def task_of(self, result: Result) -> Task:
        """The task that a result is of. Raises `RunError` where the benchmark does not have it."""
        if result.task not in self.tasks:
            raise RunError(f"{self.folder}: holds a result of task {result.task!r}, which the benchmark does not have")
        return self.tasks[result.task]


def open_run(folder: Path, benchmark: Path, languages: LanguageRegistry) -> StoredRun:
    """Read what a run was and its tasks. Raises `RunError` where the file is not the one that it was made from."""
    description = read_description(folder)
    settings = description.settings
    read = read_benchmark(benchmark, settings.benchmark_format, settings.benchmark_language or None, languages)
    if read.sha256 != settings.benchmark_sha256:
        raise RunError(
            f"{folder}: was not made from {benchmark} (SHA-256 differs); name the file that it was made from"
        )
    only = settings.only_languages
    asked = [task for task in read.tasks if not only or task.language in only][: settings.limit]
    tasks = {task.id: task for task in asked}
    return StoredRun(folder, description, read, tasks, languages)
