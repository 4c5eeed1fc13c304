"""A function without a language: a tree that printers write in one, and that `meaning.py` computes.

Names are tuples of words; a printer joins them as its language does. A sentence marks a name that stands in it by
`said`, so that it is written there as in the code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Name = tuple[str, ...]
Type = Literal["number", "text", "flag", "numbers", "texts"]

_OPEN, _CLOSE = "\ue010", "\ue011"


@dataclass(frozen=True, slots=True)
class Num:
    """A number as the sentence writes it, such as `12.40`; `counts`: it is compared with a count."""

    text: str
    counts: bool = False


@dataclass(frozen=True, slots=True)
class Txt:
    """A text."""

    text: str


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    value: bool


@dataclass(frozen=True, slots=True)
class Var:
    """A parameter, a constant or a local."""

    name: Name


@dataclass(frozen=True, slots=True)
class Op:
    """`+ - * / & == != < <= > >= and or`; `&` joins texts."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Call:
    """`min max ceil floor round abs not length count upper lower`, or the name of a helper.

    `share` is a count that something is divided by.
    """

    name: str | Name
    args: tuple[Expr, ...]


Expr = Num | Txt | Flag | Var | Op | Call


@dataclass(frozen=True, slots=True)
class Let:
    """A local."""

    name: Name
    value: Expr


@dataclass(frozen=True, slots=True)
class Give:
    """The function's result."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Refuse:
    """An error with a message."""

    message: str


@dataclass(frozen=True, slots=True)
class When:
    """A condition and what ends the function if it holds."""

    condition: Expr
    then: Give | Refuse


@dataclass(frozen=True, slots=True)
class Gather:
    """A local that is gathered from a list: `sum`, `count`, `largest`, `smallest`, `list` or `joined` by `between`."""

    name: Name
    kind: Literal["sum", "count", "largest", "smallest", "list", "joined"]
    item: Name
    items: Name
    value: Expr
    condition: Expr | None = None
    between: str = ""


Statement = Let | Give | Refuse | When | Gather


@dataclass(frozen=True, slots=True)
class Function:
    """A function, the sentence that asks for it, and what stands before it.

    `whole`: its numbers are whole in languages that tell whole numbers from others. `kind` is its family.
    """

    kind: str
    name: Name
    parameters: tuple[tuple[Name, Type], ...]
    result: Type
    sentence: str
    body: tuple[Statement, ...]
    whole: bool = False
    constants: tuple[tuple[Name, Num], ...] = ()
    helpers: tuple[Function, ...] = ()

    def __post_init__(self) -> None:
        last = self.body[-1]
        assert isinstance(last, Give | Refuse), "a function ends with what it gives"


def said(name: Name) -> str:
    """A name in a sentence; a printer writes it as its language does."""
    return f"{_OPEN}{' '.join(name)}{_CLOSE}"


def spoken(sentence: str) -> Iterator[tuple[str, bool]]:
    """A sentence's pieces, and whether each is a name, its words parted by spaces."""
    for number, piece in enumerate(sentence.replace(_CLOSE, _OPEN).split(_OPEN)):
        yield piece, number % 2 == 1


def plus(left: Expr, right: Expr) -> Op:
    """left + right"""
    return Op("+", left, right)


def times(left: Expr, right: Expr) -> Op:
    """left * right"""
    return Op("*", left, right)


def minus(left: Expr, right: Expr) -> Op:
    """left - right"""
    return Op("-", left, right)


def over(left: Expr, right: Expr) -> Op:
    """left / right"""
    return Op("/", left, right)


def percent(number: Num) -> Op:
    """A percentage as a factor."""
    return over(number, Num("100"))


def at_least(value: Expr, least: Expr) -> Call:
    """The larger of both."""
    return Call("max", (value, least))


def at_most(value: Expr, most: Expr) -> Call:
    """The smaller of both."""
    return Call("min", (value, most))


def to_multiple(value: Expr, step: Num, way: Literal["ceil", "floor", "round"]) -> Expr:
    """Rounded to a multiple of `step`."""
    if step.text == "1":
        return Call(way, (value,))
    return times(Call(way, (over(value, step),)), step)
