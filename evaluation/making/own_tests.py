"""The tests in a text: blocks that the language's file recognises, and examples in the documentation of a function."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from core.languages import LanguageSpec
from core.own_tests import OwnTests, TestBlock
from core.spec_parts import fill
from evaluation.making.blocks import body_of, headers_by_layout
from evaluation.making.holes import Hole
from evaluation.making.source_text import Node, SourceText

_EXAMPLE = re.compile(r"(?P<prefix>.*?)>>> ?(?P<call>\S.*)")
_NO_RESULT = frozenset({"", '"""', "'''", "*/"})
_CLOSING = re.compile(r"\W*(?:end\w*|fi|done|esac|od)?\W*")


@dataclass(frozen=True, slots=True)
class OwnTest:
    """A test's text, and the same written so that it runs; `within` the file that it tests, or beside it."""

    text: str
    program: str
    within: bool


def find_blocks(source: SourceText, tests: OwnTests) -> list[tuple[Hole, TestBlock, str]]:
    """Where test blocks stand, of which kind, and what they are called."""
    extents = _extents(source)
    found: dict[Hole, tuple[TestBlock, str]] = {}
    for kind in tests.blocks:
        for match in re.finditer(kind.begins, source.text, re.MULTILINE):
            if source.has_code(match.start(), match.end()):
                where = _whole(source, match, extents)
                found.setdefault(where, (kind, match.groupdict().get("name") or ""))
    return [(where, kind, name) for where, (kind, name) in sorted(found.items(), key=lambda item: item[0])]


def find_lines(source: SourceText, patterns: Iterable[str]) -> list[Hole]:
    """What the patterns leave out, with the lines set in below each."""
    extents = _extents(source)
    matches = (m for pattern in patterns for m in re.finditer(pattern, source.text, re.MULTILINE) if m[0])
    return [_whole(source, match, extents) for match in matches]


def without(text: str, left_out: Iterable[Hole]) -> str:
    """The text without these."""
    kept: list[str] = []
    end = 0
    for hole in sorted(left_out):
        kept.append(text[end : max(end, hole.start)])
        end = max(end, hole.end)
    return "".join([*kept, text[end:]])


def written(source: SourceText, where: Hole, kind: TestBlock, name: str, number: int, within: bool) -> OwnTest:
    """A block as a test that runs."""
    block = source.text[where.start : where.end]
    first, last = source.row_of(where.start), source.row_of(where.end - 1)
    rows = body_of(source, first, last)
    body = source.text[source.lines[rows[0]].start : source.lines[rows[1]].end] if rows else ""
    return OwnTest(block, fill(kind.run, name=name, block=block, body=body, number=number), within)


def find_examples(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Call and result of each example: `>>> CALL`, and the line below it where the result is that line alone."""
    for row, line in enumerate(lines):
        if example := _EXAMPLE.fullmatch(line.rstrip()):
            result, after = (_behind(example["prefix"], below) for below in [*lines[row + 1 : row + 3], "", ""][:2])
            single = after.startswith(">>>") or not re.search(r"\w", after)
            if result not in _NO_RESULT and single and not result.startswith((">>>", "...", "Traceback")):
                yield example["call"].strip(), result


def example_tests(found: Sequence[tuple[str, str]], spec: LanguageSpec) -> list[OwnTest]:
    """Calls and their results as tests; as the section `translation` checks values, if there is no other way."""
    if spec.tests and (template := spec.tests.example):
        return [
            OwnTest(call, fill(template, call=call, expected=expected, number=number), within=True)
            for number, (call, expected) in enumerate(found, 1)
        ]
    if not found or spec.translation is None:
        return []
    checks, equality = spec.translation.checks, spec.translation.equality.any
    lines = [
        fill(checks.equal, call=call, expected=expected, equality=equality, number=number)
        for number, (call, expected) in enumerate(found, 1)
    ]
    program = f"{checks.helpers}\n{fill(checks.program, checks=checks.separator.join(lines))}"
    return [OwnTest("\n".join(call for call, _ in found), program, within=True)]


def mentions(name: str, text: str) -> bool:
    """Whether the text has this name, as a word of its own."""
    return re.search(rf"(?<![\w?!]){re.escape(name)}(?![\w?!])", text) is not None


def _behind(prefix: str, line: str) -> str:
    """What the line says behind the opener of a comment that the example has."""
    return line.removeprefix(prefix).strip() if line.startswith(prefix) else ""


def _extents(source: SourceText) -> dict[int, int]:
    """Last row of what begins in a row: by the tree, else by layout with its closing line."""
    rows: dict[int, int] = {}
    for node in source.nodes:
        if node.start == source.lines[node.first_row].first and node.depth and not node.broken:
            rows[node.first_row] = max(rows.get(node.first_row, 0), node.last_row)
    for first, last in headers_by_layout(source):
        below = source.lines[last + 1] if last + 1 < len(source.lines) else None
        same = below and not below.blank and below.indentation == source.lines[first].indentation
        closes = below and same and _CLOSING.fullmatch(source.text, below.first, below.end)
        rows.setdefault(first, last + 1 if closes else last)
    return rows


def _whole(source: SourceText, match: re.Match[str], extents: dict[int, int]) -> Hole:
    """Whole lines from what the match is part of, such as a decorator above it, to the end of what it begins."""
    first, header = source.row_of(match.start()), source.row_of(max(match.start(), match.end() - 1))
    last = max(extents.get(row, row) for row in range(first, header + 1))
    first = min([first, *(node.first_row for node in source.nodes if node.depth and _covers(node, first, last))])
    following = next(islice(source.lines, last + 1, None), None)
    return Hole(source.lines[first].start, following.start if following else len(source.text))


def _covers(node: Node, first: int, last: int) -> bool:
    return node.first_row <= first and node.last_row == last
