"""Lexemes as numbers, so that each costs four bytes where it stands.

A number is even for a lexeme as it stands and odd for the same lexeme with one space before it, so that `f(x, y)` and
`f(y)` share their words. Line starts are lexemes too, relative to the line above: what was written at one depth is
found again at another. Not safe for threads.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from heapq import nlargest

from completion.cleanup.place import indentation_of
from completion.lexemes import lexemes

NONE = 0
"""The number of nothing: it stands between texts, and for a lexeme that a full vocabulary does not take."""

LONGEST_LINE = 2_000
"""Characters; a longer line is data, or was made by a machine."""
_MOST_CHARACTERS = 80
_MOST_BLANK_LINES = 2
_LOOKED_AT = 2_000


class Vocabulary:
    """At most `limit` lexemes and their numbers, about 170 bytes each; further ones are `NONE`, and never proposed."""

    def __init__(self, limit: int = 50_000) -> None:
        self.limit = limit
        self._indices: dict[str, int] = {"": 0}
        self._texts: list[str] = [""]
        self._words: list[str] = []
        self._line_starts = bytearray([0])
        self._starts: list[int] = []
        self._counts = array("I", [0])

    def __len__(self) -> int:
        return len(self._texts)

    def numbers(self, code: str, *, room: int = 0) -> list[int]:
        """The numbers of a line without its indentation and line end. New lexemes are taken while `room` is left."""
        found = []
        for lexeme in lexemes(code):
            spaced = lexeme[0] == " " and len(lexeme) > 1 and lexeme[1] != " "
            found.append(self.learned(lexeme[1:] if spaced else lexeme, room) + spaced)
        return [number if number > 1 else NONE for number in found]

    def learned(self, lexeme: str, room: int) -> int:
        """The even number of a lexeme. A new one is taken where fewer than `room` are there, else it is `NONE`."""
        index = self._indices.get(lexeme, NONE)
        if index == NONE:
            if len(self._texts) >= min(room, self.limit) or len(lexeme) > _MOST_CHARACTERS:
                return NONE
            index = self._indices[lexeme] = len(self._texts)
            self._texts.append(lexeme)
            self._counts.append(0)
            self._line_starts.append(lexeme[0] == "\n")
            if lexeme[0] == "\n":
                self._starts.append(index)
            elif lexeme[0].isalnum() or lexeme[0] == "_":
                insort(self._words, lexeme)
        if room:
            self._counts[index] += 1
        return 2 * index

    def text(self, number: int) -> str:
        """What a number stands for; a line start is what `line_start` made of it."""
        return " " + self._texts[number >> 1] if number & 1 else self._texts[number >> 1]

    def is_line_start(self, number: int) -> bool:
        """Whether a number stands for a line start."""
        return bool(self._line_starts[number >> 1])

    def line_starts(self, most: int) -> list[int]:
        """The most frequent line starts."""
        return [2 * index for index in nlargest(most, self._starts, key=self._counts.__getitem__)]

    def count(self, number: int) -> int:
        """How often its lexeme was learned, with and without a space."""
        return self._counts[number >> 1]

    def words(self, half: str, most: int) -> list[int]:
        """The `most` frequent words that begin with a half one, the most frequent first, spaced as it is."""
        spaced = half.startswith(" ")
        half = half.removeprefix(" ")
        first = bisect_left(self._words, half)
        last = bisect_left(self._words, half + chr(0x10FFFF), lo=first, hi=min(len(self._words), first + _LOOKED_AT))
        indices = [self._indices[word] for word in self._words[first:last]]
        return [2 * index + spaced for index in nlargest(most, indices, key=self._counts.__getitem__)]


def encoded(
    lines: Iterable[str], vocabulary: Vocabulary, above: str = "", blank: int = 0, *, room: int = 0
) -> Iterator[list[int]]:
    """Each line as numbers, its start first; an empty list for a blank one, and for one that no person wrote.

    `above` is the indentation of the last line before them that is not blank, `blank` how many blank ones follow it.
    """
    for line in lines:
        code = line.strip() if len(line) <= LONGEST_LINE else ""
        if code:
            indentation = indentation_of(line)
            start = vocabulary.learned(line_start(above, indentation, blank), room)
            yield [start, *vocabulary.numbers(code, room=room)]
            above, blank = indentation, 0
        else:
            blank += 1
            yield []


def line_start(above: str, indentation: str, blank: int = 0) -> str:
    """The lexeme for the start of a line with this indentation, under one with `above` and some blank lines.

    After the line ends: `+` and what is added, `-` and what is taken away, `=` and the whole where neither holds.
    """
    ends = "\n" * (1 + min(blank, _MOST_BLANK_LINES))
    if indentation.startswith(above):
        return f"{ends}+{indentation[len(above) :]}"
    if above.startswith(indentation):
        return f"{ends}-{above[len(indentation) :]}"
    return f"{ends}={indentation}"


def rendered(start: str, above: str) -> tuple[str, str]:
    """The text of a line start below a line with the indentation `above`, and the new line's own indentation."""
    sign = len(start) - len(start.lstrip("\n"))
    white = start[sign + 1 :]
    indentation = {"+": above + white, "-": above.removesuffix(white), "=": white}[start[sign]]
    return start[:sign] + indentation, indentation
