"""The functions of a text: name, body, and the documentation above it or at its start."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evaluation.making.holes import Hole, Kind, find_holes
from evaluation.making.source_text import SourceText

_BRACKETS = re.compile(r"\[[^\]]*\]|<[^>]*>")
_NAME = re.compile(r"[\w.:?!*-]*\w[?!]?")
_MODIFIERS = frozenset({"rec", "static", "inline", "default", "public", "private", "protected"})


@dataclass(frozen=True, slots=True)
class Function:
    """A function: its name without the module's, the offsets of its body, and its documentation's lines.

    `start` is the offset of the documentation above it, or of its header where there is none above.
    """

    name: str
    body: Hole
    documentation: tuple[str, ...]
    start: int = 0


def find_functions(source: SourceText) -> Iterator[Function]:
    """Those with a body of lines of its own that begin at a line's first column, in the text's order."""
    import random

    for body in find_holes(source, Kind.FUNCTION, random.Random(0)):  # noqa: S311 - chooses nothing here
        first = source.row_of(body.start)
        header = _header(source, first)
        line = source.lines[header]
        if name := _name(source, source.text[line.first : line.end]):
            above = _above(source, header)
            rows = (*range(above, header), *range(header + 1, first))
            prose = tuple(source.text[source.lines[row].first : source.lines[row].end] for row in rows)
            yield Function(name, body, prose, source.lines[above].start)


def _header(source: SourceText, row: int) -> int:
    """The row above that begins at the first column and is no closing line of a header over several lines."""
    row -= 1
    while row > 0:
        line = source.lines[row]
        if not line.blank and line.indentation == 0 and re.match(r"[\w(@]", source.text[line.first]):
            break
        row -= 1
    return row


def _name(source: SourceText, header: str) -> str:
    """The first word that is no keyword; of `Shop.reorder`, `Queue::push` and `M:close` the last part."""
    keywords = {*source.spec.definition_keywords, *_MODIFIERS}
    names = [match[0] for match in _NAME.finditer(_BRACKETS.sub(" ", header))]
    name = next((name for name in names if name not in keywords), "")
    return re.split(r"[.:]+", name)[-1]


def _above(source: SourceText, header: int) -> int:
    """The first of the rows right above the header that hold no code."""
    above = header
    while above > 0 and _is_prose(source, above - 1):
        above -= 1
    return above


def _is_prose(source: SourceText, row: int) -> bool:
    line = source.lines[row]
    return not line.blank and not source.has_code(line.first, line.end)
