"""The end of the block that the cursor stands in, or that its line opens.

By brackets where they tell: a line that closes a bracket from above the cursor's line ends the block, and belongs to
the answer where nothing behind the cursor closes that bracket. Elsewhere by indentation: a line less deep than the
answer's first one ends the block; so does one as deep, once deeper ones were said, where the cursor's line is a
statement or stands at the left edge. Lines that go on with a statement (`else`, `.method()`) do not end it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from completion.cleanup.layout import leading_white_space
from completion.cleanup.place import Place, indentation_of
from completion.stopping.brackets import CLOSERS, Brackets, Closed, closed_by_suffix
from completion.stopping.following import line_below

_WORD = re.compile(r"[^\W\d]\w*")
_CLOSING = re.compile(r"end\w*|fi|done|esac|od|until")
_GOES_ON = re.compile(r"else|elif|elsif|elseif|except|finally|catch|rescue|ensure|when|and|or|then|do|where")
_OPERATORS = ".|&+-*/?:=<>,;"


@dataclass(frozen=True, slots=True)
class End:
    """The block ends: so many characters of the line still belong to it."""

    kept: int


class Scope:
    """The block, as the lines of one answer come."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._brackets = Brackets(place)
        self._statement = bool(place.line_before.strip())
        self._base: int | None = _depth(place.line_before) if self._statement else None
        self._deeper = False
        self._quoted = False

    @property
    def own_closed(self) -> bool:
        """Whether the answer closed more brackets of the cursor's line than it opened."""
        return self._brackets.open < self._brackets.outer + self._brackets.own

    @property
    def nested(self) -> bool:
        """Whether a bracket is open that the answer opened itself."""
        return self._brackets.open > self._brackets.outer + self._brackets.own

    def begun(self, line: str) -> End | None:
        """What the beginning of a line (not the first) tells, before its end is there."""
        word = _WORD.match(line.lstrip(" \t"))
        if not self._counts(line) or (word and word.end() == len(line.lstrip(" \t"))):
            return None  # the word may go on
        if self._leaves(line) and not _closes(line):
            return End(0)
        return None

    def ended(self, line: str, number: int) -> End | None:
        """What a whole line tells. `number` counts from 0, the cursor's line, of which `line` is the answer's part."""
        leaves, at_first = number > 0 and self._counts(line) and self._leaves(line), self._brackets.open
        closed = [] if self._quoted else self._brackets.add(line, number)
        self._seen(line, number)
        if end := self._by_brackets(line, number, closed):
            return end
        if not leaves or self._brackets.open < at_first:
            return None
        if not _closes(line):
            return End(0)
        if line.lstrip(" \t")[0] in CLOSERS:
            return None
        return End(0) if self._suffix_closes(line) else End(len(line))

    def _by_brackets(self, line: str, number: int, closed: list[Closed]) -> End | None:
        brackets = self._brackets
        beyond = next((each for each in closed if _is_outer(each, line)), None)
        if beyond is None:
            of_first_line = any(each.bracket is not None and each.bracket.line == 0 for each in closed)
            over = of_first_line and brackets.open <= brackets.outer and self._ends_alone
            return End(len(line)) if over else None
        if beyond.bracket is None:
            return End(0)
        if brackets.open >= brackets.outer:  # one is opened again: `} else {`
            return None
        if closed_by_suffix(beyond.bracket, self._place):
            return End(beyond.at if line[: beyond.at].strip() else 0)
        return End(len(line))

    @property
    def _ends_alone(self) -> bool:
        """Whether what the cursor's line begins is an end by itself: a statement, or a block at the left edge."""
        return self._statement or (self._base == 0 and self._brackets.outer == 0)

    def _counts(self, line: str) -> bool:
        """Whether a line's indentation says anything: not in brackets, nor in a string of several lines."""
        bare = self._brackets.open <= self._brackets.outer and not self._quoted
        return bool(line.strip()) and bare and self._base is not None

    def _leaves(self, line: str) -> bool:
        assert self._base is not None
        depth, text = _depth(line), line.lstrip(" \t")
        if depth < self._base:
            return True
        if depth > self._base or not self._deeper or not self._ends_alone:
            return False
        word = _WORD.match(text)
        return not (_GOES_ON.fullmatch(word[0]) if word else text[0] in _OPERATORS)

    def _seen(self, line: str, number: int) -> None:
        if line.count('"""') % 2 or line.count("'''") % 2:
            self._quoted = not self._quoted
        whole = line if number else self._place.line_before + leading_white_space(line, self._place)
        if not whole.strip():
            return
        if self._base is None:
            self._base = _depth(whole)
        self._deeper = self._deeper or _depth(whole) > self._base

    def _suffix_closes(self, line: str) -> bool:
        """Whether the block goes on behind the cursor, or ends there with the word that `line` begins with."""
        following = line_below(self._place)
        same = following.split()[:1] == line.split()[:1] and _depth(following) == _depth(line)
        return same or _depth(following) > _depth(line)


def _is_outer(closed: Closed, line: str) -> bool:
    """Whether the block around the cursor is closed; a bracket that nobody opened counts at a line's beginning."""
    return closed.is_outer and (closed.bracket is not None or not line[: closed.at].strip())


def _closes(line: str) -> bool:
    text = line.lstrip(" \t")
    word = _WORD.match(text)
    return text[0] in CLOSERS or bool(word and _CLOSING.fullmatch(word[0]))


def _depth(line: str) -> int:
    return len(indentation_of(line).expandtabs(4))
