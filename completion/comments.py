"""Whether a cursor stands in a comment or in a string, from its line and the lines above, in any language.

By the language's comment marks and the usual quotes; no grammar is asked, so that a language without one is served and
a key stroke costs microseconds. What begins further above than `LOOK_BACK` lines is not seen. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.languages import LanguageSpec

LOOK_BACK = 200
USUAL_MARKS = ("#", "//", "--")
"""Comment marks where no language is known: only at a line's beginning, for elsewhere they mean other things."""
_TRIPLE = ('"""', "'''")
_LITERAL = re.compile(
    r'"(?:[^"\\]|\\.)*"'  # closed on this line
    r"|`(?:[^`\\]|\\.)*`"
    r"|(?<!\w)'(?:[^'\\]|\\.)*'"
)
_OPEN_APOSTROPHE = re.compile(r"(?<!\w)'(?!\()[^']*\s")
"""An apostrophe with more than a word behind it: `'a` may be a type, a symbol or a life time."""


def in_comment(prefix_lines: Sequence[str], spec: LanguageSpec | None) -> bool:
    """Whether the cursor, at the end of the last of these lines, stands in a comment. False before its mark's end."""
    typed = prefix_lines[-1] if prefix_lines else ""
    if spec is None:
        return typed.lstrip().startswith(USUAL_MARKS)
    bare = without_literals(typed)
    if any(mark in bare for mark in spec.line_comments):
        return True
    above = "\n".join(map(without_literals, prefix_lines[-LOOK_BACK:])) if spec.block_comments else ""
    return any(above.rfind(each.open) > above.rfind(each.close) for each in spec.block_comments if each.open in above)


def in_string(prefix_lines: Sequence[str], spec: LanguageSpec | None) -> bool:
    """Whether the cursor stands in a string: after a quote that nothing closes, or between three and three."""
    if not prefix_lines or in_comment(prefix_lines, spec):
        return False
    if in_long_string(prefix_lines):
        return True
    bare = without_literals(prefix_lines[-1].replace('"""', "").replace("'''", ""))
    return '"' in bare or bare.count("`") % 2 == 1 or bool(_OPEN_APOSTROPHE.search(bare))


def in_long_string(prefix_lines: Sequence[str]) -> bool:
    """Whether a string of three quotes is open, which goes over lines."""
    text = "\n".join(prefix_lines[-LOOK_BACK:])
    return any(text.count(quotes) % 2 for quotes in _TRIPLE)


def is_comment(line: str, spec: LanguageSpec | None) -> bool:
    """Whether a line is a comment and nothing else: a line comment, or the end of a block comment."""
    code = line.strip()
    if spec is None:
        return code.startswith(USUAL_MARKS)
    marks = [*spec.line_comments, *(each.open for each in spec.block_comments)]
    return code.startswith(tuple(marks)) or any(code.endswith(each.close) for each in spec.block_comments)


def without_comment(line: str, spec: LanguageSpec | None) -> str:
    """A line without the comment at its end; strings that hold a comment's mark keep it."""
    if spec is None:
        return line
    bare = _LITERAL.sub(lambda found: "x" * len(found[0]), line)
    cuts = [at for mark in spec.line_comments if (at := bare.find(mark)) >= 0]
    return line[: min(cuts)] if cuts else line


def without_literals(line: str) -> str:
    """A line with an empty string for each one that is closed on it."""
    return _LITERAL.sub('""', line).replace('""', "") if any(quote in line for quote in "\"'`") else line
