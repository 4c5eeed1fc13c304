"""What an editor does by itself while somebody types: closing brackets and quotes, and indenting a new line.

Read off the text that is going to be typed, without a grammar: brackets are paired by nesting, a double quote with the
next one of its line. A bracket that the text never closes is taken as one that the editor did not close either.
"""

from __future__ import annotations

import re
from collections import Counter

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_OPENS_BLOCK = ("{", "[", "(", ":")
_CLOSED_BEFORE = frozenset(" \t\n)]}\"',;:.")


def pairs(text: str) -> dict[int, int]:
    """Offset of each opening bracket or quote -> offset of its closing one. Pairs are nested or apart."""
    found: dict[int, int] = {}
    opened: list[int] = []
    quoted_until = -1
    for offset, character in enumerate(text):
        if offset <= quoted_until:
            continue
        if character == '"':
            end = _quote_end(text, offset)
            if end is not None:
                found[offset] = quoted_until = end
        elif character in _CLOSING:
            opened.append(offset)
        elif opened and _CLOSING[text[opened[-1]]] == character:
            found[opened.pop()] = offset
    return found


def closing(character: str) -> str:
    """What an editor puts behind an opening bracket or quote."""
    return _CLOSING.get(character, character)


def editor_closes(following: str) -> bool:
    """Whether an editor closes a bracket that is typed before this text: not before a word."""
    return not following or following[0] in _CLOSED_BEFORE


def indentation(line: str) -> str:
    """A line's leading white space."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def indentation_unit(text: str) -> str:
    """The step by which the text indents most often: a tab, or so many spaces; four where nothing is indented."""
    steps: Counter[str] = Counter()
    previous = ""
    for line in text.split("\n"):
        if line.strip():
            here = indentation(line)
            if here.startswith(previous) and len(here) > len(previous):
                steps[here[len(previous) :]] += 1
            previous = here
    return steps.most_common(1)[0][0] if steps else "    "


def next_indentation(line: str, unit: str) -> str:
    """What an editor puts on the line below this one: its indentation, one step more behind an opening."""
    deeper = line.rstrip().endswith(_OPENS_BLOCK)
    return indentation(line) + (unit if deeper else "")


def characters_that_count(text: str) -> int:
    """Characters of a text without its lines' indentation, which is the editor's work. Line ends count."""
    return len(re.sub(r"(?m)^[ \t]+", "", text))


def _quote_end(text: str, offset: int) -> int | None:
    """The quote that ends the string begun at `offset`, in the same line; none for the quotes of a text block."""
    if text.startswith('""', offset) or (offset and text[offset - 1] in '"\\'):
        return None
    position = offset + 1
    while position < len(text) and text[position] != "\n":
        if text[position] == "\\":
            position += 1
        elif text[position] == '"':
            return position
        position += 1
    return None
