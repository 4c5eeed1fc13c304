"""Which tasks can be learned from: their solutions pass, something of them is hidden, and no constant solves them."""

from __future__ import annotations

import hashlib
import json
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import ConfigError
from core.files import write_atomically
from core.language_files import LanguageRegistry
from core.sandbox import Sandbox
from evaluation.execution import Executor
from evaluation.formats import read_benchmark
from evaluation.running.judging import executors_of
from evaluation.running.parallel import in_parallel
from evaluation.tasks import Case, Scoring, Task
from evaluation.verdicts import Verdict
from training.pipeline.estimates import duration
from training.reinforcement.settings import ReinforceSettings, TaskSource
from training.reinforcement.tricks import Probe, hidden_cases, is_constant, probe_for

_SHOWN = 5
_VERSION = 1
"""Rises when the same tasks are chosen in another way."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Tasks to learn from. `cases` are those that decide, `left_out` says why, `program_s` is a run of a solution."""

    tasks: tuple[Task, ...]
    cases: dict[str, tuple[Case, ...]]
    probes: dict[str, Probe]
    left_out: dict[str, str]
    program_s: float


NO_TASKS = Chosen((), {}, {}, {}, 0.0)
"""Where none are given."""


@dataclass(frozen=True, slots=True)
class _Proof:
    """What came of one task: why it is left out, or what finds tricks; seconds of its solution's run."""

    reason: str = ""
    wrong: str = ""
    comment: tuple[str, str] = ("", "")
    seconds_s: float = 0.0


def read_sources(sources: Iterable[TaskSource], languages: LanguageRegistry) -> tuple[Task, ...]:
    """The tasks of files. Raises `BenchmarkError`, and `ConfigError` where none is left or one comes twice."""
    found: dict[str, Task] = {}
    for source in sources:
        tasks = read_benchmark(source.file, None, source.language, languages).tasks
        kept = [task for task in tasks if source.where.items() <= task.labels.items()]
        if not kept:
            raise ConfigError(f"{source.file}: none of its {len(tasks)} tasks has the labels {source.where}")
        for task in kept:
            if task.id in found:
                raise ConfigError(
                    f"{source.file}: task {task.id!r} is in another file too; each needs a name of its own"
                )
            found[task.id] = task
    return tuple(found.values())


def choose(
    tasks: Sequence[Task],
    languages: LanguageRegistry,
    sandbox: Sandbox,
    settings: ReinforceSettings,
    kept: Path,
    tell: Callable[[str], None] = lambda _: None,
) -> Chosen:
    """Prove each task by running its solution, several at once; what was proved before is read from the file `kept`.

    Raises `ConfigError` where no task is left, or a language cannot be run here; `SandboxError`.
    """
    key = _key(tasks, languages, settings)
    found = _read(kept, key)
    if found is None:
        with ExitStack() as opened:
            executors = executors_of(tasks, languages, sandbox, opened)
            found = {}
            for task, proof in in_parallel(lambda task: _proved(task, languages, executors, settings), tasks):
                found[task.id] = proof
                if len(found) % 100 == 0:
                    tell(f"{len(found)} of {len(tasks)} tasks looked at")
        content = {"key": key, "tasks": {name: asdict(proof) for name, proof in found.items()}}
        write_atomically(kept, json.dumps(content, indent=1) + "\n")
    chosen = tuple(task for task in tasks if not found[task.id].reason)
    left_out = {task.id: found[task.id].reason for task in tasks if found[task.id].reason}
    if not chosen:
        reason, count = Counter(left_out.values()).most_common(1)[0]
        raise ConfigError(f"no task can be learned from: {count} of {len(tasks)} are left out, since {reason}")
    return Chosen(
        tasks=chosen,
        cases={task.id: hidden_cases(task) for task in chosen if task.scoring is Scoring.OUTPUT},
        probes={
            task.id: Probe(found[task.id].wrong, found[task.id].comment) for task in chosen if found[task.id].wrong
        },
        left_out=left_out,
        program_s=statistics.median([found[task.id].seconds_s for task in chosen]),
    )


def told(chosen: Chosen, settings: ReinforceSettings, cores: int) -> list[str]:
    """What is left out and why, and how long running programs takes at most, in lines for a person."""
    lines = [f"tasks: {len(chosen.tasks)} to learn from, {len(chosen.left_out)} left out"]
    for reason, count in Counter(chosen.left_out.values()).most_common():
        names = [name for name, why in chosen.left_out.items() if why == reason]
        more = f" and {count - _SHOWN} more" if count > _SHOWN else ""
        lines.append(f"  left out: {', '.join(names[:_SHOWN])}{more}: {reason}")
    if chosen.program_s:
        step_s = chosen.program_s * settings.answers_per_step / cores
        lines.append(
            f"a solution's tests take {chosen.program_s:.2f} s: {settings.answers_per_step} programs a step at most "
            f"{step_s:.1f} s on {cores} cores, {duration(step_s * settings.steps)} in all"
        )
    return lines


def _proved(
    task: Task, languages: LanguageRegistry, executors: dict[str, Executor], settings: ReinforceSettings
) -> _Proof:
    if task.scoring is Scoring.MATCH:
        return _Proof("nothing of them runs")
    if task.scoring is Scoring.OUTPUT:
        hidden = hidden_cases(task)
        if not hidden:
            return _Proof("their statements show all their outputs")
        if is_constant(hidden):
            return _Proof("one output is right for all their inputs")
    if task.canonical is None:
        return _Proof("they bring no solution (require_canonical)" if settings.require_canonical else "")
    executor = executors[task.language]
    began_s = time.monotonic()
    program = task.program(task.canonical)
    if task.scoring is Scoring.TESTS:
        judged = executor.run_to_mark(program, settings.limits)
    else:
        cases = [(case.stdin.encode(), *(output.encode() for output in case.expected)) for case in task.cases]
        judged = executor.run_for_outputs(program, settings.limits, cases)[-1]
    seconds_s = time.monotonic() - began_s
    if judged.verdict is not Verdict.PASSED:
        return _Proof(f"their own solutions do not pass ({judged.verdict.value.replace('_', ' ')})")
    if task.scoring is Scoring.OUTPUT:
        return _Proof(seconds_s=seconds_s)
    probe = probe_for(executor, task, languages.named(task.language), settings.limits)
    if probe is None:
        return _Proof("their tests notice no fault")
    return _Proof("", probe.wrong, probe.comment, seconds_s)


def _key(tasks: Sequence[Task], languages: LanguageRegistry, settings: ReinforceSettings) -> str:
    specs = [languages.named(name).model_dump_json() for name in sorted({task.language for task in tasks})]
    texts = [task.model_dump_json() for task in tasks]
    limits = settings.limits.model_dump_json()
    content = json.dumps([_VERSION, specs, texts, limits, settings.sandbox, settings.require_canonical])
    return hashlib.sha256(content.encode()).hexdigest()


def _read(kept: Path, key: str) -> dict[str, _Proof] | None:
    try:
        content = json.loads(kept.read_bytes())
        if content["key"] != key:
            return None
        return {
            name: _Proof(**{**proof, "comment": tuple(proof["comment"])}) for name, proof in content["tasks"].items()
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None
