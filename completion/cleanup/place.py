"""Where an answer goes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property

_INDENTED = re.compile(r"^([ \t]+)\S", re.MULTILINE)
_NEAR_CHARACTERS = 20_000


@dataclass(frozen=True)
class Place:
    """The text near the cursor, before and behind it, with `\\n` line ends, and the language's name."""

    prefix: str
    suffix: str
    language: str = ""

    @classmethod
    def of(cls, prefix: str, suffix: str, language: str = "") -> Place:
        """The place between two texts of any length and with any line ends."""
        return cls(unix(prefix[-_NEAR_CHARACTERS:]), unix(suffix[:_NEAR_CHARACTERS]), language)

    @cached_property
    def line_before(self) -> str:
        """What the cursor's line has before the cursor."""
        return self.prefix[self.prefix.rfind("\n") + 1 :]

    @cached_property
    def line_after(self) -> str:
        """What the cursor's line has behind the cursor."""
        return self.suffix.partition("\n")[0]

    @cached_property
    def indentation(self) -> str:
        """White space at the beginning of the cursor's line."""
        return indentation_of(self.line_before)

    @cached_property
    def line_above(self) -> str:
        """The last line before the cursor's that is not blank; empty where there is none."""
        lines = self.prefix.split("\n")[:-1]
        return next((line for line in reversed(lines) if line.strip()), "")

    @cached_property
    def unit(self) -> str:
        """One step of indentation of the document, a tab or some spaces; empty where it has none yet."""
        return unit_of(_INDENTED.findall(f"{self.prefix}\n{self.suffix}"))


def unix(text: str) -> str:
    """The text with `\\n` line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def indentation_of(line: str) -> str:
    """The white space that a line begins with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def unit_of(indentations: list[str]) -> str:
    """The step that these indentations are multiples of: a tab where most have one, else their common divisor."""
    if not indentations:
        return ""
    tabs = sum(indentation.startswith("\t") for indentation in indentations)
    if 2 * tabs > len(indentations):
        return "\t"
    widths = [len(indentation) for indentation in indentations if "\t" not in indentation]
    return " " * math.gcd(*widths) if widths else ""
