"""Tasks in input/output form and with unit tests, languages, and the real sandbox."""

from __future__ import annotations

import pytest

from core.language_files import LanguageRegistry, load_languages
from core.sandbox import Limits, Sandbox, open_sandbox
from evaluation.tasks import Case, Scoring, Task

QUICK = Limits(cpu_s=2.0, wall_s=20.0)


@pytest.fixture(scope="session")
def languages() -> LanguageRegistry:
    return load_languages((), {})


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    return open_sandbox("bubblewrap")


def doubling(language: str = "lua", *, name: str = "double", canonical: str | None = None) -> Task:
    """Read a number, print its double; the first case is shown."""
    return Task(
        id=f"{language}/{name}",
        language=language,
        scoring=Scoring.OUTPUT,
        statement="Print the double.\n\nExample input:\n4\n\nExample output:\n8",
        cases=tuple(Case(stdin=f"{number}\n", expected=(f"{2 * number}\n",)) for number in (4, 5, -3)),
        canonical=canonical,
    )


def adding(language: str = "lua", *, tests: str = "", canonical: str = "") -> Task:
    """Write a function that adds, with unit tests behind it."""
    solutions = {
        "lua": ("function add(a, b)\n  return a + b\nend\n", "assert(add(1, 2) == 3)\nassert(add(-4, 2) == -2)\n"),
        "python": ("def add(a, b):\n    return a + b\n", "assert add(1, 2) == 3\nassert add(-4, 2) == -2\n"),
    }
    solution, checks = solutions[language]
    return Task(
        id=f"{language}/add",
        language=language,
        scoring=Scoring.TESTS,
        statement="Add two numbers.",
        program_tail=f"\n{tests or checks}",
        canonical=canonical or solution,
        entry_point="add",
    )
