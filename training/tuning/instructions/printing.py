"""A function in a language: what is given of it, and the rest.

Guarantees: `given + rest` is the whole code, and does what `meaning.value_of` says (with whole numbers where the
function says so). Python rounds halves to even, the others up.
"""

from __future__ import annotations

import random
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from training.tuning.instructions.functions import (
    Call,
    Expr,
    Flag,
    Function,
    Gather,
    Give,
    Let,
    Name,
    Num,
    Op,
    Refuse,
    Statement,
    Txt,
    Var,
    When,
    spoken,
)

_LEVELS = {
    "or": 1,
    "and": 2,
    "==": 4,
    "!=": 4,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "&": 5,
    "+": 6,
    "-": 6,
    "*": 7,
    "/": 7,
}


@dataclass(frozen=True, slots=True)
class Printed:
    """Code in two parts. `before` ends with a line's end; `about` are the sentence's words in this language."""

    about: str
    before: str
    rest: str
    name: str


@dataclass(frozen=True, slots=True)
class Look:
    """What one may write in several ways: where the sentence stands, how wide, whether types are named, `else`."""

    documented: bool
    width: int
    typed: bool
    chained: bool
    spoken_names: bool

    @classmethod
    def any(cls, rng: random.Random) -> Look:
        """A random one."""
        return cls(
            rng.random() < 0.6,
            rng.choice((60, 76, 88, 100)),
            rng.random() < 0.6,
            rng.random() < 0.5,
            rng.random() < 0.4,
        )


WriteCall = Callable[["Printer", tuple[Expr, ...], int], str]
"""Writes a call: its arguments, and how strongly what is around it binds."""
Calls = dict[str, WriteCall]


class Printer(ABC):
    """What the languages share; texts that a language writes otherwise are its class's."""

    indent = "  "
    line_end = ""
    true, false = "true", "false"
    words: ClassVar[dict[str, str]] = {"and": "&&", "or": "||", "==": "==", "!=": "!=", "&": "+"}
    negation = "!"

    def __init__(self, look: Look) -> None:
        self.look = look
        self.whole = False

    def print(self, function: Function) -> Printed:
        """The function with what stands before it."""
        self.whole = function.whole
        about = "".join(self.in_sentence(piece) if is_name else piece for piece, is_name in spoken(function.sentence))
        before = "".join(f"{self.constant(name, number)}\n\n" for name, number in function.constants)
        before += "".join(self._helper(helper) + "\n\n" for helper in function.helpers)
        lines = textwrap.wrap(about, self.look.width, break_on_hyphens=False) if self.look.documented else []
        before = self.preamble(function) + before + self.head(function, lines)
        return Printed(about, before, self.rest(function), self.name(function.name))

    def _helper(self, helper: Function) -> str:
        return self.head(helper, []) + self.rest(helper).rstrip("\n")

    def in_sentence(self, words: str) -> str:
        """A name in a sentence: as in the code, or its words."""
        return words if self.look.spoken_names else self.name(tuple(words.split()))

    def preamble(self, function: Function) -> str:
        """What stands at the file's top."""
        return ""

    def name(self, name: Name) -> str:
        """An identifier."""
        return "_".join(name)

    def constant_name(self, name: Name) -> str:
        """The identifier of a constant."""
        return self.name(name)

    @abstractmethod
    def constant(self, name: Name, number: Num) -> str:
        """A definition of a number."""

    @abstractmethod
    def head(self, function: Function, lines: list[str]) -> str:
        """Documentation and first line."""

    def rest(self, function: Function) -> str:
        """The body, and what closes it."""
        constants = {name for name, _ in function.constants}
        self._constants = constants
        return "\n".join(self.indent + line for line in self.lines(function.body, function)) + "\n" + self.close()

    def close(self) -> str:
        """What closes a function."""
        return "}\n"

    def lines(self, body: tuple[Statement, ...], function: Function) -> Iterator[str]:
        """The body's lines."""
        chain = 0
        for place, statement in enumerate(body):
            last = place == len(body) - 1
            match statement:
                case Let(name, value):
                    yield self.let(self.name(name), self.expression(value))
                case Gather():
                    yield from self.gather(statement, function)
                case When(condition, then):
                    chained = self.chains and all(isinstance(s, When | Give | Refuse) for s in body[place:])
                    yield from self.when(self.expression(condition), self.end(then, chained), chain > 0, chained)
                    chain = chain + 1 if chained else 0
                case Give() | Refuse():
                    if chain:
                        yield from self.otherwise(self.end(statement, True))
                    else:
                        yield self.end(statement, last)

    @property
    def chains(self) -> bool:
        """Whether conditions stand in one chain with `else`."""
        return self.look.chained

    @abstractmethod
    def let(self, name: str, value: str) -> str:
        """A local's line."""

    @abstractmethod
    def when(self, condition: str, end: str, again: bool, chained: bool) -> Iterator[str]:
        """A condition's lines; `again`: it follows another one of its chain."""

    @abstractmethod
    def otherwise(self, end: str) -> Iterator[str]:
        """The end of a chain."""

    @abstractmethod
    def refuse(self, message: str) -> str:
        """An error."""

    def give(self, value: str, last: bool) -> str:
        """The result's line."""
        return f"return {value}{self.line_end}"

    def end(self, statement: Give | Refuse, last: bool) -> str:
        """What ends the function."""
        if isinstance(statement, Refuse):
            return self.refuse(self.text(statement.message))
        return self.give(self.expression(statement.value), last)

    @abstractmethod
    def gather(self, gather: Gather, function: Function) -> Iterator[str]:
        """A local that is gathered."""

    def text(self, text: str) -> str:
        """A text as it is written."""
        return f'"{text}"'

    def number(self, number: Num) -> str:
        """A number as it is written."""
        return number.text

    def expression(self, expression: Expr, level: int = 0) -> str:
        """An expression, in brackets where what is around it binds as strongly."""
        match expression:
            case Num():
                return self.number(expression)
            case Txt(text):
                return self.text(text)
            case Flag(value):
                return self.true if value else self.false
            case Var(name):
                return self.constant_name(name) if name in self._constants else self.name(name)
            case Op(op, left, right):
                own = _LEVELS[op]
                symmetric = op in ("+", "*", "and", "or", "&")
                written = (
                    f"{self.expression(left, own)} {self.words.get(op, op)} "
                    f"{self.expression(right, own if symmetric else own + 1)}"
                )
                return f"({written})" if own < level else written
            case Call("not", (arg,)):
                return f"{self.negation}{self.expression(arg, 8)}"
            case Call(str(name), args):
                return self.calls[name](self, args, level)
            case Call(name, args):
                assert isinstance(name, tuple)
                return f"{self.name(name)}({', '.join(map(self.expression, args))})"
        raise AssertionError(expression)

    calls: ClassVar[Calls] = {}


def called(text: str) -> WriteCall:
    """A call: `math.ceil({0})`; `{0.}` is an argument that something is asked of, in brackets if need be."""

    def written(printer: Printer, args: tuple[Expr, ...], level: int) -> str:
        result = text
        for place, arg in enumerate(args):
            result = result.replace(f"{{{place}}}", printer.expression(arg))
            result = result.replace(f"{{{place}.}}", printer.expression(arg, 9))
        return result

    return written
