"""The fenced blocks of an answer: three or more backticks or tildes, without the indentation of their fence.

A fence that is never closed ends with the answer, or where another one is opened. Text before a fence, and a fence
within a block, need a name behind the fence to count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"(?P<before>.*?)(?P<fence>`{3,}|~{3,})[ \t]*(?P<name>[^`\s]*)[^`]*")


@dataclass(frozen=True, slots=True)
class _Open:
    fence: str
    indentation: int

    def is_closed_by(self, line: str) -> bool:
        mark = line.strip()
        same = bool(mark) and set(mark) == {self.fence[0]} and len(mark) >= len(self.fence)
        return same and _indentation(line) <= self.indentation


class FenceReader:
    """Reads an answer line by line. `begun` is how many blocks have begun, `ended` how many of them have ended."""

    def __init__(self) -> None:
        self.begun = self.ended = 0
        self._here: _Open | None = None

    def read(self, line: str) -> str | None:
        """The code in a line, which may have its line end; `None` for a fence, and for text outside of blocks."""
        here = self._here
        if here and here.is_closed_by(line):
            self._here, self.ended = None, self.begun
            return None
        found = _FENCE.fullmatch(line.rstrip())
        if found and _opens(found, here):
            self._here, self.ended = _Open(found["fence"], _indentation(line)), self.begun
            self.begun += 1
            return None
        return line[min(here.indentation, _indentation(line)) :] if here else None


def blocks(text: str) -> list[str]:
    """The fenced blocks of a whole answer, each line with its end."""
    reader, found = FenceReader(), list[list[str]]()
    for line in text.splitlines(keepends=True):
        code = reader.read(line)
        if len(found) < reader.begun:
            found.append([])
        if code is not None:
            found[-1].append(code)
    return ["".join(lines) for lines in found]


def _opens(found: re.Match[str], here: _Open | None) -> bool:
    if here:
        same = found["fence"][0] == here.fence[0] and len(found["fence"]) >= len(here.fence)
        outside = not found["before"].strip() and len(found["before"]) <= here.indentation
        return bool(found["name"]) and same and outside
    return bool(found["name"]) or not found["before"].strip()


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
