"""What lies between a Python task and one in another language, and why a task is left out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evaluation.translation.types import Type


class Reason(StrEnum):
    """Why a task is dropped."""

    NO_TESTS = "no tests"
    """It is not scored by tests, or its tests hold no check."""
    FUNCTION = "function"
    """There is no function to call, or its parameters are of a kind that other languages lack."""
    HELPERS = "helpers"
    """Its prompt or its tests define functions or classes of their own."""
    CHECK = "check"
    """A check is neither an equality with a value, nor a tolerance, nor a truth."""
    VALUE = "value"
    """A value cannot be written."""
    TYPE = "type"
    """A type cannot be written."""
    TOO_LARGE = "too large"
    """Too many checks, or too large a value."""
    COMPILE = "does not compile"
    """With a stub in place of the completion it does not compile."""
    STUB = "stub does not fail"
    """With a stub in place of the completion it does not fail in the stub."""
    ONE_TEST = "has one test only"
    """As input and output it has one case, which is shown; none would be hidden."""
    ONE_OUTPUT = "prints the same each time"
    """All its cases have one output, which is shown."""
    DUPLICATE = "duplicate"
    """Another task has the same statement and the same cases."""
    NO_SOLUTION = "no solution"
    """It comes without a solution, so that nothing proves its cases."""
    SOLUTION = "solution fails"
    """Its own solution does not print what its cases expect."""


class UntranslatableError(Exception):
    """A task cannot be expressed; caught where tasks are dropped, never shown to a person as an error."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter by its name in Python."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a floating-point result may be off, as in `math.isclose`: the larger of the two decides."""

    absolute: float = 0.0
    relative: float = 1e-9


@dataclass(frozen=True, slots=True)
class Check:
    """A call's arguments, what it has to give, and within what tolerance; none: equality."""

    arguments: tuple[object, ...]
    expected: object
    tolerance: Tolerance | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A function that is to be written, its description as in Python, and its checks.

    `defaults` are the values of the last parameters, where a call leaves those out; the checks have them filled in.
    """

    id: str
    name: str
    parameters: tuple[Parameter, ...]
    result: Type
    description: str
    checks: tuple[Check, ...]
    defaults: tuple[object, ...] = ()

    def completed(self, arguments: tuple[object, ...]) -> tuple[object, ...]:
        """With the values of parameters that the call leaves out. Raises `UntranslatableError`."""
        missing = len(self.parameters) - len(arguments)
        if not 0 <= missing <= len(self.defaults):
            count = f"{len(self.parameters)} are declared"
            raise UntranslatableError(Reason.CHECK, f"a call has {len(arguments)} arguments; {count}")
        return (*arguments, *self.defaults[len(self.defaults) - missing :])
