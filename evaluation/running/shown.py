"""What a task itself shows of how its program has to behave: never anything that only its hidden tests know.

Cases of input and output count as shown where both stand in the statement, line by line, the output below the input,
each whole: bounded by the statement's ends, blank lines, fences or labels, and never a part of a longer example.
Examples of calls are read from the statement and from the documentation in the code that is shown, as `>>> CALL` or
in the way in which the language's file writes them, and become checks by that file's own templates. Pure functions.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from core.languages import LanguageSpec
from core.spec_parts import PLACEHOLDER
from evaluation.making.own_tests import OwnTest, example_tests, find_examples, mentions
from evaluation.tasks import Case, Task

_BETWEEN = 6
"""At most so many lines, such as `Output:` and fences, stand between an example's input and its output."""

_BOUND = re.compile(
    r"|(?:```|~~~).*|.*:|\W*(?:\w+ ){0,2}(?:inputs?|outputs?|examples?|explanation|notes?)\W*\d*\W*", re.IGNORECASE
)
"""A stripped line that no example has beside its lines and that ends it: blank, a fence, or a label."""


def shown_cases(task: Task) -> tuple[Case, ...]:
    """The cases that the statement shows, each with the output that it shows first."""
    lines = [line.strip() for line in task.statement.splitlines()]
    return tuple(shown for case in task.cases if (shown := _shown(case, lines)))


def shown_tests(task: Task, language: LanguageSpec) -> list[OwnTest]:
    """The examples that call the task's function, as statements that fail where an example does not hold."""
    if not task.entry_point:
        return []
    text = f"{task.statement}\n{task.before}".splitlines()
    found = [*find_examples(text), *_written_examples(text, language)]
    return example_tests([each for each in dict.fromkeys(found) if mentions(task.entry_point, each[0])], language)


def _shown(case: Case, lines: list[str]) -> Case | None:
    given = _stripped(case.stdin)
    if not any(given):  # an empty input would be found anywhere
        return None
    ends = list(_ends(given, lines))
    for expected in case.expected:
        wanted = _stripped(expected)
        starts = [end - len(wanted) for end in _ends(wanted, lines)] if any(wanted) else []
        if any(0 <= start - end <= _BETWEEN for end, start in itertools.product(ends, starts)):
            return Case(stdin=case.stdin, expected=tuple(dict.fromkeys((expected, *case.expected))))
    return None


def _stripped(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def _ends(part: list[str], lines: list[str]) -> Iterator[int]:
    """Behind which lines `part` stands in `lines`, with a bound above it and below it."""
    bounded = ["", *lines, ""]
    for end in range(len(part), len(lines) + 1):
        begin = end - len(part)
        if lines[begin:end] == part and _BOUND.fullmatch(bounded[begin]) and _BOUND.fullmatch(bounded[end + 1]):
            yield end


def _written_examples(lines: Sequence[str], language: LanguageSpec) -> Iterator[tuple[str, str]]:
    """Call and value of the examples that are written as the language's file writes them, comment marks aside."""
    if language.translation is None:
        return
    template = language.translation.function.documentation.example.splitlines()
    openers = "|".join(map(re.escape, sorted(language.line_comments, key=len, reverse=True)))
    plain = [re.sub(rf"^\s*(?:{openers})*", "", line).strip() if openers else line.strip() for line in lines]
    for row in range(len(plain) - len(template) + 1):
        found: dict[str, str] = {}
        for line, part in zip(plain[row:], template, strict=False):
            match = re.fullmatch(_pattern(re.sub(rf"^(?:{openers})", "", part).strip() if openers else part), line)
            if match is None:
                break
            found |= match.groupdict()
        else:
            yield found["call"].strip(), found["value"].strip()


def _pattern(template: str) -> str:
    """A regular expression for a line of a template."""
    parts = PLACEHOLDER.split(template)
    return "".join(f"(?P<{part}>.+)" if number % 2 else re.escape(part) for number, part in enumerate(parts))
