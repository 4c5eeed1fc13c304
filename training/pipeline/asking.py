"""How a model is asked: from the recipe's words to those of `vernacular evaluate`, and the key of all that decides."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import ConfigError
from core.files import write_atomically
from core.sandbox import Limits
from evaluation.formats import read_benchmark
from evaluation.formats.lines import read_objects
from evaluation.running.evaluate import RunChoice
from evaluation.strategies.registry import StrategyOptions
from evaluation.tasks import Benchmark, Task
from training.pipeline.parts import Asking, TaskFile, Way
from training.pipeline.stage import key_of
from training.pipeline.work import Work

_PLAIN = ("dtype", "template", "max_model_len", "format", "language", "sandbox")


def run_choice(
    work: Work, way: Way, benchmarks: Sequence[Path], output: Path, model: Path, *, limit: int | None = None
) -> RunChoice:
    """A run for each of the benchmarks, in a folder of `output` that is called like it."""
    asked = settings_of(work)
    single = output / benchmarks[0].name.split(".", 1)[0]
    return RunChoice(
        benchmarks=tuple(benchmarks),
        output=single if len(benchmarks) == 1 else output,
        model=asked.asked(model),
        format=asked.format,
        language=asked.language,
        languages=work.recipe.language_folders,
        limit=limit,
        strategy=way.strategy,
        strategy_options=options_of(way),
        sampling=asked.sampling(),
        concurrency=asked.concurrency,
        sandbox=asked.sandbox,
        limits=limits_of(asked),
    )


def way_inputs(work: Work, way: Way, benchmarks: Sequence[TaskFile]) -> dict[str, Any]:
    """What decides the answers and verdicts, beside the model. Writes nothing."""
    asked = settings_of(work)
    shown = [path for path in (way.examples, way.documentation) if path]
    return {
        "way": way.model_dump(mode="json", include=set(Way.model_fields) - {"examples", "documentation"}),
        "shown": {path.name: work.hashes.content(path) for path in shown},
        "benchmarks": {item.called: _tasks_sha256(work, item) for item in benchmarks},
        "languages": _languages_key(work, [item.file for item in benchmarks]),
        "sampling": asked.sampling().model_dump(mode="json"),
        "limits": limits_of(asked).model_dump(mode="json"),
        "engine": {name: getattr(asked, name) for name in _PLAIN},
    }


def settings_of(work: Work) -> Asking:
    """How the recipe asks; the defaults where it evaluates nothing."""
    return work.recipe.evaluate or Asking()


def options_of(way: Way) -> StrategyOptions:
    """What the strategy is given."""
    return StrategyOptions(
        examples=way.examples,
        shots=way.shots,
        similar=way.similar,
        documentation=way.documentation,
        sections=way.sections,
    )


def limits_of(asked: Asking) -> Limits:
    """What one execution may use."""
    return Limits(cpu_s=asked.limits.cpu_s, wall_s=asked.limits.wall_s, memory_mib=asked.limits.memory_mib)


def read_tasks(work: Work, path: Path) -> Benchmark:
    """A file's tasks, as the evaluation will read them."""
    asked = settings_of(work)
    return read_benchmark(path, asked.format, asked.language, work.languages)


def task_file(work: Work, item: TaskFile) -> Path:
    """The file that is run: the one that the recipe names, or where a part of it is meant a file in the run's folder.

    Raises `ConfigError` where no task has the labels.
    """
    if not item.where and item.name is None:
        return item.file
    path = work.run.path / "benchmarks" / f"{item.called}.jsonl"
    text = chosen_lines(work, item)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_atomically(path, text)
    return path


def chosen_tasks(work: Work, item: TaskFile) -> list[Task]:
    """The tasks that have all of the labels."""
    return [task for task in read_tasks(work, item.file).tasks if item.where.items() <= task.labels.items()]


def chosen_lines(work: Work, item: TaskFile) -> str:
    """JSON lines of the tasks that have all of the labels. Raises `ConfigError` where none has."""
    tasks = read_tasks(work, item.file).tasks
    objects = [fields for _, fields in read_objects(item.file).objects]
    wanted = item.where.items()
    lines = [
        json.dumps(fields, ensure_ascii=False) + "\n"
        for task, fields in zip(tasks, objects, strict=True)
        if wanted <= task.labels.items()
    ]
    if not lines:
        asked = ", ".join(f"{label}: {value}" for label, value in item.where.items())
        labels = sorted({f"{label}: {value}" for task in tasks for label, value in task.labels.items()})
        shown = ", ".join(labels[:8]) + (" ..." if len(labels) > 8 else "")
        raise ConfigError(f"{item.file}: no task has the labels {asked}; there are: {shown or 'no labels at all'}")
    return "".join(lines)


def _languages_key(work: Work, benchmarks: Sequence[Path]) -> dict[str, str]:
    """Language of the tasks -> hash of what its file says."""
    names = {task.language for path in benchmarks for task in read_tasks(work, path).tasks}
    known = sorted(names & work.languages.names)
    return {name: key_of(json.loads(work.languages.named(name).model_dump_json())) for name in known}


def _tasks_sha256(work: Work, item: TaskFile) -> str:
    if not item.where:
        return work.hashes.file(item.file)
    return hashlib.sha256(chosen_lines(work, item).encode()).hexdigest()
