"""The comment at the cursor that asks for code, and where its code goes.

By the language's comment marks and documentation strings of three quotes, like `completion/comments.py`; no grammar is
asked. A comment counts that the cursor stands in, one right above the cursor's line, and one right above the head of a
definition whose body is still empty, where the cursor stands in that body or on the head. Pure; a document of 20,000
lines takes a tenth of a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from completion.cleanup.place import indentation_of, unit_of
from completion.comments import USUAL_MARKS, without_literals
from completion.extent import opens_block
from core.languages import LanguageSpec

_QUOTES = re.compile(r"[rRuUbBfF]{0,2}(\"\"\"|''')")
_TRIPLE = ('"""', "'''")
_MOST_BLANK = 2
"""So many blank lines may stand between a comment and the cursor."""
_LONGEST_HEAD = 20
_UNIT = "    "


@dataclass(frozen=True, slots=True)
class Asked:
    """A comment that asks for code. Lines count from 0, columns in characters.

    `instruction` is what it says, without marks; `given` the text that the code goes on from, without its indentation:
    the comment, with a documentation string or a begun definition also the head. It begins on the line `first`. The
    code goes to `line` and `column`; `lead` comes before its first line (a line end or missing indentation),
    `indentation` before every other one; that of the head is `outer`, the same where it has none. `unit` is a step
    of the document's indentation, empty where it has none.
    """

    instruction: str
    given: str
    first: int
    line: int
    column: int
    lead: str
    indentation: str
    outer: str
    unit: str


@dataclass(frozen=True, slots=True)
class _Span:
    """Lines of one comment, both included. `column`: where it begins on a line that has code before it, else 0."""

    first: int
    last: int
    documentation: bool = False
    column: int = 0


def asked_at(lines: Sequence[str], line: int, column: int, spec: LanguageSpec | None) -> Asked | None:
    """The comment that asks for code at a cursor; `None` without one. Line ends may be there or not."""
    bare = [each.rstrip("\r\n") for each in lines]
    spans = list(_spans(bare, spec))
    span, head = _at(spans, line, column), None
    if span is None:
        above = _above(bare, line)
        head = line if bare[line].strip() else above
        start = _start(bare, head, spec) if head is not None and _is_empty(bare, head, line) else None
        if start is not None:
            span = _ending_at(spans, start - 1)
        if span is None:
            span, head = _ending_at(spans, above), None
        if span is None:
            return None
    words = _words(bare, span, spec)
    if not words:
        return None
    unit = unit_of([indentation_of(each) for each in bare if each[:1] in (" ", "\t") and each.strip()])
    first = _documented(bare, span, spec) if span.documentation else span.first
    last = span.last if head is None else head
    outer = indentation_of(bare[first if head is None else head])
    inner = indentation_of(bare[span.first]) if head is None else outer + (unit or _UNIT)
    given = _dedented(bare[first : last + 1])
    if line > last and not any(each.strip() for each in bare[last + 1 : line + 1]):
        there = bare[line]  # into the cursor's line, which is empty
        if not inner.startswith(there) or (head is not None and len(there) > len(outer)):
            inner, unit = there, unit or there[len(outer) :]
        return Asked(words, given, first, line, len(there), inner[len(there) :], inner, outer, unit)
    return Asked(words, given, first, last, len(bare[last]), "\n" + inner, inner, outer, unit)


def _at(spans: Sequence[_Span], line: int, column: int) -> _Span | None:
    """The comment that a cursor stands in."""
    for span in spans:
        if span.first <= line <= span.last and (line > span.first or column >= span.column):
            return span
    return None


def _ending_at(spans: Sequence[_Span], line: int | None) -> _Span | None:
    """The comment that has its lines for itself and ends on this one."""
    return next((span for span in spans if span.last == line and not span.column), None)


def _documented(lines: Sequence[str], span: _Span, spec: LanguageSpec | None) -> int:
    """Where the definition begins that a documentation string belongs to; its own first line without one."""
    above = _above(lines, span.first)
    start = _start(lines, above, spec) if above is not None else None
    return span.first if start is None else start


def _above(lines: Sequence[str], line: int) -> int | None:
    """The nearest line above that is not blank, if it is near enough."""
    for row in range(line - 1, max(line - 2 - _MOST_BLANK, -1), -1):
        if lines[row].strip():
            return row
    return None


def _is_empty(lines: Sequence[str], head: int, line: int) -> bool:
    """Whether nothing stands in the body that a head opens."""
    below = next((each for each in lines[max(head, line) + 1 :] if each.strip()), "")
    return len(indentation_of(below)) <= len(indentation_of(lines[head]))


def _start(lines: Sequence[str], last: int, spec: LanguageSpec | None) -> int | None:
    """Where the head begins that ends on the line `last`; `None` where none ends there."""
    for row in range(last, max(last - _LONGEST_HEAD, -1), -1):
        head = " ".join(lines[row : last + 1])
        if all(head.count(one) >= head.count(other) for one, other in ("()", "[]", "{}")):  # else it began above
            return row if opens_block(head, spec) else None
    return None


def _spans(lines: Sequence[str], spec: LanguageSpec | None) -> Iterator[_Span]:
    """Every comment and documentation string, in order; neighbouring line comments of one depth are one."""
    marks = tuple(spec.line_comments) if spec and (spec.line_comments or spec.block_comments) else USUAL_MARKS
    block_comments = spec.block_comments if spec else ()
    run: _Span | None = None
    row = -1
    while (row := row + 1) < len(lines):
        text = lines[row].strip()
        opened = next((each for each in block_comments if text.startswith(each.open)), None)
        quotes = _QUOTES.match(text)
        is_line = not opened and text.startswith(marks)
        if run and (not is_line or indentation_of(lines[row]) != indentation_of(lines[run.first])):
            yield run
            run = None
        if is_line:
            run = _Span(run.first if run else row, row)
        elif opened:
            last = _closed(lines, row, lines[row].index(opened.open) + len(opened.open), opened.close)
            yield _Span(row, last)
            row = last
        elif quotes:
            last = _closed(lines, row, lines[row].index(quotes[1]) + 3, quotes[1])
            yield _Span(row, last, documentation=True)
            row = last
        elif text:
            span, row = _in_code(lines, row, spec)
            if span:
                yield span
    if run:
        yield run


def _in_code(lines: Sequence[str], row: int, spec: LanguageSpec | None) -> tuple[_Span | None, int]:
    """A comment behind code, and the line at which to go on: where a string or comment goes over lines, its last."""
    for quotes in _TRIPLE:
        if lines[row].count(quotes) % 2:
            return None, _closed(lines, row, lines[row].rindex(quotes) + 3, quotes)
    if spec is None:
        return None, row
    bare = without_literals(lines[row])
    for comment in spec.block_comments:
        if bare.rfind(comment.open) > bare.rfind(comment.close):
            last = _closed(lines, row, lines[row].rindex(comment.open) + len(comment.open), comment.close)
            return _Span(row, last, column=lines[row].rindex(comment.open)), last
    mark = next((mark for mark in spec.line_comments if mark in bare), None)
    return (_Span(row, row, column=lines[row].rindex(mark)) if mark else None), row


def _closed(lines: Sequence[str], row: int, column: int, mark: str) -> int:
    """The line on which `mark` comes next; the last one where it does not."""
    while mark not in lines[row][column:]:
        row, column = row + 1, 0
        if row == len(lines):
            return row - 1
    return row


def _words(lines: Sequence[str], span: _Span, spec: LanguageSpec | None) -> str:
    """What a comment says, without marks."""
    comments = spec.block_comments if spec else ()
    edges = {*_TRIPLE, *(each.open for each in comments), *(each.close for each in comments)}
    marks = {*_TRIPLE, *(each.open for each in comments), *(spec.line_comments if spec else ()), *USUAL_MARKS}
    signs = re.escape("".join(sorted({sign for mark in marks for sign in mark if not sign.isalnum()} | set("|!*"))))
    before = re.compile(rf"[rRuUbBfF]{{0,2}}(?:{_any_of(_TRIPLE)})|(?:{_any_of(marks)})[{signs}]*(?=\s|\w|$)|")
    behind = re.compile(rf"\s*(?:{_any_of(edges)})\s*$")
    said = []
    for row in range(span.first, span.last + 1):
        text = lines[row][span.column if row == span.first else 0 :].strip()
        text = behind.sub("", text) if row == span.last else text
        if row == span.first or text.startswith(tuple(spec.line_comments if spec else USUAL_MARKS)):
            text = before.sub("", text, count=1)
        elif not span.documentation:
            text = re.sub(r"^\*+(?=\s|$)", "", text)
        said.append(text.strip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(said)).strip()


def _any_of(marks: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(marks, key=len, reverse=True)))


def _dedented(lines: Sequence[str]) -> str:
    """These lines without the first one's indentation."""
    depth = indentation_of(lines[0])
    return "\n".join(line.removeprefix(depth).rstrip() for line in lines)
