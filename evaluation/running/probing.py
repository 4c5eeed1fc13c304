"""Try an answer without its hidden tests: does it compile, does it run, does it do what the task itself shows?

    prober = Prober(judge, languages)
    tried = prober.observe(task, program, inputs)

What a program is tried on:

    scoring by output   the cases that the statement shows, with their outputs; then `inputs`, without outputs
    scoring by tests    the program without what stands behind the code that is shown, once as it is, and once for each
                        example that the statement or the documentation shows (`shown.py`)
    scoring by match    nothing runs

Where there is nothing to run, the language's checker alone decides. A way to try a program is only used for a task
whose canonical solution passes it; a language whose programs need what stands behind them (a `main` among the tests)
is so left to its checker, or to nothing. Of a task without a canonical solution the examples are believed, and the bare
program is run where the language runs an empty one. The hidden tests and their outputs are never looked at.

One program and input is executed once; from several threads at once, at worst twice.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from core.language_files import LanguageRegistry
from evaluation.execution import Executor, trimmed
from evaluation.making.own_tests import OwnTest
from evaluation.running.judging import Judge, cut
from evaluation.running.shown import shown_cases, shown_tests
from evaluation.tasks import Scoring, Task
from evaluation.verdicts import Judged, Verdict

MESSAGE_CHARACTERS = 1500
"""What is kept of a message of the tool chain, and of an output."""
_MARK = re.compile(r"^.*\bmark-[0-9a-f]{16}\b.*\n?", re.MULTILINE)
_ENDED_WELL = (Verdict.PASSED, Verdict.WRONG_OUTPUT)


class Level(IntEnum):
    """How far an answer got, the better the higher."""

    NO_CODE = 0
    REFUSED = 1
    """The compiler or checker refuses it."""
    FAILED = 2
    """It ends badly, or not in time, by itself or on an input that it has to take."""
    RAN = 3
    """It was not refused, and ended well wherever it was run."""
    SHOWN = 4
    """It also does all that the task shows."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What came of trying a program. `behaviours` has an entry for each input and example: equal where two programs
    did the same. `complaint` is what to tell its author; empty where there is nothing to complain of."""

    level: Level
    behaviours: tuple[str, ...] = ()
    complaint: str = ""
    executed_ms: float = 0.0
    cpu_s: float = 0.0
    executions: int = 0


@dataclass(frozen=True, slots=True)
class _Ways:
    """How a task's programs are tried."""

    bare: bool
    checked: bool
    examples: tuple[OwnTest, ...]


class Prober:
    """Tries programs of the judge's tasks, with its sandbox and limits. Methods raise `SandboxError`."""

    def __init__(self, judge: Judge, languages: LanguageRegistry) -> None:
        self._judge = judge
        self._languages = languages
        self._ways: dict[str, _Ways] = {}
        self._runs_empty: dict[str, bool] = {}
        self._observed: dict[tuple[str, str, tuple[bytes, ...], tuple[bytes, ...]], Observed] = {}

    def observe(
        self, task: Task, program: str | None, inputs: Sequence[bytes] = (), valid_inputs: Sequence[bytes] = ()
    ) -> Observed:
        """Try `program`; `None` for an answer without code. `valid_inputs` are such as a right program ends well on."""
        if program is None:
            return Observed(Level.NO_CODE, complaint="The answer holds no code.")
        if task.scoring is Scoring.MATCH:
            return Observed(Level.RAN)
        key = (task.id, program, tuple(valid_inputs), tuple(inputs))
        if (known := self._observed.get(key)) is not None:
            return replace(known, executed_ms=0.0, cpu_s=0.0, executions=0)
        on_inputs = task.scoring is Scoring.OUTPUT
        self._observed[key] = (
            self._on_inputs(task, program, valid_inputs, inputs) if on_inputs else self._alone(task, program)
        )
        return self._observed[key]

    def _on_inputs(self, task: Task, program: str, valid: Sequence[bytes], more: Sequence[bytes]) -> Observed:
        executor, limits = self._judge.executor(task.language), self._judge.limits
        shown = [tuple(text.encode() for text in (case.stdin, *case.expected)) for case in shown_cases(task)]
        if not shown and not valid and not more:
            return self._checked(executor, program)
        cases = [*shown, *((stdin,) for stdin in (*valid, *more))]
        judged = executor.run_for_outputs(program, limits, cases, stop_at_failure=False)
        if refused := _refused(judged):
            return _observed(Level.REFUSED, judged[:1], complaint=refused)
        level, complaint = Level.SHOWN if shown else Level.RAN, ""
        for case, each in zip(cases[: len(shown) + len(valid)], judged, strict=False):
            ended_well = each.verdict in _ENDED_WELL
            if each.verdict is Verdict.PASSED or (ended_well and len(case) == 1):
                continue
            level = min(level, Level.RAN if ended_well else Level.FAILED)
            complaint = complaint or _about_case(case, each)
        behaviours = tuple(_behaviour(each) for each in judged)
        return _observed(level, judged, behaviours, complaint)

    def _alone(self, task: Task, program: str) -> Observed:
        executor, ways = self._judge.executor(task.language), self._ways_of(task)
        bare = without_tests(program, task)
        judged: list[Judged] = []
        level, complaint = Level.SHOWN if ways.examples else Level.RAN, ""
        if ways.bare:
            judged.append(executor.run_to_mark(bare, self._judge.limits))
            if refused := _refused(judged):
                return _observed(Level.REFUSED, judged, complaint=refused)
            if judged[0].verdict is not Verdict.PASSED:
                level, complaint = Level.FAILED, _about_end("The program", judged[0])
        elif ways.checked and (problem := executor.check(bare, self._judge.limits)):
            return _observed(Level.REFUSED, [problem], complaint=_refused([problem]))
        for example in ways.examples if level > Level.FAILED else ():
            judged.append(executor.run_to_mark(f"{bare.rstrip()}\n{example.program}", self._judge.limits))
            if judged[-1].verdict is not Verdict.PASSED:
                if not ways.bare and (refused := _refused(judged[-1:])):
                    return _observed(Level.REFUSED, judged, complaint=refused)
                level, complaint = (
                    Level.RAN,
                    complaint or _about_end(f"The example {example.text}", judged[-1], "does not hold"),
                )
        behaviours = tuple(f"{each.verdict} {each.message_class}" for each in judged)
        return _observed(level, judged, behaviours, complaint)

    def _checked(self, executor: Executor, program: str) -> Observed:
        problem = executor.check(program, self._judge.limits)
        if problem is None:
            return Observed(Level.RAN)
        return _observed(Level.REFUSED, [problem], complaint=_refused([problem]))

    def _ways_of(self, task: Task) -> _Ways:
        if task.id not in self._ways:
            self._ways[task.id] = self._tried_ways(task)
        return self._ways[task.id]

    def _tried_ways(self, task: Task) -> _Ways:
        """Those that the canonical solution passes."""
        executor, limits = self._judge.executor(task.language), self._judge.limits
        examples = shown_tests(task, self._languages.named(task.language))
        if task.canonical is None:
            runs = self._runs_an_empty_program(task.language)
            return _Ways(runs, runs, tuple(examples))
        bare = without_tests(task.program(task.canonical), task)
        held = (
            example
            for example in examples
            if executor.run_to_mark(f"{bare.rstrip()}\n{example.program}", limits).verdict is Verdict.PASSED
        )
        runs = executor.run_to_mark(bare, limits).verdict is Verdict.PASSED
        return _Ways(runs, runs or executor.check(bare, limits) is None, tuple(held))

    def _runs_an_empty_program(self, language: str) -> bool:
        if language not in self._runs_empty:
            judged = self._judge.executor(language).run_to_mark("", self._judge.limits)
            self._runs_empty[language] = judged.verdict is Verdict.PASSED
        return self._runs_empty[language]


def without_tests(program: str, task: Task) -> str:
    """A program of the task without its tests: up to the end of the code that is shown."""
    return f"{program.removesuffix(task.program_tail)}{task.after}"


def _observed(
    level: Level, judged: Iterable[Judged], behaviours: tuple[str, ...] = (), complaint: str = ""
) -> Observed:
    outcomes = [each.outcome for each in judged if each.outcome]
    return Observed(
        level,
        behaviours,
        complaint,
        executed_ms=sum(outcome.wall_s for outcome in outcomes) * 1e3,
        cpu_s=sum(outcome.cpu_s for outcome in outcomes),
        executions=len(outcomes),
    )


def _behaviour(judged: Judged) -> str:
    """Equal for two runs that printed the same, and for two that ended badly in the same way."""
    if judged.verdict not in _ENDED_WELL or judged.outcome is None:
        return judged.verdict.value
    return hashlib.sha256(b"\n".join(trimmed(judged.outcome.stdout))).hexdigest()


def _refused(judged: Sequence[Judged]) -> str:
    """What the compiler says, where it refuses the program; else nothing."""
    first = judged[0]
    if first.verdict is not Verdict.COMPILE_ERROR:
        return ""
    return f"The compiler refuses the program:\n{_message(first)}"


def _about_case(case: Sequence[bytes], judged: Judged) -> str:
    given = cut(case[0], MESSAGE_CHARACTERS).rstrip()
    if judged.verdict in _ENDED_WELL and judged.outcome:
        expected = cut(case[1], MESSAGE_CHARACTERS).rstrip()
        printed = cut(judged.outcome.stdout, MESSAGE_CHARACTERS).rstrip() or "nothing"
        return f"On the input\n{given}\nthe program prints\n{printed}\nwhere it should print\n{expected}"
    return _about_end(f"On the input\n{given}\nthe program", judged)


def _about_end(what: str, judged: Judged, error: str = "ends with an error") -> str:
    match judged.verdict:
        case Verdict.TIMEOUT:
            return f"{what} does not end in time: {judged.detail}."
        case Verdict.OUT_OF_MEMORY:
            return f"{what} takes too much memory: {judged.detail}."
    return f"{what} {error}:\n{_message(judged)}"


def _message(judged: Judged) -> str:
    """The tool chain's message without lines that show the mark, cut."""
    said = _MARK.sub("", judged.outcome.stderr.decode(errors="replace")) if judged.outcome else ""
    return cut(said.strip().encode(), MESSAGE_CHARACTERS) or judged.detail
