"""A `Problem` as a task of input and output, as in Agnostics (arXiv 2508.04865): for any language whatever.

The statement is made by rule: the description without its examples, "write a function" put as "write a program", and
what is read and printed, form by form (`textual.py`). A case is a check's arguments as standard input and its value as
standard output. A reader shows the first case and no other, so that the others stay hidden: examples that the
description has are taken out of it, and a task is left out

- that has one case only, or two that differ in their output alone;
- whose cases all have one output, which a program that prints the shown one would pass;
- whose floating-point results lie so near the edge of rounding that a right program may print another digit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

from core.languages import LanguageSpec
from core.translation import Kind
from evaluation.formats.agnostics import PublishedCase, PublishedProblem
from evaluation.formats.mbpp import TESTS_FOLLOW
from evaluation.translation.problem import Check, Problem, Reason, Tolerance, UntranslatableError
from evaluation.translation.prose import rewrite
from evaluation.translation.textual import decimal, described, encode, floating, forms, listed

PLACES = 6
"""Decimal places that are printed, where no tolerance is so wide, and no result so near the edge, that fewer do."""
LARGEST = 2**63 - 1
"""The largest whole number of a task that is for no language in particular, or for one whose file says none."""

_NOISE = 1e-9
"""How far, relatively, a right floating-point result may be off."""
_WORDS = {"True": "true", "False": "false", "None": "none", "dict": "dictionary"}
_WRITE = re.compile(r"\b(write|create|implement|define|make) (?:a|the) (?:python )?function\b", re.IGNORECASE)
_PROGRAM = re.compile(r"\b(?:write|create|implement|define|make) a program\b", re.IGNORECASE)
_FUNCTION = re.compile(r"\b(the|this|your) (?:python )?function\b", re.IGNORECASE)
_HEADING = re.compile(r"\s*(?:for )?(?:some )?(?:examples?|for instance|e\.g\.)(?: usage)?\s*:?\s*", re.IGNORECASE)


def write_problem(problem: Problem, language: LanguageSpec | None) -> tuple[PublishedProblem, int]:
    """The task, for `language` or for any, and the decimal places that it asks for. Raises `UntranslatableError`."""
    types = [parameter.type for parameter in problem.parameters]
    for kind in (*types, problem.result):
        if kind.holds(Kind.ANY):
            raise UntranslatableError(Reason.TYPE, f"{kind} in input or output")
    _refuse_large(problem, language)
    places = _places(problem)
    read, printed = forms(types, problem.result, places)
    names = [parameter.name for parameter in problem.parameters]
    values = [f"`{name}`, {described(kind)}" for name, kind in zip(names, types, strict=True)]
    return PublishedProblem(
        original_task_id=problem.id,
        description=_description(problem, names),
        input_format=" ".join([f"{'; then '.join(values)}." if values else "Nothing is read.", *read]),
        output_format=" ".join([f"The result: {described(problem.result)}.", *printed]),
        tests=_cases(problem, places),
        language=language.name if language else None,
    ), places


def _cases(problem: Problem, places: int) -> tuple[PublishedCase, ...]:
    """The checks, each input once; first one that is to be seen, its input and output not blank."""
    outputs: dict[str, str] = {}
    for check in problem.checks:
        pairs = zip(check.arguments, problem.parameters, strict=True)
        given = _text(line for value, parameter in pairs for line in encode(value, parameter.type))
        expected = _text(encode(check.expected, problem.result, places))
        if outputs.setdefault(given, expected) != expected:
            raise UntranslatableError(Reason.CHECK, f"the input {given[:60]!r} has two outputs")
    if len(outputs) < 2:
        raise UntranslatableError(Reason.ONE_TEST, "none would be hidden")
    if len({output.rstrip() for output in outputs.values()}) < 2:
        raise UntranslatableError(Reason.ONE_OUTPUT, f"{next(iter(outputs.values()))[:60]!r}")
    cases = [PublishedCase(input=given, output=expected) for given, expected in outputs.items()]
    telling = next((case for case in cases if case.input.strip() and case.output.strip()), cases[0])
    return (telling, *(case for case in cases if case is not telling))


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _description(problem: Problem, names: list[str]) -> str:
    asked = problem.description.split(TESTS_FOLLOW)[0]
    text = rewrite(asked, problem.name, lambda example: "", _WORDS, {})
    text = _FUNCTION.sub(r"\1 program", _WRITE.sub(r"\1 a program", text))
    lines = _without_headings(asked.splitlines(), text.splitlines())
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()
    if _PROGRAM.search(text):
        return text
    reads = f"reads {listed([f'`{name}`' for name in names])}" if names else "reads nothing"
    task = f"Write a program that {reads} and prints the result of `{problem.name}`."
    return f"{text}\n\n{task}" if text else task


def _without_headings(before: list[str], after: list[str]) -> list[str]:
    """Without lines such as `Examples:`, where examples were taken out."""
    return after if len(before) == len(after) else [line for line in after if not _HEADING.fullmatch(line)]


def _refuse_large(problem: Problem, language: LanguageSpec | None) -> None:
    largest = language.translation.values.integers.largest if language and language.translation else LARGEST
    for check in problem.checks:
        for value in _numbers((check.arguments, check.expected)):
            if largest is not None and isinstance(value, int) and abs(value) > largest:
                raise UntranslatableError(Reason.VALUE, f"the number {value}; the largest is {largest}")


def _places(problem: Problem) -> int:
    """As many as the widest tolerance leaves meaning, and as leave no result at the edge of rounding."""
    if not problem.result.holds(Kind.FLOATS):
        return PLACES
    results = [floating(value) for check in problem.checks for value in _numbers(check.expected)]
    widest = max(map(_absolute, problem.checks))
    if not math.isfinite(widest):
        raise UntranslatableError(Reason.VALUE, f"a tolerance of {widest}")
    most = PLACES if widest <= 10.0**-PLACES else max(0, min(PLACES, math.floor(-math.log10(widest) + 1e-9)))
    for places in range(most, -1, -1):
        if all(decimal(value * (1 - _NOISE), places) == decimal(value * (1 + _NOISE), places) for value in results):
            return places
    raise UntranslatableError(Reason.VALUE, "floating-point results at the edge of rounding")


def _absolute(check: Check) -> float:
    tolerance = check.tolerance or Tolerance()
    if not isinstance(check.expected, float) or not math.isfinite(check.expected):
        return 0.0
    return max(tolerance.absolute, tolerance.relative * abs(check.expected))


def _numbers(value: object) -> Iterator[int | float]:
    """All numbers in a value, its dictionaries' keys among them."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield value
    elif isinstance(value, list | tuple | dict):
        for item in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from _numbers(item)
