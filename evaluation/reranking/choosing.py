"""One of n answers, by what their programs do. Pure functions.

The answers that got furthest (`Level`) are grouped by behaviour, equal outputs on equal inputs, and the largest group
wins (MBR-exec, arXiv 2204.11454; AlphaCode's clusters, arXiv 2203.07814). Of the group, the text that most answers
share is taken, white space and comments aside; where nothing was run, that text alone decides. Ties go to the answer
of which the model is most confident, then to the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from core.languages import LanguageSpec
from evaluation.running.probing import Level

_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One answer: how far it got, what it did, its normalised text; `passed` the hidden tests, which is never asked."""

    sample: int
    level: Level
    behaviours: tuple[str, ...]
    text: str
    confidence: float | None
    passed: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """The answer, and how many of how many did the same."""

    candidate: Candidate
    agreeing: int
    of: int


def choose(candidates: Sequence[Candidate]) -> Choice:
    """The answer by agreement. Raises `ValueError` for none."""
    furthest = _furthest(candidates, Level.SHOWN)
    agreeing = _largest(furthest, lambda candidate: candidate.behaviours)
    same = _largest(agreeing, lambda candidate: candidate.text)
    return Choice(min(same, key=_rank), len(agreeing), len(candidates))


def first_that_runs(candidates: Sequence[Candidate]) -> Candidate:
    """The first answer that runs, whatever it does; of several that do not, the first that got furthest."""
    return min(_furthest(candidates, Level.RAN), key=lambda candidate: candidate.sample)


def normalised(code: str, language: LanguageSpec | None) -> str:
    """A program's tokens, without white space and lines that are comments."""
    openers = tuple(language.line_comments) if language else ()
    lines = (line for line in code.splitlines() if not (openers and line.lstrip().startswith(openers)))
    return " ".join(_TOKEN.findall("\n".join(lines)))


def _furthest(candidates: Sequence[Candidate], most: Level) -> list[Candidate]:
    if not candidates:
        raise ValueError("no answers to choose from")
    best = max(min(candidate.level, most) for candidate in candidates)
    return [candidate for candidate in candidates if min(candidate.level, most) == best]


def _largest(candidates: Sequence[Candidate], key: Callable[[Candidate], Hashable]) -> list[Candidate]:
    """The largest group; of several, the one with the member that ranks first."""
    groups: dict[Hashable, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(key(candidate), []).append(candidate)
    return min(groups.values(), key=lambda group: (-len(group), min(map(_rank, group))))


def _rank(candidate: Candidate) -> tuple[float, int]:
    return -(candidate.confidence or 0.0), candidate.sample
