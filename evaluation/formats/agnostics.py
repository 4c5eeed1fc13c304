"""Problems in input/output form (Agnostics, arXiv 2508.04865), one file for every language.

`nuprl/Ag-LiveCodeBench-X` has `question_id`, `question_content` and `private_test_cases`: a list, or LiveCodeBench's
packing of it (base64 of zlib of a pickled string of JSON). Ag-MBPP-X has `description`, `input_format`, `output_format`
and `tests`, of which the first is shown. A program is run on each input; trailing white space does not count, an exit
status other than 0 is a failure.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import pickle
import zlib
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field

from evaluation.formats.base import Format, Id, Line, Place
from evaluation.tasks import Case, Scoring, Task, TaskModel

MOST_BYTES = 1 << 30
"""Of a task's unpacked cases."""


_IDS = ("task_id", "original_task_id", "idx", "id", "name")
_NAMES = ("question_content", "problem_statement", "statement", "problem", "prompt", "question", "description", "text")
_CASES = ("private_test_cases", "test_cases", "tests", "examples")


class _NoObjects(pickle.Unpickler):
    """Unpacks texts and numbers; a pickle that names a class or a function is refused."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"names {module}.{name}")


def _unpacked(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        pass
    try:
        unpacker = zlib.decompressobj()
        packed = unpacker.decompress(base64.b64decode(value, validate=True), MOST_BYTES)
        held = _NoObjects(io.BytesIO(packed)).load()
        return json.loads(held) if isinstance(held, str | bytes) else held
    except (ValueError, binascii.Error, zlib.error, pickle.UnpicklingError, EOFError, IndexError, AttributeError):
        raise ValueError("is no list of cases, nor LiveCodeBench's packing of one") from None


class AgnosticsCase(Line):
    """An input and its output."""

    input: str = Field(description="standard input", validation_alias=AliasChoices("input", "stdin"))
    output: str = Field(
        description="standard output", validation_alias=AliasChoices("output", "expected_output", "stdout", "expected")
    )
    testtype: str = Field(default="stdin", description="LiveCodeBench's kind of case")


class AgnosticsLine(Line):
    """One line."""

    question_id: Id = Field(description="name of the task", validation_alias=AliasChoices("question_id", *_IDS))
    question_content: str = Field(
        description="the problem",
        validation_alias=AliasChoices(*_NAMES),
    )
    private_test_cases: Annotated[list[AgnosticsCase], BeforeValidator(_unpacked)] = Field(
        description="inputs and outputs",
        min_length=1,
        validation_alias=AliasChoices(*_CASES),
    )
    input_format: str = Field(default="", description="what the program reads, where it is said apart")
    output_format: str = Field(default="", description="what it prints, where it is said apart")
    canonical_solution: str | None = Field(
        default=None, description="a program", validation_alias=AliasChoices("canonical_solution", "solution")
    )
    language: str | None = Field(
        default=None, description="its language", validation_alias=AliasChoices("language", "lang")
    )
    difficulty: str | None = Field(default=None, description="LiveCodeBench's difficulty")


class PublishedCase(TaskModel):
    """A case as Ag-MBPP-X has it."""

    input: str = Field(description="standard input")
    output: str = Field(description="standard output")


class PublishedProblem(TaskModel):
    """A line as Ag-MBPP-X has it, to be written; the last two fields are no published ones."""

    original_task_id: str = Field(description="name of the task", min_length=1)
    description: str = Field(description="what is asked")
    input_format: str = Field(description="what the program reads")
    output_format: str = Field(description="what it prints")
    tests: tuple[PublishedCase, ...] = Field(description="inputs and outputs; the first is shown", min_length=1)
    language: str | None = Field(default=None, description="the language that it is for; none: any")
    canonical_solution: str | None = Field(default=None, description="a program in that language")


def read(line: AgnosticsLine, place: Place) -> Task:
    """Make the task. The problems are for any language, so that the user names one."""
    if other := next((case.testtype for case in line.private_test_cases if case.testtype != "stdin"), None):
        raise place.error(
            f"field 'private_test_cases': a case of kind {other!r} needs a language of its own; use stdin"
        )
    return Task(
        id=line.question_id,
        language=place.language_of("language", line.language),
        scoring=Scoring.OUTPUT,
        statement=_statement(line),
        cases=tuple(Case(stdin=case.input, expected=(case.output,)) for case in line.private_test_cases),
        canonical=line.canonical_solution,
        labels={"difficulty": line.difficulty} if line.difficulty else {},
    )


def _statement(line: AgnosticsLine) -> str:
    """The problem; where its parts are fields of their own, with the first case as the example."""
    if not line.input_format and not line.output_format:
        return line.question_content
    example = line.private_test_cases[0]
    return (
        f"{line.question_content}\n\nInput format: {line.input_format}\n\nOutput format: {line.output_format}\n\n"
        f"Example input:\n{example.input.rstrip()}\n\nExample output:\n{example.output.rstrip()}"
    )


FORMAT = Format(
    about="whole programs that read input and print output, in any language",
    line=AgnosticsLine,
    task=read,
    marks=tuple(
        frozenset({name, cases}) for name in _NAMES for cases in _CASES if (name, cases) != ("prompt", "tests")
    ),
)
