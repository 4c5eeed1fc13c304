"""Text as lexemes, in any language: words, numbers, operators, brackets, line starts.

Guarantees: joined lexemes are the text again; spaces belong to the lexeme that follows them, and a line end
belongs to the indentation after it, as a byte-level tokenizer would cut. No language is known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LEXEME = re.compile(
    r"\r?\n[ \t]*"  # a line end and the next line's indentation
    r"|[ \t]*(?:[^\W\d]\w*|\d\w*|[-+*/%=<>!&|^~?:@]+|[^\w\s])"  # a word, a number, an operator or one other sign
    r"|[ \t]+|\s"  # spaces at the end of a line or of the text
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Text to insert at the cursor (empty: nothing to propose), and a confidence from 0 to 1."""

    text: str
    confidence: float


NOTHING = Proposal("", 0.0)


def lexemes(text: str) -> list[str]:
    """`text` cut into lexemes."""
    return _LEXEME.findall(text)


def is_line_start(lexeme: str) -> bool:
    """Whether a lexeme is a line end with the indentation after it."""
    return lexeme.startswith(("\n", "\r\n"))


def last_lexeme(text: str) -> str:
    """The lexeme that `text` ends with, which more typing may still continue; empty for an empty text.

    Looks at the last line only.
    """
    start = text.rfind("\n")
    if start > 0 and text[start - 1] == "\r":
        start -= 1
    found = lexemes(text[max(start, 0) :])
    return found[-1] if found else ""
