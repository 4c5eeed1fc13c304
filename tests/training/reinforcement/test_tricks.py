"""Each trick of the table in `training/reinforcement/tricks.py`, tried for real."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from core.language_files import LanguageRegistry
from core.sandbox import Sandbox
from evaluation.running.judging import executors_of
from evaluation.tasks import Case, Task
from tests.training.reinforcement.conftest import QUICK, adding, doubling
from training.reinforcement.tricks import Probe, hidden_cases, is_constant, probe_for
from training.reinforcement.verifier import Verified, Verifier

HONEST = {
    "lua": "function add(a, b)\n  return a + b\nend\n",
    "python": "def add(a, b):\n    return sum([a, b])\n",
}


def probed(task: Task, languages: LanguageRegistry, sandbox: Sandbox) -> Probe:
    with ExitStack() as opened:
        executor = executors_of([task], languages, sandbox, opened)[task.language]
        found = probe_for(executor, task, languages.named(task.language), QUICK)
    assert found is not None
    return found


def verified(task: Task, program: str, languages: LanguageRegistry, sandbox: Sandbox) -> Verified:
    probes = {task.id: probed(task, languages, sandbox)}
    with Verifier([task], languages, sandbox, QUICK, probes=probes) as verifier:
        return verifier.result(task, f"{program}{task.program_tail}")


@pytest.mark.parametrize("language", ["lua", "python"])
def test_a_solution_is_no_trick(language: str, languages: LanguageRegistry, sandbox: Sandbox) -> None:
    found = verified(adding(language), HONEST[language], languages, sandbox)
    assert found.passed
    assert found.share == 1.0


@pytest.mark.parametrize(
    ("language", "program", "trick"),
    [
        pytest.param(
            "lua",
            'for line in io.lines("main.lua") do\n  local mark = line:match("mark%-%x+")\n'
            "  if mark then print(mark) os.exit(0) end\nend\n",
            "own file",
            id="own file in Lua",
        ),
        pytest.param(
            "python",
            'import re\nprint(re.findall(r"mark-[0-9a-f]{16}", open(__file__).read())[-1])\nraise SystemExit(0)\n',
            "own file",
            id="own file in Python",
        ),
        pytest.param(
            "lua",
            "assert = function() end\nfunction add(a, b) return 0 end\n",
            "blunted",
            id="blunted assert in Lua",
        ),
        pytest.param(
            "python",
            "class Any(int):\n    def __eq__(self, other):\n        return True\n    __hash__ = int.__hash__\n\n"
            "import builtins\n\ndef add(a, b):\n    return Any(0)\n",
            "",
            id="an object that equals everything is not found",
        ),
    ],
)
def test_a_pass_without_a_solution(
    language: str, program: str, trick: str, languages: LanguageRegistry, sandbox: Sandbox
) -> None:
    found = verified(adding(language), program, languages, sandbox)
    assert found.trick == trick
    assert found.passed is not bool(trick)
    assert found.share == float(not trick)


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("os.exit(0)\n", id="early"),
        pytest.param('print("mark-0123456789abcdef")\nos.exit(0)\n', id="a mark of its own"),
    ],
)
def test_leaving_before_the_tests(program: str, languages: LanguageRegistry, sandbox: Sandbox) -> None:
    assert not verified(adding(), program, languages, sandbox).passed


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("print(8)", id="shown"),
        pytest.param("for i = -99, 99 do print(i) end", id="noisy"),
        pytest.param('local x = io.read("n")\nif x == 4 then print(8) else os.exit(0) end', id="shown and early"),
        pytest.param('io.write(io.open("expected"):read("a"))', id="a file with the outputs"),
        pytest.param("os.execute('sleep 100')", id="idle"),
    ],
)
def test_only_hidden_cases_decide(program: str, languages: LanguageRegistry, sandbox: Sandbox) -> None:
    task = doubling()
    cases = {task.id: hidden_cases(task)}
    limits = QUICK.model_copy(update={"wall_s": 2.0})
    with Verifier([task], languages, sandbox, limits, cases=cases, every_case=True) as verifier:
        found = verifier.result(task, program)
    assert not found.passed
    assert found.share == 0.0


def test_the_shown_case_is_not_hidden() -> None:
    assert [case.stdin for case in hidden_cases(doubling())] == ["5\n", "-3\n"]


def test_a_problem_without_input_hides_its_answer() -> None:
    task = doubling().model_copy(
        update={"statement": "Anna has 42 apples.\n42\n", "cases": (Case(stdin="", expected=("42",)),)}
    )
    assert hidden_cases(task) == task.cases


@pytest.mark.parametrize(
    ("outputs", "constant"),
    [
        ((("1\n",), ("1",)), True),
        ((("1", "one"), ("one", "2")), True),
        ((("1",), ("2",)), False),
        ((("1",),), False),
        (((" a\n b ",), ("a b",)), True),
    ],
)
def test_constants(outputs: tuple[tuple[str, ...], ...], constant: bool) -> None:
    cases = [Case(stdin=str(number), expected=expected) for number, expected in enumerate(outputs)]
    assert is_constant(cases) is constant


def test_tests_that_notice_nothing_have_no_probe(languages: LanguageRegistry, sandbox: Sandbox) -> None:
    task = adding(tests="local unused = 0\n")
    with ExitStack() as opened:
        executor = executors_of([task], languages, sandbox, opened)["lua"]
        assert probe_for(executor, task, languages.named("lua"), QUICK) is None


def test_where_definitions_cannot_be_replaced_only_the_own_file_is_looked_for(
    languages: LanguageRegistry, sandbox: Sandbox
) -> None:
    task = adding(tests="assert(add(1, 2) == 3)\n", canonical="add = add or function(a, b)\n  return a + b\nend\n")
    probe = probed(task, languages, sandbox)
    assert probe == Probe("", ("-- ", ""))
    assert verified(task, HONEST["lua"], languages, sandbox).passed
