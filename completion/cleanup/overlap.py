"""What an answer says although the suffix has it already.

Afterwards the answer's end and the suffix's beginning share no whole line and no run of three visible characters.
"""

from __future__ import annotations

import re

from completion.cleanup.place import Place, indentation_of

_RUN = 3
_PAIRS = {")": "(", "]": "[", "}": "{"}
_QUOTES = "\"'`"
_MARKS = re.compile(r"[)\]}\"'`;,]+")
_LOOKED_AT = 2000


def lines_of_the_suffix(text: str, place: Place) -> str:
    """The answer up to a line that the suffix has next. An answer that is the suffix's beginning is none.

    A line with a word in it counts where it is as deep as the suffix's or the answer's last; one of brackets alone
    where it is as deep.
    """
    ahead = place.suffix if not place.line_after.strip() else place.suffix.partition("\n")[2]
    following = next((line for line in ahead.split("\n") if line.strip()), "")
    visible, after = _visible(text), _visible(place.suffix[:_LOOKED_AT])
    if len(visible) >= _RUN and after.startswith(visible):
        return ""
    if not following:
        return text
    lines = text.split("\n")
    last = max((number for number, line in enumerate(lines) if line.strip()), default=0)
    for number, line in enumerate(lines):
        if line.strip() != following.strip() or (number == 0 and place.line_before.strip()):
            continue
        depth = place.indentation if number == 0 else indentation_of(line)
        worded = any(character.isalnum() for character in line)
        if depth == indentation_of(following) or (worded and number == last):
            return "\n".join(lines[:number])
    return text


def characters_of_the_suffix(text: str, place: Place) -> str:
    """Without an end that the suffix begins with: three visible characters or more, or a whole line."""
    body, suffix = text.rstrip(), place.suffix[:_LOOKED_AT]
    suffix = suffix.lstrip()
    for size in range(min(len(body), len(suffix)), _RUN - 1, -1):
        shared = suffix[:size]
        if body.endswith(shared) and len(_visible(shared)) >= _RUN and not _within_word(body, size, suffix):
            return body[: len(body) - size]
    return text


def _within_word(body: str, size: int, suffix: str) -> bool:
    """Whether the shared run is only a part of words: cutting it would break one that is meant twice."""
    start = len(body) - size
    broken = start > 0 and (body[start - 1].isalnum() or body[start - 1] == "_") and body[start].isalnum()
    return broken and size < len(suffix.split("\n")[0].rstrip())


def closing_marks(text: str, place: Place) -> str:
    """Without brackets, quotes, commas and semicolons at the end that the suffix has, where both are too many."""
    found = _MARKS.match(_next_on_this_level(place))
    body = text.rstrip()
    for size in range(len(found[0]) if found else 0, 0, -1):
        marks = found[0][:size] if found else ""
        if body.endswith(marks) and _too_many(marks, body, place):
            return body[:-size]
    return text


def _next_on_this_level(place: Place) -> str:
    """What follows: on the cursor's line, or at the beginning of the next one where that is no shallower."""
    if place.line_after.strip():
        return place.line_after.lstrip()
    following = next((line for line in place.suffix.split("\n") if line.strip()), "")
    return following.lstrip() if len(indentation_of(following)) >= len(place.indentation) else ""


def _too_many(marks: str, body: str, place: Place) -> bool:
    """Whether the answer's `marks` close what the suffix closes."""
    brackets = sum(mark in _PAIRS for mark in marks)
    closed = sum(mark in _PAIRS for mark in _MARKS.match(_next_on_this_level(place))[0])  # type: ignore[index]
    opened, _ = _depths(place.line_before)
    _, unopened = _depths(body)
    line = place.line_before + body + place.line_after
    quotes = {mark for mark in marks if mark in _QUOTES}
    enough = brackets == 0 or brackets <= unopened + closed - opened
    return enough and all(_count(line, quote) % 2 for quote in quotes)


def _depths(text: str) -> tuple[int, int]:
    """How many brackets a text opens and leaves open, and how many it closes that it did not open."""
    opened = unopened = 0
    for character in text:
        if character in _PAIRS.values():
            opened += 1
        elif character in _PAIRS and opened:
            opened -= 1
        elif character in _PAIRS:
            unopened += 1
    return opened, unopened


def _count(line: str, quote: str) -> int:
    """Quotes of this kind without those behind a backslash."""
    return line.replace("\\\\", "").replace(f"\\{quote}", "").count(quote)


def _visible(text: str) -> str:
    return "".join(text.split())
