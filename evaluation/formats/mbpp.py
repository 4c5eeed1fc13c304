"""MBPP (arXiv 2108.07732) in both forms that `google-research/mbpp` publishes: the full and the sanitised one.

The prompt shows the assertions, because only they name the function. The program is the imports, the completion, the
set-up (it may use what the completion defines), and the assertions that are shown: published scores are of these,
without `challenge_test_list`.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from pydantic import Field, model_validator

from evaluation.formats.base import Format, Id, Line, Place
from evaluation.tasks import Scoring, Task

TESTS_FOLLOW = "Your code should pass these tests:"
"""Stands between what is asked and the assertions."""

STOP = ("\nclass", "\nassert", '\n"""', "\nprint", "\nif", "\n```")
"""Where base models are commonly cut; a solution may have several functions."""


class MbppLine(Line):
    """One line."""

    task_id: Id = Field(description="number of the task")
    test_list: list[str] = Field(description="assertions; they are shown", min_length=1)
    text: str | None = Field(default=None, description="what is asked, in the full form")
    prompt: str | None = Field(default=None, description="what is asked, in the sanitised form")
    code: str | None = Field(default=None, description="a solution")
    test_setup_code: str = Field(default="", description="statements before the assertions, in the full form")
    test_imports: list[str] = Field(default=[], description="imports, in the sanitised form")

    @model_validator(mode="after")
    def _asks_something(self) -> MbppLine:
        if self.text is None and self.prompt is None:
            raise ValueError("field 'text' (or 'prompt', in the sanitised form) is missing")
        return self


def read(line: MbppLine, place: Place) -> Task:
    """Make the task."""
    asked = (line.text if line.text is not None else line.prompt or "").strip()
    shown = "\n".join(line.test_list)
    return Task(
        id=line.task_id,
        language=place.language_of("language", None, () if place.language else ("python",)),
        scoring=Scoring.TESTS,
        statement=f"{asked}\n{TESTS_FOLLOW}\n\n{shown}",
        before=f'"""\n{asked}\n{shown}\n"""\n',
        program_head="".join(f"{text}\n" for text in line.test_imports),
        program_tail=f"\n{line.test_setup_code}\n{shown}\n",
        canonical=None if line.code is None else line.code.replace("\r\n", "\n"),
        entry_point=_tested(shown, line.code or ""),
        stop=STOP,
    )


def _tested(tests: str, code: str) -> str:
    """The first function that the tests call and `code` defines; else the first that they call, or none."""
    called = list(_called(_parsed(tests)))
    defined = {node.name for node in _parsed(code).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    own = (name for name in called if name not in _BUILT_IN)
    return next((name for name in called if name in defined), next(own, ""))


_BUILT_IN = frozenset(dir(builtins))


def _parsed(code: str) -> ast.Module:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])


def _called(module: ast.Module) -> Iterator[str]:
    """Names that are called, statement by statement; of calls in calls, the outer one first."""
    for statement in module.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield node.func.id


FORMAT = Format(
    about="short Python problems in a sentence, with three assertions",
    line=MbppLine,
    task=read,
    marks=(frozenset({"task_id", "test_list"}),),
)
