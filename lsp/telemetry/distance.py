"""How far one text is from another: the Levenshtein distance, bit-parallel.

After Hyyrö, "A Bit-Vector Algorithm for Computing Levenshtein and Damerau Edit Distances" (2003), on Python's long
integers: a proposal against what became of it takes well under a millisecond.
"""

from __future__ import annotations

LONGEST = 4096
"""Characters that are compared, at most; a longer text is compared as far as that."""


def changed(before: str, after: str) -> float:
    """The edit distance by the longer text's length: 0 for equal texts, 1 where nothing is left."""
    before, after = before[:LONGEST], after[:LONGEST]
    return distance(before, after) / max(len(before), len(after), 1)


def distance(one: str, other: str) -> int:
    """The fewest insertions, deletions and replacements of a character that make one text the other."""
    if not one or not other:
        return len(one) or len(other)
    places: dict[str, int] = {}
    for number, character in enumerate(one):
        places[character] = places.get(character, 0) | 1 << number
    everywhere, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    more, fewer, found = everywhere, 0, len(one)
    for character in other:
        equal = places.get(character, 0)
        diagonal = (((equal & more) + more) ^ more) | equal | fewer
        rising = fewer | ~(diagonal | more)
        falling = more & diagonal
        found += bool(rising & last) - bool(falling & last)
        rising = (rising << 1) | 1
        falling <<= 1
        more = (falling | ~(diagonal | rising)) & everywhere
        fewer = rising & diagonal & everywhere
    return found
