"""The parts of a reward: each a small function of what came of an answer. A recipe combines them by weights.

    passed     1 where all hidden tests pass
    partial    the share of the hidden tests that pass
    ran        1 where the program ended well, whatever it printed
    compiled   1 where the language's checker takes it
    format     1 where the answer has the form that was asked for
    brevity    1 for an answer of no tokens, 0 for one that was cut off; only where all hidden tests pass

The terms for form, running and being right are those of arXiv 2506.11027; a pass is Agnostics' (arXiv 2508.04865).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evaluation.verdicts import Verdict
from training.reinforcement.verifier import Verified

Reward = Callable[["Graded"], float]


@dataclass(frozen=True, slots=True)
class Graded:
    """An answer and what came of it. `verified` is `None` where it holds no code."""

    formed: bool
    verified: Verified | None
    tokens: int
    max_tokens: int
    ended: bool


def passed(graded: Graded) -> float:
    """All or nothing: a program is right or it is not."""
    return float(graded.verified is not None and graded.verified.passed)


def partial(graded: Graded) -> float:
    """Credit for each test; `Verifier` then runs them all."""
    found = graded.verified
    return found.share if found is not None else 0.0


def ran(graded: Graded) -> float:
    """It ended with exit status 0 within its limits."""
    return float(graded.verified is not None and graded.verified.verdict in (Verdict.PASSED, Verdict.WRONG_OUTPUT))


def compiled(graded: Graded) -> float:
    """It is a program of the language."""
    return float(graded.verified is not None and graded.verified.compiled)


def formed(graded: Graded) -> float:
    """The strategy's own form: one block of code, or the paper's three blocks."""
    return float(graded.formed)


def brevity(graded: Graded) -> float:
    """Of right answers, the shorter is better."""
    if not passed(graded) or not graded.ended:
        return 0.0
    return max(0.0, 1.0 - graded.tokens / graded.max_tokens)


REWARDS: dict[str, Reward] = {
    "passed": passed,
    "partial": partial,
    "ran": ran,
    "compiled": compiled,
    "format": formed,
    "brevity": brevity,
}
