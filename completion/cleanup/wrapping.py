"""What models put around code: special tokens, prose and fences, foreign line ends."""

from __future__ import annotations

import re

from completion.cleanup.place import Place, unix
from completion.templates import TEMPLATES

_SHAPE = re.compile(
    r"<\|[\w ./:-]{1,40}\|>|<\uff5c[\w\u2581 -]{1,40}\uff5c>|</?s>|<(?:fim|file|repo)_\w{1,20}>"
    r"|<(?:PRE|SUF|MID|EOT|EOD|END)>|\[/?INST\]|\[(?:PREFIX|SUFFIX|MIDDLE)\]|<end_of_turn>"
)
"""Control tokens of the usual families; those of the templates are known by name."""
_NAMED = sorted({token for template in TEMPLATES.values() for token in template.special_tokens}, key=len, reverse=True)
_SPECIAL = re.compile("|".join([*map(re.escape, _NAMED), _SHAPE.pattern]))
_FENCE = re.compile(r"^[ \t]*(```+|~~~+)[^\n`]*$", re.MULTILINE)
_PROSE = ("markdown", "text", "restructuredtext")


def line_ends(text: str, place: Place) -> str:
    """`\\n` for every line end: editors write their document's own. Half a character at the end goes."""
    return unix(text).rstrip("\ufffd").replace("\0", "")


def special_tokens(text: str, place: Place) -> str:
    """The text up to the first special token of any family, unless the document itself has that text."""
    for found in _SPECIAL.finditer(text):
        if found[0] not in place.prefix and found[0] not in place.suffix:
            return text[: found.start()]
    return text


def fences(text: str, place: Place) -> str:
    """Of an answer with fences, what the first one holds. Documents that have fences themselves keep theirs."""
    if place.language in _PROSE or _FENCE.search(place.prefix) or _FENCE.search(place.suffix):
        return text
    first = _FENCE.search(text)
    if first is None:
        return text
    rest = text[first.end() + 1 :]
    last = _FENCE.search(rest)
    if last or first[0].strip().strip("`~") or not text[: first.start()].strip():  # it opens
        return rest[: last.start()] if last else rest
    return text[: first.start()]
