"""What an answer says a third time."""

from __future__ import annotations

import re

from completion.cleanup.place import Place

_LONGEST_BLOCK = 8
_WITHIN_LINE = re.compile(r"(\S.{5,80}?)\1{2,}")


def third_repetition(text: str, place: Place) -> str:
    """The text before a run of characters or a block of lines comes for the third time in a row."""
    lines = text.split("\n")
    for end in range(1, len(lines) + 1):
        for size in range(1, min(_LONGEST_BLOCK, end // 3) + 1):
            block = lines[end - size : end]
            if "".join(block).strip(" \t\n(){}[];,") and all(
                lines[end - size * (back + 1) : end - size * back] == block for back in (1, 2)
            ):
                return "\n".join(lines[: end - size])
    for found in _WITHIN_LINE.finditer(text):
        if any(character.isalnum() for character in found[1]):
            return text[: found.start() + 2 * len(found[1])]
    return text
