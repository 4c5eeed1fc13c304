"""What a model says becomes what a developer would have typed: filters on the text of one answer.

Each filter takes an answer and its place and gives the answer back, shorter or put right; it never touches what stands
before the cursor. `clean` runs them in order until nothing changes any more.

    place.py      where an answer goes: the text around the cursor, and how it is indented
    wrapping.py   what models put around code: special tokens, fences, line ends
    layout.py     white space: at the beginning, at the end, units of indentation
    overlap.py    what the suffix has already: lines, runs of characters, closing brackets and quotes
    repeating.py  what the answer says a third time
"""

from __future__ import annotations

from collections.abc import Callable

from completion.cleanup import layout, overlap, repeating, wrapping
from completion.cleanup.place import Place

__all__ = ["FILTERS", "Place", "clean"]

_ROUNDS = 8

FILTERS: dict[str, Callable[[str, Place], str]] = {
    "line ends": wrapping.line_ends,
    "special tokens": wrapping.special_tokens,
    "fences": wrapping.fences,
    "leading white space": layout.leading_white_space,
    "units of indentation": layout.units,
    "third repetition": repeating.third_repetition,
    "lines of the suffix": overlap.lines_of_the_suffix,
    "characters of the suffix": overlap.characters_of_the_suffix,
    "closing marks": overlap.closing_marks,
    "trailing white space": layout.trailing_white_space,
}
"""Name -> filter, in the order in which they run."""


def clean(text: str, place: Place) -> str:
    """The answer `text` as it is worth showing at `place`; empty where nothing of it is.

    Idempotent. Of an answer that still changes after some rounds nothing is shown.
    """
    for _ in range(_ROUNDS):
        before = text
        for each in FILTERS.values():
            text = each(text, place)
        if text == before:
            return text if text.strip() else ""
    return ""
