"""Whole tasks: golden files in each language, our own benchmark translated and run, solutions that pass."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.sandbox import Limits
from evaluation.execution import Executor
from evaluation.formats import read_benchmark
from evaluation.tasks import Task
from evaluation.translation.problem import Reason
from evaluation.translation.source import read_problem
from evaluation.translation.target import write_stub, write_task
from evaluation.translation.translate import Translated, Written, prove, translate
from evaluation.verdicts import Verdict
from tests.evaluation.translation.answers import known, run, runnable, sandbox
from tests.evaluation.translation.solutions import SOLUTIONS
from tests.evaluation.translation.test_source import task

BASICS = Path(__file__).parents[3] / "evaluation" / "benchmarks" / "basics.jsonl"
GOLDEN = Path(__file__).parent / "golden"
LANGUAGES = (
    "commonlisp",
    "fortran",
    "gleam",
    "haskell",
    "javascript",
    "julia",
    "lua",
    "moonbit",
    "ocaml",
    "prolog",
    "python",
    "r",
    "racket",
)
PROMPT = '''from typing import List


def mean_above(values: List[float], lower_limit: int = 0, end: str = "x\\ty") -> float:
    """Return the mean of the `values` above lower_limit, or 0.0 where the list has none. True or False, or None.

    >>> mean_above([1.5, -2.0], 1)
    1.5
    """
'''
TESTS = """
def check(candidate):
    assert candidate([1, 2.5], 1, 'it\\'s') == 2.5
    assert candidate([]) == 0
    assert abs(candidate([0.1, 0.2], -1) - 0.15) < 1e-6

check(mean_above)
"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_task_in_every_language_is_the_golden_one(language: str) -> None:
    """`GOLDEN=1` writes the files anew."""
    problem = read_problem(task(PROMPT, TESTS, "mean_above"))
    written = write_task(problem, known(language))
    helpers = known(language).translation.checks.helpers  # type: ignore[union-attr]
    assert helpers in written.program_tail
    tail = written.program_tail.replace(helpers, "<helpers>")
    text = f"{written.before}<<<{write_stub(problem, known(language))}>>>{tail}"
    path = GOLDEN / f"{language}.txt"
    if os.environ.get("GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
    assert written.program_head == written.before
    assert written.stop
    assert written.labels == {"source": "t"}


def basics(language: str) -> Translated[Written]:
    return translate(read_benchmark(BASICS).tasks, known(language))


@pytest.mark.parametrize(
    ("language", "least"),
    [(language, 30 if language == "fortran" else 119) for language in LANGUAGES],
)
def test_our_own_benchmark_can_be_expressed(language: str, least: int) -> None:
    translated = basics(language)
    assert len(translated.written) >= least
    assert len(translated.written) + len(translated.dropped) == len(read_benchmark(BASICS).tasks)
    assert {written.task.language for written in translated.written} == {language}


@pytest.mark.parametrize("language", ["lua", "prolog", "moonbit"])
@pytest.mark.timeout(600)
def test_the_stubs_of_our_own_benchmark_fail_for_the_right_reason(language: str) -> None:
    if not runnable(language):
        pytest.skip("not installed")
    execution = known(language).execution
    assert execution is not None
    done: list[None] = []
    with Executor(execution, sandbox()) as executor:
        proven = prove(basics(language), executor, Limits(), 2, lambda: done.append(None))
    assert not proven.dropped, proven.dropped
    assert len(proven.written) == len(done) >= 100


@pytest.mark.parametrize("language", ["lua", "prolog", "moonbit"])
@pytest.mark.timeout(300)
def test_right_solutions_pass(language: str) -> None:
    if not runnable(language):
        pytest.skip("not installed")
    tasks = {written.task.id: written.task for written in basics(language).written}
    for name, solution in SOLUTIONS[language].items():
        judged = run(language, tasks[name].program(solution))
        assert judged.verdict is Verdict.PASSED, (name, judged)


def test_python_translated_to_itself_passes_with_its_own_solutions() -> None:
    if not runnable("python"):
        pytest.skip("not installed")
    tasks = read_benchmark(BASICS).tasks[::12]
    translated = translate(tasks, known("python"))
    assert not translated.dropped
    for source, written in zip(tasks, translated.written, strict=True):
        names = [parameter.name for parameter in read_problem(source).parameters]
        assert all(f"{name}: " in written.task.before for name in names)
        judged = run("python", written.task.program(source.canonical or ""))
        assert judged.verdict is Verdict.PASSED, (source.id, judged)


def proven(*completed: Written) -> Translated[Written]:
    execution = known("python").execution
    assert execution is not None
    with Executor(execution, sandbox()) as executor:
        return prove(Translated(completed, ()), executor, Limits())


def python(tail: str) -> Task:
    return task("def f(a):\n", tail)


@pytest.mark.parametrize(
    ("tail", "stub", "reason"),
    [
        ("\nf(1)\n", "    raise ValueError('vernacular stub')", None),
        ("\nf(1)\n", "    return a", Reason.STUB),
        ("\nno_such_helper(f)\n", "    raise ValueError('vernacular stub')", Reason.STUB),
        ("\nf(1\n", "    raise ValueError('vernacular stub')", Reason.COMPILE),
    ],
)
def test_a_task_whose_stub_does_not_fail_as_it_should_is_dropped(tail: str, stub: str, reason: Reason | None) -> None:
    found = proven(Written(python(tail), stub))
    assert [dropped.reason for dropped in found.dropped] == ([reason] if reason else [])
    assert all(dropped.detail for dropped in found.dropped)


def test_a_language_without_a_description_is_refused_in_one_line() -> None:
    with pytest.raises(ConfigError, match="text: its file has no section `translation`"):
        translate((), known("text"))
