"""From an answer in a conversation, while it comes, to lines of code as the document would have them.

Guarantees: the lines given out joined by line ends are the code; each comes once, whole, and stays. What the answer
repeats of what it was given is left out, and a last line that the document has next; blank lines at both ends too. The
code has the document's indentation, and ends before a line or block that would come for the third time in a row.
"""

from __future__ import annotations

import re

from completion.asking.comment import Asked
from completion.asking.fences import FenceReader
from completion.cleanup.place import Place, indentation_of
from completion.cleanup.repeating import third_repetition

_PROSE = re.compile(r"[\"']?[A-Z][\w'’-]*(?: [\w'’,-]+){2,}.*[.!?:]")
_NOTHING_BESIDE = Place("", "")
_LOOK_BACK = 60
_STEPS = (2, 4)


class CodeOfAnswer:
    """Reads one answer. `below` is the document's next line that is not blank, with its indentation.

    `done`: the code has ended, and what the answer still says does not matter.
    """

    def __init__(self, asked: Asked, below: str = "") -> None:
        self.done = False
        self.lines: list[str] = []
        self._below = below.rstrip()
        self._shape = _Shape(asked)
        self._fences = FenceReader()
        self._given = [line.strip() for line in asked.given.split("\n") if line.strip()]
        self._repeated = 0
        self._unread = ""
        self._outside: list[str] = []  # of an answer without a fence so far
        self._thinks = False
        self._held: list[str] = []  # blank lines, and before them a line that the document has next

    def hear(self, text: str) -> list[str]:
        """More of the answer: the lines of code that are certain now."""
        *whole, self._unread = (self._unread + text).replace("\r\n", "\n").split("\n")
        return [line for each in whole for line in self._read(each)]

    def end(self) -> list[str]:
        """The answer is over: the rest of its code."""
        last, self._unread = self._unread, ""
        found = self._read(last) if last.strip() else []
        if not (self._fences.begun or self.done or self._thinks):
            first = next((line for line in self._outside if line.strip()), "")
            if not _PROSE.fullmatch(first.strip()):
                found += [line for each in self._outside for line in self._take(each)]
        self.done = True
        return found

    def _read(self, line: str) -> list[str]:
        if self.done:
            return []
        begun = bool(self._fences.begun or "".join(self._outside).strip())
        self._thinks = self._thinks or (not begun and line.lstrip().startswith("<think>"))
        if self._thinks:  # which may have fences too
            self._thinks = "</think>" not in line
            return []
        code = self._fences.read(line)
        if code is None:
            self.done = bool(self._fences.ended and self.lines)
            if not self._fences.begun:
                self._outside.append(line)
            elif not self.lines:  # a block that only repeats what was given: the next one may have more
                self._repeated, self._held = 0, []
            return []
        return self._take(code)

    def _take(self, line: str) -> list[str]:
        """A line of code."""
        if self.done or self._repeats(line):
            return []
        if not line.strip():
            if self.lines or self._held:
                self._held.append("")
            return []
        shaped = self._shape.line(line)
        recent = [*self.lines, *self._held][-_LOOK_BACK:]
        so_far = "\n".join([*recent, shaped])
        if third_repetition(so_far, _NOTHING_BESIDE) != so_far:
            self.done = True
            return []
        certain, self._held = [*self._held, shaped], []
        if shaped == self._below:  # held back with the blank lines before it
            self._held = [certain.pop()]
            while certain and not certain[-1]:
                self._held.insert(0, certain.pop())
        self.lines += certain
        return certain

    def _repeats(self, line: str) -> bool:
        """Whether a line at the code's beginning repeats what was given."""
        if self.lines or self._held:
            return False
        if not line.strip():
            return True
        if line.strip() in self._given[self._repeated :]:
            self._repeated = self._given.index(line.strip(), self._repeated) + 1
            return True
        return False


class _Shape:
    """Lines with the document's indentation instead of the answer's."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._base: str | None = None
        self._own = 0

    def line(self, line: str) -> str:
        """A line that is not blank."""
        depth = indentation_of(line)
        if self._base is None:
            self._base = depth
        if len(depth) < len(self._base):  # it closes what was begun in what was given
            return self._asked.outer + line.strip()
        return self._asked.indentation + self._deeper(depth[len(self._base) :]) + line.strip()

    def _deeper(self, depth: str) -> str:
        unit = self._asked.unit
        if not depth or not unit:
            return depth
        if depth[0] == "\t":
            return unit * (len(depth) - len(depth.lstrip("\t"))) + depth.lstrip("\t")
        self._own = self._own or len(depth)
        if self._own not in _STEPS or (unit[0] == " " and len(unit) not in _STEPS):
            return depth
        return unit * (len(depth) // self._own) + " " * (len(depth) % self._own)
