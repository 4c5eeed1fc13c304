"""Identifiers in a text whose language may be unknown.

A word may hold hyphens between letters and end in `?` or `!`, as in Lisp and in many in-house languages; whoever looks
words up asks for the whole first and for its parts then, so that `a-b` is found as a difference too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

WORD = re.compile(r"[^\W\d]\w*(?:-[^\W\d]\w*)*[?!]?")
NAME = re.compile(r"[^\W\d]\w*(?:-\w+)*[?!']*(?:(?:::|[.:])[^\W\d]\w*(?:-\w+)*[?!']*)*")
"""A name where it is declared, perhaps qualified: `cash-rounded`, `Point::new`, `M.open`."""

_LAST = re.compile(r"::|[.:]")
_LONGEST = 120


def words(text: str) -> Iterator[str]:
    """The words of `text` in order, each as often as it stands there; those of over 120 characters are left out."""
    return (word for word in WORD.findall(text) if len(word) <= _LONGEST)


def spellings(word: str) -> tuple[str, ...]:
    """What a word may be declared as: itself, without its mark, and its parts between hyphens."""
    plain = word.rstrip("?!")
    parts = plain.split("-") if "-" in plain else []
    return tuple(dict.fromkeys((word, plain, *parts)))


def last_part(name: str) -> str:
    """The name alone of a qualified one: `new` of `Point::new`."""
    return _LAST.split(name)[-1]
