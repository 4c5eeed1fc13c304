"""Tasks of input and output: their statements and cases, and real programs in Python and Lua that solve them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.language_files import load_languages
from core.sandbox import Limits
from core.translation import Kind
from evaluation.execution import Executor
from evaluation.formats import read_benchmark
from evaluation.formats.agnostics import PublishedProblem
from evaluation.running.judging import Judge
from evaluation.running.shown import shown_cases
from evaluation.tasks import Case, Scoring, Task
from evaluation.translation.input_output import write_problem
from evaluation.translation.problem import Check, Parameter, Problem, Reason, Tolerance, UntranslatableError
from evaluation.translation.python_program import printing, python_program, reading
from evaluation.translation.textual import encode
from evaluation.translation.translate import Translated, WrittenProblem, prove_solutions, to_input_output
from evaluation.translation.types import joined, settled, type_of
from evaluation.verdicts import Verdict
from tests.evaluation.translation.answers import known, runnable, same, sandbox

SAMPLES = Path(__file__).parents[1] / "samples"
BASICS = Path(__file__).parents[3] / "evaluation" / "benchmarks" / "basics.jsonl"


def problem(*checks: Check, description: str = "Do it.") -> Problem:
    parameters = tuple(
        Parameter(name, settled(joined(type_of(check.arguments[place]) for check in checks)))
        for place, name in enumerate(("one", "other")[: len(checks[0].arguments)])
    )
    result = settled(joined(type_of(check.expected) for check in checks))
    return Problem("t", "f", parameters, result, description, checks)


def written(*checks: Check, description: str = "Do it.") -> PublishedProblem:
    return write_problem(problem(*checks, description=description), None)[0]


def described(text: str) -> str:
    return written(Check((1,), 2), Check((2,), 3), description=text).description


def cases(task: PublishedProblem) -> list[tuple[str, str]]:
    return [(case.input, case.output) for case in task.tests]


def proven(*tasks: Task) -> Translated[WrittenProblem]:
    execution = known("python").execution
    assert execution is not None
    with Executor(execution, sandbox()) as executor:
        return prove_solutions(to_input_output(tasks, None), executor, Limits(), 2)


def mbpp(*tests: str, code: str | None = "def f(a):\n    return a + 1", name: str = "t", text: str = "Add.") -> Task:
    return Task(
        id=name,
        language="python",
        scoring=Scoring.TESTS,
        statement=f"{text}\nYour code should pass these tests:\n\n" + "\n".join(tests),
        program_tail="\n" + "\n".join(tests) + "\n",
        canonical=code,
        entry_point="f",
    )


def test_a_task() -> None:
    task = written(
        Check(([1, 2], "a"), {"a": 2}),
        Check(([], "b"), {}),
        Check(([], "b"), {}),
        description="Write a function to count it; None counts.\n\nExamples:\n>>> f([3], 'x')\n{'x': 1}\n\nBe quick.",
    )
    assert cases(task) == [("2\n1\n2\na\n", "1\na\n2\n"), ("0\nb\n", "0\n")]
    assert task.description == "Write a program to count it; none counts.\n\nBe quick."
    assert task.input_format == (
        "`one`, a list of whole numbers; then `other`, a text. A whole number is a line with its digits. "
        "A text is a line of its own, without quotes; it may be empty. "
        "A list is a line with the number of its items, and then the items one after the other."
    )
    assert task.output_format == (
        "The result: a dictionary from texts to whole numbers. A dictionary is a line with the number of its entries, "
        "and then the key and the value of each entry, in ascending order of the keys."
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Write a python function to add.", "Write a program to add."),
        ("Create a function that adds.", "Create a program that adds."),
        ("Write the function. The function gets one.", "Write a program. The program gets one."),
        ("Add.", "Add.\n\nWrite a program that reads `one` and prints the result of `f`."),
        ("", "Write a program that reads `one` and prints the result of `f`."),
        ("Write a function.\nFor example:\nf(1) == 2", "Write a program."),
        ("Write a function.\nYour code should pass these tests:\nassert f(1) + 1 == 3", "Write a program."),
        ("Write a function.\nExamples:\nthree is four", "Write a program.\nExamples:\nthree is four"),
    ],
)
def test_the_statement_by_rule(before: str, after: str) -> None:
    assert described(before) == after


def test_the_case_that_is_shown_is_not_blank() -> None:
    assert cases(written(Check(("",), ""), Check(("a",), "b"))) == [("a\n", "b\n"), ("\n", "\n")]


def test_floating_point_results_have_as_many_places_as_leave_no_doubt() -> None:
    assert cases(written(Check((1,), 2.5), Check((2,), -1e-12)))[1] == ("2\n", "0.000000\n")
    task = written(Check((1,), 2.5), Check((2,), 0.127, Tolerance(0.01, 0.0)))
    assert [output for _, output in cases(task)] == ["2.50\n", "0.13\n"]
    assert "exactly 2 decimal places" in task.output_format
    at_an_edge = written(Check((1,), 1.0000005), Check((2,), 2.25))
    assert [output for _, output in cases(at_an_edge)] == ["1.00000\n", "2.25000\n"]


@pytest.mark.parametrize(
    ("checks", "reason"),
    [
        ([Check((1,), 2)], Reason.ONE_TEST),
        ([Check((1,), 2), Check((1,), 2)], Reason.ONE_TEST),
        ([Check((1,), True), Check((2,), True)], Reason.ONE_OUTPUT),
        ([Check(("a",), ""), Check(("b",), " ")], Reason.ONE_OUTPUT),
        ([Check((1,), 2), Check((1.0,), 3)], Reason.CHECK),
        ([Check(([1, "a"],), 1), Check(([],), 2)], Reason.TYPE),
        ([Check((1,), "a\nb"), Check((2,), "")], Reason.VALUE),
        ([Check((1,), 2**63), Check((2,), 1)], Reason.VALUE),
        ([Check(({"a": [-(2**64)]},), 1), Check(({},), 2)], Reason.VALUE),
        ([Check((1,), 0.5, Tolerance(0.5, 0.0)), Check((2,), 1.0)], Reason.VALUE),
        ([Check((1,), float("inf")), Check((2,), 1.0)], Reason.VALUE),
    ],
)
def test_why_a_task_is_left_out(checks: list[Check], reason: Reason) -> None:
    with pytest.raises(UntranslatableError) as caught:
        written(*checks)
    assert caught.value.reason is reason
    assert caught.value.detail


def test_the_largest_number_is_the_language_s_own() -> None:
    checks = (Check((1,), 2**40), Check((2,), 1))
    assert write_problem(problem(*checks), known("lua"))[0].language == "lua"
    with pytest.raises(UntranslatableError, match="the largest is 2147483647"):
        write_problem(problem(*checks), known("fortran"))


VALUES: list[list[Any]] = [
    [0, -12, 2**53],
    [1, 2.5, -0.125, 1e-7],
    ["", "a b ", "  Grüße \t'\"\\", "none"],
    [True, False],
    [[], [1, 2]],
    [["a", ""], ["true"]],
    [[[1], []], []],
    [[True, False], []],
    [(1, "a"), (2, "")],
    [(1,), (1, 2, 3)],
    [[(1, 2.5)], []],
    [("a", (1, [2])), ("b", (3, []))],
    [{"b": 1, "a": 2}, {}],
    [{2: ["x"], 10: []}, {}],
    [{(1, 2): {"a": True}}, {}],
    [None, 3],
    [None, [1.5, None]],
    [[None, "some"], []],
]


@pytest.mark.parametrize("values", VALUES, ids=repr)
def test_a_program_in_python_reads_and_prints_every_type(values: list[Any]) -> None:
    found = same([(value, value) for value in values])
    task, places = write_problem(found, None)
    program = python_program(found, "def same(value):\n    return value", places)
    execution = known("python").execution
    assert execution is not None
    with Executor(execution, sandbox()) as executor:
        pairs = [(case.input.encode(), case.output.encode()) for case in task.tests]
        judged = executor.run_for_outputs(program, Limits(), pairs)
        assert [each.verdict for each in judged] == [Verdict.PASSED] * len(values), (program, judged[-1])
        swapped = [(stdin, pairs[place - 1][1]) for place, (stdin, _) in enumerate(pairs)]
        wrong = executor.run_for_outputs(program, Limits(), swapped)
    assert wrong[0].verdict is Verdict.WRONG_OUTPUT


texts = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"], include_characters="\t"), max_size=6).filter(
    lambda text: text.splitlines() in ([], [text])
)
scalars: st.SearchStrategy[Any] = st.sampled_from(
    [
        st.integers(-(2**63), 2**63 - 1),
        st.floats(-1e9, 1e9),
        texts,
        st.booleans(),
    ]
)
shapes = st.recursive(
    scalars,
    lambda inner: st.one_of(
        inner.map(lambda shape: st.lists(shape, max_size=3)),
        inner.map(lambda shape: st.lists(shape, max_size=3).map(tuple)),
        st.tuples(inner, inner).map(lambda pair: st.tuples(*pair)),
        inner.map(lambda shape: st.dictionaries(st.integers(-9, 9), shape, max_size=3)),
        inner.map(lambda shape: st.one_of(st.none(), shape)),
    ),
    max_leaves=4,
)
rows = shapes.flatmap(lambda shape: st.lists(shape, min_size=1, max_size=5))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(values=rows)
def test_what_is_written_is_read_again_one_value_behind_the_other(values: list[Any]) -> None:
    kind = settled(joined(map(type_of, values)))
    assume(not kind.holds(Kind.ANY))
    lines = iter([line for value in values for line in encode(value, kind)])
    scope: dict[str, Any] = {}
    exec(  # noqa: S102 - what python_program writes
        f"def read(lines):\n    return {reading(kind, values, 'lines')}\n"
        f"def printed(value):\n    return [{', '.join(printing(kind, 'value', 3))}]\n",
        scope,
    )
    for value in values:
        read = scope["read"](lines)
        assert read == value
        assert list(map(str, scope["printed"](value))) == list(encode(value, kind, 3))
    assert next(lines, None) is None


def lua(name: str) -> str:
    return {"right": LUA, "wrong": LUA.replace("> limit", ">= limit"), "silent": "-- nothing"}[name]


LUA = """\
local weights = {}
for place = 1, io.read("n") do
  weights[place] = io.read("n")
end
local limit, heavy = io.read("n"), 0
for _, weight in ipairs(weights) do
  if weight > limit then heavy = heavy + 1 end
end
print(heavy)
"""


def in_a_file(folder: Path, source: Path) -> Path:
    """The tasks of `source` for Lua, written as `vernacular benchmarks translate` does."""
    path = folder / "io.jsonl"
    translated = to_input_output(read_benchmark(source).tasks, known("lua"))
    lines = [each.problem.model_dump_json(exclude_none=True) for each in translated.written]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_a_statement_shows_the_first_case_and_no_other(tmp_path: Path) -> None:
    for task in read_benchmark(in_a_file(tmp_path, BASICS)).tasks:
        assert shown_cases(task) == task.cases[:1], task.statement
        assert len(task.cases) > 1


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("right", Verdict.PASSED), ("wrong", Verdict.WRONG_OUTPUT), ("silent", Verdict.WRONG_OUTPUT)],
)
def test_a_program_in_lua_is_judged_on_a_translated_task(name: str, verdict: Verdict, tmp_path: Path) -> None:
    if not runnable("lua"):
        pytest.skip("not installed")
    registry = load_languages(environment={})
    benchmark = read_benchmark(in_a_file(tmp_path, SAMPLES / "mbpp.jsonl"), languages=registry)
    assert benchmark.format == "agnostics"
    task = benchmark.tasks[0]
    assert task.statement.endswith("Example input:\n3\n3\n8\n12\n7\n\nExample output:\n2")
    assert "assert" not in task.statement
    with Judge([task], registry, sandbox(), Limits()) as judge:
        assert judge.decide(task, lua(name), lua(name)).judged.verdict is verdict


def test_the_solutions_of_our_own_benchmark_prove_it() -> None:
    found = proven(*read_benchmark(BASICS).tasks[::6])
    assert len(found.written) >= 18
    assert set(found.reasons) <= {Reason.VALUE}


def test_what_no_solution_proves_is_left_out() -> None:
    right = ("assert f(1) == 2", "assert f(2) == 3")
    found = proven(
        mbpp(*right, name="right"),
        mbpp(*right, name="again"),
        mbpp(*right, name="none", text="Nothing.", code=None),
        mbpp(*right, name="wrong", text="Wrong.", code="def f(a):\n    return 2"),
        mbpp(*right, name="broken", text="Broken.", code="def f(a):\n    return a +"),
        mbpp(*right, name="other", text="Other.", code="def g(a):\n    return a + 1"),
        mbpp("assert f(1) == 2", name="one", text="One."),
    )
    assert [each.id for each in found.written] == ["right"]
    assert {each.id: each.reason for each in found.dropped} == {
        "again": Reason.DUPLICATE,
        "none": Reason.NO_SOLUTION,
        "wrong": Reason.SOLUTION,
        "broken": Reason.SOLUTION,
        "other": Reason.SOLUTION,
        "one": Reason.ONE_TEST,
    }
    details = {each.id: each.detail for each in found.dropped}
    assert details["again"] == "the same as right"
    assert details["wrong"] == "wrong_output in case 2: printed something else"


def test_a_solution_goes_with_a_task_of_its_own_language_alone() -> None:
    task = mbpp("assert f(1) == 2", "assert f(2) == 3")
    for name, kept in (("python", True), ("lua", False)):
        (made,) = to_input_output([task], known(name)).written
        assert (made.problem.canonical_solution is not None) is kept
        assert made.problem.language == name
    (made,) = to_input_output([task], None).written
    assert made.program and made.problem.language is made.problem.canonical_solution is None


@pytest.mark.parametrize(
    "checks",
    [
        (Check((1.5,), 10**400), Check((2.5,), 0.5)),
        (Check((10**400,), 1.5), Check((0.5,), 2.5)),
        (Check((1.5,), 2.5, Tolerance(relative=float("inf"))), Check((2.5,), 0.5)),
    ],
)
def test_a_number_that_no_floating_point_number_is(checks: tuple[Check, ...]) -> None:
    python = load_languages([], {}).named("python")  # whose whole numbers have no largest
    with pytest.raises(UntranslatableError, match=r"too large for a floating-point number|a tolerance of inf"):
        write_problem(problem(*checks), python)


def test_a_case_whose_lines_stand_within_the_shown_one_is_hidden() -> None:
    """As in HumanEval/87: the lines of the second case stand within the output of the first."""
    found = written(
        Check(([[1, 2], [7, 1, 3, 1, 1]], 1), [(0, 0), (1, 4), (1, 0)]), Check(([], 1), []), Check(([[2]], 2), [(0, 0)])
    )
    assert cases(found)[1] == ("0\n1\n", "0\n")
    assert "0\n1\n4\n1\n0" in cases(found)[0][1]
    given, output = (text.rstrip() for text in cases(found)[0])
    task = Task(
        id="t",
        language="lua",
        scoring=Scoring.OUTPUT,
        statement=f"Do it.\n\nExample input:\n{given}\n\nExample output:\n{output}",
        cases=tuple(Case(stdin=given, expected=(printed,)) for given, printed in cases(found)),
    )
    assert [case.stdin for case in shown_cases(task)] == [cases(found)[0][0]]
