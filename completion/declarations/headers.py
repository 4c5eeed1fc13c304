"""How much of a declaration is shown: all of a short one that describes data, of any other what stands before its body.

Guarantees: at most `MAX_LINES` lines and about `MAX_CHARACTERS` characters, cut between lines; only a first line that
is longer by itself is cut inside.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_LINES = 12
MAX_CHARACTERS = 600
HEADER_LINES = 6
LINE_CHARACTERS = 200

DATA = frozenset(
    {
        "record",
        "struct",
        "enum",
        "choice",
        "type",
        "typealias",
        "type_alias",
        "data",
        "newtype",
        "measure",
        "union",
        "typedef",
        "schema",
        "message",
        "suberror",
        "interface",
        "trait",
        "signature",
        "protocol",
        "table",
        "variant",
        "shape",
        "defstruct",
    }
)
"""Kinds of which the members say more than the name."""

_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Found:
    """Where a declaration stands: rows from `first` to `last`, both included.

    `head` is the text before its body where that is known exactly; `whole` wants all of it, if it is short.
    """

    name: str
    kind: str
    first: int
    last: int
    head: str = ""
    whole: bool = False


def header(lines: list[str], place: Found) -> str:
    """The text to show, without the indentation that its first line has."""
    block = lines[place.first : place.first + min(place.last - place.first + 1, MAX_LINES + 1)]
    while len(block) > 1 and not block[-1].strip():
        block.pop()
    short = len(block) <= MAX_LINES and sum(map(len, block)) <= MAX_CHARACTERS
    if (place.whole or place.kind in DATA) and short:
        return _dedented(block)
    if place.head:
        return _dedented(place.head.split("\n")[:HEADER_LINES])
    return _dedented(_until_brackets_close(block))


def _until_brackets_close(block: list[str]) -> list[str]:
    depth = 0
    for number, whole in enumerate(block[:HEADER_LINES], 1):
        line = whole[:LINE_CHARACTERS]
        body = 1 if line.rstrip().endswith("{") else 0  # what is opened last on the line is the body
        depth += sum(map(line.count, _OPEN)) - sum(map(line.count, _CLOSE)) - body
        if depth <= 0:
            return block[:number]
    return block[:1]


def _dedented(block: list[str]) -> str:
    first = block[0]
    margin = first[: len(first) - len(first.lstrip())]
    cut = [line.removeprefix(margin).rstrip()[:LINE_CHARACTERS] for line in block]
    return "\n".join(cut).rstrip()
