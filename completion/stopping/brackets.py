"""Brackets across lines, without a grammar.

Strings that end on their line are skipped; a bracket of another kind than the one that is open is ignored, since it
stands in a comment or in text as a rule. No language is known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from completion.cleanup.place import Place, indentation_of

CLOSERS = ")]}"
_OPENER_OF = {")": "(", "]": "[", "}": "{"}
_STRING_OR_BRACKET = re.compile(
    r'"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\\n])*`'
    r"|(?<![\w&<])'(?:\\.|[^'\\\n])*'"  # neither an apostrophe nor a lifetime
    r"|[()\[\]{}]"
)


@dataclass(frozen=True, slots=True)
class Bracket:
    """An open bracket: its sign, the line it stands on (0 is the cursor's, less is above), that line's indentation."""

    sign: str
    line: int
    indentation: str


@dataclass(frozen=True, slots=True)
class Closed:
    """A bracket closed by a text: which, where in it, and whether fewer are open then than before the cursor's line.

    `bracket` is `None` where none was open any more.
    """

    bracket: Bracket | None
    at: int
    is_outer: bool


class Brackets:
    """The brackets open after the prefix, then after each line of the answer.

    `outer` counts those of lines above the cursor's, `own` those of the cursor's line.
    """

    def __init__(self, place: Place) -> None:
        self._open: list[Bracket] = []
        self.outer = 0
        lines = place.prefix.split("\n")
        for number, line in enumerate(lines, 1 - len(lines)):
            self.add(line, number)
        self.outer = sum(bracket.line < 0 for bracket in self._open)
        self.own = len(self._open) - self.outer

    @property
    def open(self) -> int:
        """How many brackets are open now."""
        return len(self._open)

    def add(self, text: str, line: int) -> list[Closed]:
        """Take a line's text; the brackets of earlier lines that it closes, in order."""
        closed = []
        for found in _STRING_OR_BRACKET.finditer(text):
            sign = found[0]
            if sign in _OPENER_OF.values():
                self._open.append(Bracket(sign, line, indentation_of(text)))
            elif sign in _OPENER_OF and not self._open:
                closed.append(Closed(None, found.start(), is_outer=True))
            elif sign in _OPENER_OF and self._open[-1].sign == _OPENER_OF[sign]:
                bracket = self._open.pop()
                if bracket.line != line:
                    closed.append(Closed(bracket, found.start(), len(self._open) < self.outer))
        return closed


def closed_by_suffix(bracket: Bracket, place: Place) -> bool:
    """Whether the text behind the cursor closes this bracket: its first bracket too many is of that kind.

    One that begins its line must be as deep as the line of the opening one, or it belongs to a block further out.
    """
    opened: list[str] = []
    for number, line in enumerate(place.suffix.split("\n")):
        for found in _STRING_OR_BRACKET.finditer(line):
            sign = found[0]
            if sign in _OPENER_OF.values():
                opened.append(sign)
            elif sign in _OPENER_OF and opened:
                opened.pop()
            elif sign in _OPENER_OF:
                begins = number > 0 and not line[: found.start()].strip()
                return _OPENER_OF[sign] == bracket.sign and (not begins or indentation_of(line) == bracket.indentation)
    return False
