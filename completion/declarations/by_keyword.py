"""Declarations without a grammar: by the language's definition keywords and by indentation.

A declaration begins on a line whose first word is a definition keyword, and ends before the next line that is set in no
deeper; closing brackets belong to it. Without keywords, a line that is not set in declares something if a name on it is
followed by what opens a definition, or if deeper lines follow it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from completion.declarations.headers import Found
from completion.declarations.words import NAME, last_part

NOT_DECLARING = frozenset(
    {
        "use",
        "import",
        "require",
        "include",
        "open",
        "from",
        "package",
        "provide",
        "contains",
        "test",
        "show",
        "expect",
        "assert",
        "describe",
        "return",
        "export",
        "if",
        "else",
        "elif",
        "for",
        "while",
        "switch",
        "case",
        "match",
        "try",
        "catch",
        "do",
        "begin",
        "end",
        "then",
        "when",
        "with",
        "select",
        "loop",
        "repeat",
        "until",
    }
)
"""First words that bring in, check or run something, also where a language lists them as keywords."""

CONTAINERS = frozenset(
    {
        "class",
        "module",
        "trait",
        "interface",
        "impl",
        "namespace",
        "object",
        "instance",
    }
)
"""Kinds whose members are declarations of their own."""

MAX_LINE = 2000
"""Longer lines declare nothing: they are data."""

_BLOCK_LINES = 400
_KEYWORD_DETAIL = re.compile(r"\s*[(\[<][^)\]>]*[)\]>]")  # pub(all), fn[T]
_OPENS = re.compile(r"\s*(?:\(|=(?!=)|:(?!\s*$)|\{|:\s*$)")
_LINKING = frozenset(
    {
        "is",
        "has",
        "be",
        "are",
        "as",
        "of",
        "for",
        "means",
        "equals",
    }
)
_CLOSER = re.compile(r"\s*[)\]}]|\s*end\b")


def found(keywords: Sequence[str], lines: list[str]) -> list[Found]:
    """The declarations of a file's lines, in their order."""
    if not keywords:
        return list(_by_shape(lines))
    known = frozenset(keywords)
    limit = _deepest(lines)
    return list(_by_keywords(known, lines, limit))


def _by_keywords(known: frozenset[str], lines: list[str], limit: int) -> Iterator[Found]:
    inside = -1  # the row up to which a function reaches: what is declared in it is its own affair
    for row, line in enumerate(lines):
        stripped = line.lstrip()
        indentation = len(line) - len(stripped)
        if row <= inside or indentation > limit or len(line) > MAX_LINE:
            continue
        kind, rest = _leading(known, stripped)
        if not kind or kind in NOT_DECLARING or not (name := _name(kind, rest)):
            continue
        last = _last_row(lines, row, indentation)
        members = kind in CONTAINERS and any(_leading(known, below.lstrip())[0] for below in lines[row + 1 : last + 1])
        if not members:
            inside = last
        yield Found(name, kind, row, last, whole=not members and ("(" not in line or kind == "class"))


def _deepest(lines: list[str]) -> int:
    """The indentation up to which members of a class or a module are looked for: the first level there is."""
    depths = (len(line) - len(line.lstrip()) for line in islice(lines, _BLOCK_LINES) if line[:1] in (" ", "\t"))
    return min((depth for depth in depths if depth), default=0)


def _leading(known: frozenset[str], line: str) -> tuple[str, str]:
    """The last of the keywords that a line begins with, and what comes after them."""
    kind = ""
    while (word := NAME.match(line)) and word[0] in known:
        kind, line = word[0], line[word.end() :]
        if (detail := _KEYWORD_DETAIL.match(line)) and NAME.match(line[detail.end() :].lstrip()):
            line = line[detail.end() :]
        line = line.lstrip()
    if line.startswith("(") and kind.startswith(("def", "struct")):
        line = line[1:].lstrip()  # (define (name ...)
    return kind, line


def _name(kind: str, rest: str) -> str:
    """The name that is declared: the first, or in `impl A for B with name(` the one before the bracket."""
    names = list(NAME.finditer(rest.partition("(")[0])) if kind == "impl" else []
    name = names[-1] if names else NAME.match(rest)
    return last_part(name[0]) if name else ""


def _last_row(lines: list[str], row: int, indentation: int) -> int:
    last = row
    for later in range(row + 1, min(row + _BLOCK_LINES, len(lines))):
        line = lines[later]
        stripped = line.lstrip()
        if not stripped:
            continue
        if len(line) - len(stripped) <= indentation:
            return later if _CLOSER.match(line) else last
        last = later
    return last


def _by_shape(lines: list[str]) -> Iterator[Found]:
    for row, line in enumerate(lines):
        if not line[:1].isalpha() or len(line) > MAX_LINE:
            continue
        first = NAME.match(line)
        if first is None or first[0].lower() in NOT_DECLARING:
            continue
        name = _opened_name(line)
        if not name:
            below = lines[row + 1] if row + 1 < len(lines) else ""
            names = [found[0] for found in NAME.finditer(line)]
            if not below[:1].isspace() or not below.strip() or len(names) < 2:
                continue
            name = last_part(names[1])
        yield Found(name, "", row, _last_row(lines, row, 0), whole="(" not in line)


def _opened_name(line: str) -> str:
    """Of the first few names, with nothing between them, the one before an opener or before a word such as `is`."""
    place, before = 0, ""
    for _ in range(5):
        word = NAME.match(line, place)
        if word is None:
            return ""
        if before and word[0] in _LINKING:
            return last_part(before)
        if _OPENS.match(line, word.end()):
            return last_part(word[0])
        before = word[0]
        place = word.end() + 1
        if not line[word.end() : place].isspace():
            return ""
    return ""
