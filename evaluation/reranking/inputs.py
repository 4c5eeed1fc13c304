"""The inputs on which the answers to a task are held against each other. Never an output that the task does not show.

    visible   the cases that the statement shows
    varied    these, and variations of them: knows no more than the model did
    all       the inputs of all cases, hidden ones too, but none of their outputs: for whoever has real inputs

A variation changes some of the numbers and words of a shown input, as AlphaCode (arXiv 2203.07814) mutates examples to
get inputs for its clusters. It need not be a valid input: programs that do different things with it are different.
"""

from __future__ import annotations

import random
import re
from enum import StrEnum

from evaluation.running.shown import shown_cases
from evaluation.tasks import Scoring, Task

VARIATIONS = 8
_TRIES = 4 * VARIATIONS
_WORD = re.compile(r"-?\d+(?:\.\d+)?|[^\W\d_]+")


class Inputs(StrEnum):
    """Which inputs programs are compared on."""

    VISIBLE = "visible"
    VARIED = "varied"
    ALL = "all"


def compared_inputs(task: Task, kind: Inputs) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Inputs besides the shown ones: such as a right program has to end well on, and others."""
    if task.scoring is not Scoring.OUTPUT or kind is Inputs.VISIBLE:
        return (), ()
    shown = tuple(case.stdin for case in shown_cases(task))
    if kind is Inputs.ALL:
        return tuple(stdin.encode() for case in task.cases if (stdin := case.stdin) not in shown), ()
    varied = dict.fromkeys(other for stdin in shown for other in variations(stdin))
    return (), tuple(other.encode() for other in varied if other not in shown)[:VARIATIONS]


def variations(stdin: str, count: int = VARIATIONS) -> tuple[str, ...]:
    """Up to `count` inputs like this one, always the same. A first line that counts what is below it stays."""
    first, line_end, rest = stdin.partition("\n")
    counted = {str(len(rest.splitlines())), str(len(rest.partition("\n")[0].split()))}
    kept = f"{first}{line_end}" if first.strip() in counted else ""
    varied = stdin[len(kept) :]
    found: dict[str, None] = {}
    for number in range(_TRIES):
        chance = random.Random(f"{number}\0{stdin}")  # noqa: S311 - no secret
        other = kept + _WORD.sub(lambda word, chance=chance: _changed(word[0], chance), varied)  # type: ignore[misc]
        if other != stdin:
            found.setdefault(other)
    return tuple(found)[:count]


def _changed(word: str, chance: random.Random) -> str:
    """Another word of the same kind, or half the time the same one."""
    if chance.random() < 0.5:
        return word
    if not word[-1].isdecimal():
        return "".join(chance.sample(word, len(word))) if len(word) > 1 else chance.choice("abcxyz")
    if "." in word:
        return f"{float(word) + chance.choice((-1, 0.5, 1)):.{len(word.partition('.')[2])}f}"
    value = int(word)
    other = chance.choice((value + 1, value - 1, 2 * value, value // 2, 0, chance.randint(0, 9)))
    return str(other if value < 0 else abs(other))
