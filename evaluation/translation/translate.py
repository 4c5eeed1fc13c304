"""A whole benchmark from Python to another form: which tasks came through, and why the others did not.

    proven = prove(translate(benchmark.tasks, spec), executor, limits)              # unit tests in another language
    proven = prove_solutions(to_input_output(benchmark.tasks, spec), python, limits)   # input and output, for any

`translate` and `to_input_output` are pure. `prove` runs each task with a stub in place of the completion: the program
has to compile and to fail in the stub, or the task would tell nothing of a completion. `prove_solutions` runs each
task's own solution in Python as a program that reads and prints: it has to pass every case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from core.languages import LanguageSpec
from core.sandbox import Limits
from evaluation.execution import Executor, Verdict
from evaluation.formats.agnostics import PublishedProblem
from evaluation.tasks import Task
from evaluation.translation.input_output import write_problem
from evaluation.translation.problem import Reason, UntranslatableError
from evaluation.translation.python_program import python_program
from evaluation.translation.source import read_problem
from evaluation.translation.target import translation_of, write_stub, write_task

STUB = "vernacular stub"
"""What a stub says when it is called."""


class _Named(Protocol):
    @property
    def id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Written:
    """A task in the other language, and a completion that compiles and fails."""

    task: Task
    stub: str = ""

    @property
    def id(self) -> str:
        """The task's."""
        return self.task.id


@dataclass(frozen=True, slots=True)
class WrittenProblem:
    """A task of input and output, and its solution in Python as a program; none: it has no solution."""

    problem: PublishedProblem
    program: str | None

    @property
    def id(self) -> str:
        """The task's."""
        return self.problem.original_task_id


WrittenT = TypeVar("WrittenT", bound=_Named)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A task that did not come through."""

    id: str
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Translated(Generic[WrittenT]):
    """All of a benchmark's tasks, in its order."""

    written: tuple[WrittenT, ...]
    dropped: tuple[Dropped, ...]

    @property
    def reasons(self) -> Counter[Reason]:
        """How many were dropped for which reason."""
        return Counter(dropped.reason for dropped in self.dropped)


def translate(tasks: Sequence[Task], spec: LanguageSpec) -> Translated[Written]:
    """Write each task in the language of `spec`. Raises `ConfigError` where its file has no section `translation`."""
    translation_of(spec)

    def write(task: Task) -> Written:
        problem = read_problem(task)
        return Written(write_task(problem, spec), write_stub(problem, spec))

    return _translated(tasks, write)


def to_input_output(tasks: Sequence[Task], spec: LanguageSpec | None) -> Translated[WrittenProblem]:
    """Write each task as one of input and output, for the language of `spec`, or for any where that is `None`.

    The solution goes with a task where its language is Python; else there is none in the right language.
    """
    seen: dict[str, str] = {}

    def write(task: Task) -> WrittenProblem:
        problem = read_problem(task)
        written, places = write_problem(problem, spec)
        same = written.model_dump_json(exclude={"original_task_id"})
        if (first := seen.setdefault(same, task.id)) != task.id:
            raise UntranslatableError(Reason.DUPLICATE, f"the same as {first}")
        if task.canonical is None:
            return WrittenProblem(written, None)
        program = python_program(problem, f"{task.program_head}{task.canonical}", places)
        own = {"canonical_solution": program} if spec and spec.name == task.language else {}
        return WrittenProblem(written.model_copy(update=own), program)

    return _translated(tasks, write)


def prove(
    translated: Translated[Written],
    executor: Executor,
    limits: Limits,
    workers: int = 1,
    progress: Callable[[], None] = lambda: None,
) -> Translated[Written]:
    """Drop the tasks whose stub does not compile or does not fail in the stub; `progress` is called after each.

    Raises `SandboxError`.
    """
    return _sifted(translated, lambda written: _stub_fault(written, executor, limits), workers, progress)


def prove_solutions(
    translated: Translated[WrittenProblem],
    executor: Executor,
    limits: Limits,
    workers: int = 1,
    progress: Callable[[], None] = lambda: None,
) -> Translated[WrittenProblem]:
    """Drop the tasks whose solution fails a case, and those that have none; `executor` is Python's.

    `progress` is called after each. Raises `SandboxError`.
    """
    return _sifted(translated, lambda written: _solution_fault(written, executor, limits), workers, progress)


def _translated(tasks: Sequence[Task], write: Callable[[Task], WrittenT]) -> Translated[WrittenT]:
    written: list[WrittenT] = []
    dropped: list[Dropped] = []
    for task in tasks:
        try:
            written.append(write(task))
        except UntranslatableError as error:
            dropped.append(Dropped(task.id, error.reason, error.detail))
    return Translated(tuple(written), tuple(dropped))


def _sifted(
    translated: Translated[WrittenT],
    fault: Callable[[WrittenT], tuple[Reason, str] | None],
    workers: int,
    progress: Callable[[], None],
) -> Translated[WrittenT]:
    """Without the tasks that have a fault, which are dropped."""

    def run(written: WrittenT) -> Dropped | None:
        try:
            found = fault(written)
            return Dropped(written.id, *found) if found else None
        finally:
            progress()

    with ThreadPoolExecutor(workers) as pool:
        faults = list(pool.map(run, translated.written))
    kept = tuple(written for written, found in zip(translated.written, faults, strict=True) if found is None)
    return Translated(kept, (*translated.dropped, *(found for found in faults if found)))


def _stub_fault(written: Written, executor: Executor, limits: Limits) -> tuple[Reason, str] | None:
    judged = executor.run_to_mark(written.task.program(written.stub), limits)
    said = judged.outcome.stderr + judged.outcome.stdout if judged.outcome else b""
    match judged.verdict:
        case Verdict.COMPILE_ERROR:
            return Reason.COMPILE, judged.detail
        case Verdict.RUNTIME_ERROR if STUB.encode() in said:
            return None
    return Reason.STUB, f"{judged.verdict}: {judged.detail}"


def _solution_fault(written: WrittenProblem, executor: Executor, limits: Limits) -> tuple[Reason, str] | None:
    if written.program is None:
        return Reason.NO_SOLUTION, "its file has none"
    cases = [(case.input.encode(), case.output.encode()) for case in written.problem.tests]
    judged = executor.run_for_outputs(written.program, limits, cases)
    last = judged[-1]
    if last.verdict is Verdict.PASSED:
        return None
    return Reason.SOLUTION, f"{last.verdict} in case {len(judged)}: {last.detail}"
