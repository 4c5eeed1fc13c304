"""What counts as shown by a task, and what is tried of a program: never more than that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.language_files import load_languages
from core.sandbox import open_sandbox
from evaluation.running.judging import Judge
from evaluation.running.probing import Level, Observed, Prober, without_tests
from evaluation.running.shown import shown_cases, shown_tests
from evaluation.tasks import Case, Scoring, Task
from tests.evaluation.reranking.answered_runs import ADD, CRASHES, LIMITS, MULTIPLY, PRINT_4, REFUSED, adding

LANGUAGES = load_languages([], {})
SECRET = "4711"


def function(language: str, head: str, canonical: str | None, tail: str, name: str = "double") -> Task:
    return Task(
        id=f"{language}/{name}",
        language=language,
        scoring=Scoring.TESTS,
        before=head,
        program_head=head,
        program_tail=tail,
        canonical=canonical,
        entry_point=name,
    )


LUA = function(
    "lua",
    "-- Double a number.\n-- > double(2)\n-- 4\nlocal function double(x)\n",
    "  return 2 * x\nend\n",
    f"assert(double(1) == 2)\nassert(double({SECRET}) == 9422)\n",
)
PYTHON = function(
    "python",
    'def double(x: int) -> int:\n    """Double a number.\n\n    >>> double(2)\n    4\n    """\n',
    "    return 2 * x\n",
    f"\nassert double(1) == 2\nassert double({SECRET}) == 9422\n",
)
FORTRAN = function(
    "fortran",
    "module solution\n  implicit none\ncontains\n\n! double(2) is 4\n"
    "function double(x) result(answer)\n  integer, intent(in) :: x\n  integer :: answer\n",
    "  answer = 2 * x\nend function double\n",
    "\nend module solution\nsubroutine checks()\n  use solution\n  if (double(1) /= 2) stop 1\nend subroutine checks\n",
)


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge([adding(), LUA, PYTHON, FORTRAN], LANGUAGES, open_sandbox(), LIMITS) as judge:
        yield judge


@pytest.fixture
def prober(judge: Judge) -> Prober:
    return Prober(judge, LANGUAGES)


def test_a_case_is_shown_where_input_and_output_stand_in_the_statement() -> None:
    assert [case.stdin for case in shown_cases(adding())] == ["2\n2\n"]
    apart = adding().statement.replace("2\n2\n", "2, 2\n")
    assert shown_cases(adding().model_copy(update={"statement": apart})) == ()
    far = adding().statement.replace("Example output", "\n" * 10 + "Example output")
    assert shown_cases(adding().model_copy(update={"statement": far})) == ()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Input:\n2\n2\nOutput:\n4", True),
        ("Input\n```\n2\n2\n```\nSample Output 1\n```\n4\n```", True),
        ("Input:\n7\n2\n2\nOutput:\n4", False),
        ("Input:\n2\n2\n7\nOutput:\n4", False),
        ("Input:\n2\n2\nOutput:\n4\n5", False),
        ("Input:\n2\n2\nOutput:\n3\n4", False),
        ("Input:\n2\n2\nOutput:\n44", False),
    ],
)
def test_a_part_of_a_longer_example_is_not_shown(given: str, shown: bool) -> None:
    task = adding().model_copy(update={"statement": f"Read numbers.\n\n{given}"})
    assert bool(shown_cases(task)) is shown


def test_an_accepted_output_that_is_shown_comes_first() -> None:
    task = adding().model_copy(
        update={"cases": (Case(stdin="2\n2\n", expected=("4.0\n", "4\n")), Case(stdin="", expected=("4\n",)))}
    )
    assert shown_cases(task) == (Case(stdin="2\n2\n", expected=("4\n", "4.0\n")),)


@pytest.mark.parametrize("task", [LUA, PYTHON, FORTRAN])
def test_examples_in_the_documentation_become_checks(task: Task) -> None:
    shown = shown_tests(task, LANGUAGES.named(task.language))
    assert [each.text for each in shown] == ["double(2)"]
    assert "double(2)" in shown[0].program
    assert shown_tests(task.model_copy(update={"entry_point": "other"}), LANGUAGES.named(task.language)) == []


@pytest.mark.parametrize(
    ("program", "level", "complaint"),
    [
        (ADD, Level.SHOWN, ""),
        (MULTIPLY, Level.SHOWN, ""),
        (PRINT_4, Level.SHOWN, ""),
        ("print(5)", Level.RAN, "On the input\n2\n2\nthe program prints\n5\nwhere it should print\n4"),
        (CRASHES, Level.FAILED, "On the input\n2\n2\nthe program ends with an error:\nlua5.4: main.lua:1: no"),
        (REFUSED, Level.REFUSED, "The compiler refuses the program:\nluac5.4: main.lua:1: unexpected symbol"),
        (None, Level.NO_CODE, "The answer holds no code."),
    ],
)
def test_levels_and_complaints_of_programs(prober: Prober, program: str | None, level: Level, complaint: str) -> None:
    observed = prober.observe(adding(), program)
    assert observed.level is level
    assert observed.complaint.startswith(complaint)
    assert bool(observed.complaint) == bool(complaint)


def test_more_inputs_tell_programs_apart(prober: Prober) -> None:
    valid = [b"3\n5\n"]
    seen = [prober.observe(adding(), program, (), valid) for program in (ADD, f"{ADD} -- again", MULTIPLY, PRINT_4)]
    assert seen[0].behaviours == seen[1].behaviours
    assert len({each.behaviours for each in seen}) == 3
    assert {each.level for each in seen} == {Level.SHOWN}
    only_once = "if io.read('n') ~= 2 then error('no') end print(4)"
    assert prober.observe(adding(), only_once, (), valid).level is Level.FAILED
    assert prober.observe(adding(), only_once, valid).level is Level.SHOWN  # such an input need not be valid


def test_a_program_is_executed_once(prober: Prober) -> None:
    first = prober.observe(adding(), ADD)
    assert first.executions == 1
    again = prober.observe(adding(), ADD)
    assert again == replace(first, executions=0, executed_ms=0.0, cpu_s=0.0)
    assert prober.observe(adding(), ADD, [b"1\n1\n"]).executions > 0


@pytest.mark.parametrize("task", [LUA, PYTHON])
@pytest.mark.parametrize(
    ("change", "level", "says"),
    [
        (("2 * x", "2 * x"), Level.SHOWN, ""),
        (("2 * x", "x + 2"), Level.SHOWN, ""),  # right for the example alone
        (("2 * x", "3 * x"), Level.RAN, "The example double(2) does not hold:"),
        (("return 2 * x", "return 2 *"), Level.REFUSED, "The compiler refuses the program:"),
    ],
)
def test_functions_are_tried_without_their_tests(
    prober: Prober, task: Task, change: tuple[str, str], level: Level, says: str
) -> None:
    observed = prober.observe(task, task.program((task.canonical or "").replace(*change)))
    assert (observed.level, observed.complaint.startswith(says)) == (level, True)
    assert SECRET not in observed.complaint
    assert "mark-" not in observed.complaint


def test_a_program_that_fails_by_itself(prober: Prober) -> None:
    observed = prober.observe(LUA, LUA.program("  return 2 * x\nend\nerror('early')\n"))
    assert observed.level is Level.FAILED
    assert observed.complaint.startswith("The program ends with an error:\nlua5.4: main.lua:7: early")


def test_what_the_canonical_solution_cannot_do_is_asked_of_nobody(prober: Prober) -> None:
    """Fortran's mark calls the tests: its functions are tried by their example, or not at all."""
    right = FORTRAN.program(FORTRAN.canonical or "")
    assert prober.observe(FORTRAN, right).level is Level.SHOWN
    assert prober.observe(FORTRAN, right.replace("2 * x", "3 * x")).level is Level.RAN
    assert prober.observe(FORTRAN, right.replace("2 * x", "2 *")).level is Level.REFUSED
    without = FORTRAN.model_copy(update={"id": "bare", "before": FORTRAN.before.replace("! double(2) is 4\n", "")})
    assert prober.observe(without, without.program("no Fortran")) == Observed(Level.RAN)
    unsolved = without.model_copy(update={"id": "unsolved", "canonical": None})
    assert prober.observe(unsolved, unsolved.program("no Fortran")) == Observed(Level.RAN)


def test_code_behind_a_hole_stays() -> None:
    hole = PYTHON.model_copy(
        update={"after": "    return y\n", "program_tail": "    return y\nassert double(1) == 2\n"}
    )
    assert without_tests(hole.program("    y = 2 * x\n"), hole) == f"{PYTHON.program_head}    y = 2 * x\n    return y\n"
