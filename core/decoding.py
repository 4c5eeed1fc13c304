"""Bytes to text, with `\\n` line ends and no byte order mark.

UTF-8; UTF-16 with its byte order mark; Latin-1 as the last resort, where the bytes look like it.
"""

from __future__ import annotations

import codecs

MAX_ACCENTED_SHARE = 0.2
"""Of Latin-1: of the characters that are no ASCII. Text has fewer in every language that is written in it."""
_CONTROL = bytes(range(0x20)).translate(None, b"\t\n\r\f") + b"\x7f"
_HIGH_CONTROL = bytes(range(0x80, 0xA0))
_HIGH = bytes(range(0x80, 0x100))


def decoded(content: bytes) -> tuple[str, str]:
    """`(text, "")`, or `("", reason)` with `binary` or `not_text`."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return _whole(content.decode("utf-16"), "binary")
        except UnicodeDecodeError:
            return "", "not_text"
    if b"\0" in content:
        return "", "binary"
    try:
        return _whole(content.decode("utf-8-sig"), "binary")
    except UnicodeDecodeError:
        pass
    if not _looks_like_latin_1(content):
        return "", "not_text"
    return _whole(content.decode("latin-1"), "not_text")


def _looks_like_latin_1(content: bytes) -> bool:
    """No character that Latin-1 leaves to control, and not too many that are no ASCII."""
    without = content.translate(None, _CONTROL + _HIGH_CONTROL)
    accented = len(content) - len(content.translate(None, _HIGH))
    return len(without) == len(content) and accented <= MAX_ACCENTED_SHARE * len(content)


def _whole(text: str, reason: str) -> tuple[str, str]:
    if "\0" in text or _control_share(text) > 0.01:
        return "", reason
    return text.replace("\r\n", "\n").replace("\r", "\n"), ""


def _control_share(text: str) -> float:
    data = text.encode()
    return (len(data) - len(data.translate(None, _CONTROL))) / max(len(data), 1)
