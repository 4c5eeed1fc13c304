"""Tests that a model writes for a function, and whether they hold, judge anything, and notice changed functions.

A test is code that ends the program with an error where the function does not do what it should; nothing but the
language file is known of the language.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from completion.asking.fences import blocks
from completion.asking.words import fenced
from core.own_tests import OwnTests
from core.spec_parts import fill
from evaluation.mutants import mutants
from evaluation.strategies.chat import solved_code
from evaluation.tasks import Task
from evaluation.verdicts import Verdict
from training.synthesis.method import NO_CODE, Attempt, DroppedError
from training.synthesis.parts import Testing


async def with_tests(attempt: Attempt, task: Task, part: Testing) -> Task:
    """The task with those of the written tests that its function passes.

    Raises `DroppedError`: no test; too few that hold; they pass without the function's body; changes go unnoticed.
    """
    said = await attempt.ask(_question(attempt, task, part.tests))
    tests = list(dict.fromkeys(block.strip() for block in blocks(said) if block.strip()))[: part.tests]
    if not tests:
        raise DroppedError(NO_CODE, said)
    if not await attempt.passes(_tested(task, tests)):
        alone = await asyncio.gather(*(attempt.passes(_tested(task, [test])) for test in tests))
        tests = [test for test, holds in zip(tests, alone, strict=True) if holds]
        if len(tests) >= part.min_tests and not await attempt.passes(_tested(task, tests)):
            raise DroppedError("tests_disturb_each_other")
    if not tests:
        raise DroppedError("no_test_holds")
    if len(tests) < part.min_tests:
        raise DroppedError("too_few_tests_hold")
    tested = _tested(task, tests)
    if await attempt.passes(tested, (attempt.language.tests or OwnTests()).stub):
        raise DroppedError("passes_without_a_body")
    await _notices_changes(attempt, tested, part)
    return tested


async def _notices_changes(attempt: Attempt, task: Task, part: Testing) -> None:
    """Changed functions that do not compile say nothing of the tests, and do not count."""
    if not part.mutants:
        return
    changed = mutants(task.canonical or "", task.program_head, attempt.language, seed=task.id)[: part.mutants]
    verdicts = [(await attempt.judged(task, mutant.text, task.program(mutant.text))).verdict for mutant in changed]
    counted = [verdict for verdict in verdicts if verdict is not Verdict.COMPILE_ERROR]
    noticed = sum(verdict is not Verdict.PASSED for verdict in counted)
    if counted and noticed < part.caught * len(counted):
        raise DroppedError("tests_notice_too_little")


def _tested(task: Task, tests: Sequence[str]) -> Task:
    joined = "\n\n".join(tests)
    return task.model_copy(update={"program_tail": f"\n{joined}\n"})


def _question(attempt: Attempt, task: Task, count: int) -> str:
    language = attempt.language
    own = language.tests
    shown = ""
    if own and own.example:
        example = fill(own.example, call=f"{task.entry_point}(...)", expected="...", number=1)
        shown = f" A test may look like this:\n\n{fenced(example, language)}\n"
    return (
        f"Here is {language.display_name} code:\n\n{fenced(solved_code(task, language), language)}\n\n"
        f"Write {count} tests of `{task.entry_point}`, each in a fenced block of its own. A test calls it and ends the "
        f"program with an error where the result is wrong; it stands behind the code above, needs nothing else, prints "
        f"nothing, and does not repeat that code. Test common and uncommon arguments.{shown}"
    )
