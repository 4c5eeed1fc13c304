"""One line or many, and whether to propose at all, by where the cursor stands; each with a reason for people.

Generic: indentation, brackets, and what the language's file says of comments and definitions. Over a line's end goes
only what fills something that is empty: a block, a body, what a comment asks for. Everywhere else one line is wanted:
shown more often, read faster, and right more often. Pure; under 0.2 ms.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from completion.cleanup.place import indentation_of
from completion.comments import in_comment, in_string, is_comment, without_comment
from core.languages import LanguageSpec

CLOSERS = " \t)]}>;,:'\"`"
"""May stand after the cursor where several lines are still welcome: the editor typed them ahead."""
_BRACKETS = ("(", "[", "{")
_OPENERS = ("{", "=>", "->")
_OPENING_WORDS = re.compile(r"\b(?:do|then|begin|else|repeat|where|of|try|in)$")
_SIGNATURE = re.compile(r"^[\w.:]+\s*\(.*\)$")
_DOCUMENTED = ('"""', "'''")


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is wanted, and why: a short phrase that people are shown."""

    single_line: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a proposal is wanted, and why: a short phrase that people are shown."""

    wanted: bool
    reason: str


def extent(
    prefix_lines: Sequence[str], rest_of_line: str, lines_below: Sequence[str], spec: LanguageSpec | None
) -> Extent:
    """One line or many at a cursor.

    `prefix_lines`: lines above and, as the last one, the typed part of the cursor's; `rest_of_line`: what stands
    behind the cursor; `lines_below`: what follows, a dozen lines are enough. Line ends may be there or not.
    """
    typed = prefix_lines[-1] if prefix_lines else ""
    rest = rest_of_line.strip()
    if rest.strip(CLOSERS):
        return Extent(True, "in the middle of a line")
    if in_comment(prefix_lines, spec):
        return Extent(True, "in a comment")
    if in_string(prefix_lines, spec):
        return Extent(True, "in a string")
    if not typed.strip():
        return _on_a_new_line(prefix_lines, rest, lines_below, spec)
    return _on_a_line_that_has_begun(typed, rest, lines_below, spec)


def wanted(
    prefix_lines: Sequence[str],
    rest_of_line: str,
    spec: LanguageSpec | None,
    *,
    automatic: bool,
    comments: bool = True,
    strings: bool = True,
) -> Decision:
    """Whether to propose here. Asked for by hand, always; while typing, not within a word, nor where it is off.

    `comments`, `strings`: whether the user wants proposals in them.
    """
    if not automatic:
        return Decision(True, "asked for by hand")
    if rest_of_line and (rest_of_line[0].isalnum() or rest_of_line[0] == "_"):
        return Decision(False, "in the middle of a word")
    if not comments and in_comment(prefix_lines, spec):
        return Decision(False, "in a comment, where proposals are turned off")
    if not strings and in_string(prefix_lines, spec):
        return Decision(False, "in a string, where proposals are turned off")
    return Decision(True, "typed")


def _on_a_new_line(
    prefix_lines: Sequence[str], rest: str, lines_below: Sequence[str], spec: LanguageSpec | None
) -> Extent:
    above = next((line.rstrip() for line in reversed(prefix_lines[:-1]) if line.strip()), "")
    depth = len(indentation_of(prefix_lines[-1])) if prefix_lines else 0
    if rest:
        empty = True  # the bracket that stands behind the cursor closes what is to be filled
    else:
        following = next((line for line in lines_below if line.strip()), "")
        at_once = bool(lines_below) and bool(lines_below[0].strip())
        empty = not at_once or _depth(following) < depth or following.strip()[0] in ")]}"
        if above and opens_block(above, spec):
            empty = _depth(following) <= _depth(above)
    if is_comment(above, spec):
        if empty:
            return Extent(False, "after a comment, with nothing below it yet")
        return Extent(True, "between a comment and what it describes")
    if above.endswith(_DOCUMENTED) and empty:
        return Extent(False, "after a documentation string, with an empty body")
    if above and (opens_block(above, spec) or depth > _depth(above)):
        return Extent(not empty, "in an empty body" if empty else "at the beginning of a body that is there already")
    if not above and not any(line.strip() for line in lines_below):
        return Extent(False, "in an empty document")
    return Extent(True, "on a new line between others" if lines_below and lines_below[0].strip() else "on a new line")


def _on_a_line_that_has_begun(typed: str, rest: str, lines_below: Sequence[str], spec: LanguageSpec | None) -> Extent:
    following = next((line for line in lines_below if line.strip()), "")
    code = without_comment(typed, spec).rstrip()
    if _depth(following) <= _depth(typed):
        if rest and not (code.endswith("{") and rest.startswith("}")):
            return Extent(True, "before a bracket or quote that is there already")
        if opens_block(code, spec):
            return Extent(False, "at the end of a line that opens a block")
        if code.endswith(_BRACKETS):
            return Extent(False, "at the end of an unfinished statement")
    return Extent(True, "on a line that has begun")


def opens_block(line: str, spec: LanguageSpec | None) -> bool:
    """Whether a line opens a block: by its last sign or word, or as a definition that has no such sign."""
    code = without_comment(line, spec).strip()
    if code.endswith(":") and all(code.count(one) == code.count(other) for one, other in ("()", "[]", "{}")):
        return True
    if code.endswith(_OPENERS) or _OPENING_WORDS.search(code):
        return True
    words = code.split()
    keywords = spec.definition_keywords if spec else ()
    if not words or words[0] not in keywords:
        return False
    while words and words[0] in keywords:
        words.pop(0)
    return code.endswith("=") or bool(_SIGNATURE.match(" ".join(words)))


def _depth(line: str) -> int:
    return len(indentation_of(line))
