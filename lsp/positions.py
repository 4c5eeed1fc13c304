"""Columns of a line: code points here, code units of UTF-8, UTF-16 or UTF-32 in the editor.

Pure. Guarantees: no line and no number raises; a number of units past the end of the line is the line's end, a
negative one its start; a number that falls inside a character is the character's start; and converting a column
to units and back gives the same column. Lone surrogates, which JSON can carry, count as one character.

LSP 3.18, section "Position".
"""

from __future__ import annotations

from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]
DEFAULT_ENCODING: Encoding = "utf-16"

_CONTINUATION_MASK, _CONTINUATION = 0b1100_0000, 0b1000_0000
_LOW_SURROGATE, _HIGH_SURROGATE = range(0xDC, 0xE0), range(0xD8, 0xDC)


def encoding_named(name: object) -> Encoding:
    """The encoding that the editor and this process agreed on; UTF-16, the protocol's default, for anything else."""
    return name if name in ("utf-8", "utf-16", "utf-32") else DEFAULT_ENCODING


def units_of(text: str, encoding: Encoding) -> int:
    """How many code units of `encoding` the text has."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def column_of(line: str, units: int, encoding: Encoding) -> int:
    """The column in code points that lies `units` code units into `line`, which has no line end."""
    if units <= 0:
        return 0
    if encoding == "utf-32" or line.isascii():
        return min(units, len(line))
    if encoding == "utf-8":
        return _utf8_column(line.encode("utf-8", "surrogatepass"), units)
    return _utf16_column(line.encode("utf-16-le", "surrogatepass"), units * 2)


def _utf8_column(data: bytes, cut: int) -> int:
    while 0 < cut < len(data) and data[cut] & _CONTINUATION_MASK == _CONTINUATION:
        cut -= 1
    return len(data[:cut].decode("utf-8", "surrogatepass"))


def _utf16_column(data: bytes, cut: int) -> int:
    inside_pair = cut < len(data) and data[cut + 1] in _LOW_SURROGATE and data[cut - 1] in _HIGH_SURROGATE
    return len(data[: cut - 2 if inside_pair else cut].decode("utf-16-le", "surrogatepass"))
