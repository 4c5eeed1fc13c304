"""What the file has next: an answer that comes to it has nothing more to say."""

from __future__ import annotations

from completion.cleanup.layout import leading_white_space
from completion.cleanup.place import Place, indentation_of

_RUN = 3
"""Visible characters that make a run, as in the clean-up."""


def line_below(place: Place) -> str:
    """The file's next line that is not blank, behind the rest of the cursor's line; empty where there is none."""
    below = place.suffix.partition("\n")[2] if place.line_after.strip() else place.suffix
    return next((line for line in below.split("\n") if line.strip()), "")


def is_next(line: str, number: int, place: Place) -> bool:
    """Whether a whole line of the answer is the file's next one, equally deep. `number` 0 is the cursor's line."""
    following = line_below(place)
    if not following or line.strip() != following.strip() or (number == 0 and place.line_before.strip()):
        return False
    whole = line if number else place.line_before + leading_white_space(line, place)
    return indentation_of(whole) == indentation_of(following)


def ends_with_rest(line: str, place: Place) -> bool:
    """Whether a whole line of the answer ends with the rest of the cursor's line, a run of some characters."""
    rest = place.line_after.strip()
    return len("".join(rest.split())) >= _RUN and line.rstrip().endswith(rest)
