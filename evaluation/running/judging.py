"""From a completion to a verdict: run it, or put it beside the target.

One `Judge` for all languages of a benchmark; used by several threads at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from core.errors import ConfigError
from core.language_files import LanguageRegistry
from core.sandbox import Limits, Sandbox
from evaluation.execution import Executor, missing_command
from evaluation.runs import Match
from evaluation.scoring.scores import edit_similarity, exact_match, identifier_match, keys_saved
from evaluation.tasks import Scoring, Task
from evaluation.verdicts import Judged, Verdict

_KEPT_CHARACTERS = 4000


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of a completion. `program` is what was run; outputs are cut; times are of all executions together."""

    judged: Judged
    program: str = ""
    stdout: str = ""
    stderr: str = ""
    executed_ms: float = 0.0
    cpu_s: float = 0.0
    match: Match | None = field(default=None)


class Judge:
    """Verdicts on completions of `tasks`.

    Raises `ConfigError` where a language of theirs cannot be run here, `UnknownNameError` where nobody knows it.
    """

    def __init__(
        self, tasks: Iterable[Task], languages: LanguageRegistry, sandbox: Sandbox | None, limits: Limits
    ) -> None:
        self._limits = limits
        with contextlib.ExitStack() as opened:
            self._executors = executors_of(tasks, languages, sandbox, opened)
            self._stack = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def limits(self) -> Limits:
        """The limits of each execution."""
        return self._limits

    def executor(self, language: str) -> Executor:
        """What runs the programs of a language of the tasks. Raises `KeyError` for another one."""
        return self._executors[language]

    def decide(self, task: Task, completion: str | None, program: str) -> Decision:
        """`program` is what `completion` makes with the task. Raises `SandboxError`, which is no verdict."""
        match = compared(completion or "", task.canonical) if _has_target(task) else None
        if completion is None:
            return Decision(Judged(Verdict.NO_CODE, "the answer holds no code"), match=match)
        if task.scoring is Scoring.MATCH:
            assert match is not None
            same = match.exact
            judged = Judged(Verdict.PASSED if same else Verdict.DIFFERS, "the target" if same else "not the target")
            return Decision(judged, match=match)
        executor = self.executor(task.language)
        if task.scoring is Scoring.TESTS:
            results = [executor.run_to_mark(program, self._limits)]
        else:
            cases = [(case.stdin.encode(), *(output.encode() for output in case.expected)) for case in task.cases]
            results = executor.run_for_outputs(program, self._limits, cases)
        last = results[-1]
        outcomes = [judged.outcome for judged in results if judged.outcome is not None]
        return Decision(
            judged=last,
            program=program,
            stdout=cut(last.outcome.stdout) if last.outcome else "",
            stderr=cut(last.outcome.stderr) if last.outcome else "",
            executed_ms=sum(outcome.wall_s for outcome in outcomes) * 1e3,
            cpu_s=sum(outcome.cpu_s for outcome in outcomes),
            match=match,
        )


def executors_of(
    tasks: Iterable[Task], languages: LanguageRegistry, sandbox: Sandbox | None, opened: contextlib.ExitStack
) -> dict[str, Executor]:
    """Language -> what runs its programs, for those tasks that run; closed with `opened`. Raises as `Judge` does."""
    executors: dict[str, Executor] = {}
    for name in sorted({task.language for task in tasks if task.scoring is not Scoring.MATCH}):
        execution = languages.named(name).execution
        if execution is None:
            raise ConfigError(f"{name}: its language file has no `execution:`, so its programs cannot be run")
        if missing := missing_command(execution):
            raise ConfigError(f"{name}: {missing} is not installed; run: vernacular languages install {name}")
        assert sandbox is not None, "tasks that run need a sandbox"
        executors[name] = opened.enter_context(Executor(execution, sandbox))
    return executors


def compared(completion: str, target: str | None) -> Match:
    """The completion beside what was really there."""
    target = target or ""
    keys, saved = keys_saved(completion, target)
    return Match(
        exact=exact_match(completion, target),
        edit=edit_similarity(completion, target),
        identifiers=identifier_match(completion, target),
        keys=keys,
        keys_saved=saved,
    )


def _has_target(task: Task) -> bool:
    return task.canonical is not None and (task.scoring is Scoring.MATCH or bool(task.after))


def cut(output: bytes, most: int = _KEPT_CHARACTERS) -> str:
    """An output as text; the beginning and the end of one that has more than `most` characters."""
    text = output.decode(errors="replace")
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"
