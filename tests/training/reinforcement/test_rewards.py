"""The parts of a reward, each for itself."""

from __future__ import annotations

import pytest

from evaluation.verdicts import Verdict
from training.reinforcement.rewards import REWARDS, Graded
from training.reinforcement.verifier import Verified


def graded(verdict: Verdict | None, *, share: float = 0.0, trick: str = "", tokens: int = 25, **more: bool) -> Graded:
    verified = None
    if verdict is not None:
        verified = Verified(verdict, "", verdict is not Verdict.COMPILE_ERROR, share, trick)
    return Graded(more.get("formed", True), verified, tokens, 100, more.get("ended", True))


NO_CODE = graded(None, formed=False)
BROKEN = graded(Verdict.COMPILE_ERROR)
CRASHED = graded(Verdict.RUNTIME_ERROR, share=0.5)
WRONG = graded(Verdict.WRONG_OUTPUT, share=0.25)
RIGHT = graded(Verdict.PASSED, share=1.0)
TRICK = graded(Verdict.PASSED, trick="blunted")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("passed", (0, 0, 0, 0, 1, 0)),
        ("partial", (0, 0, 0.5, 0.25, 1, 0)),
        ("ran", (0, 0, 0, 1, 1, 1)),
        ("compiled", (0, 0, 1, 1, 1, 1)),
        ("format", (0, 1, 1, 1, 1, 1)),
        ("brevity", (0, 0, 0, 0, 0.75, 0)),
    ],
)
def test_a_part(name: str, expected: tuple[float, ...]) -> None:
    assert tuple(REWARDS[name](each) for each in (NO_CODE, BROKEN, CRASHED, WRONG, RIGHT, TRICK)) == expected


def test_every_part_is_tested() -> None:
    assert set(REWARDS) == {"passed", "partial", "ran", "compiled", "format", "brevity"}


def test_brevity_is_for_right_answers_that_ended() -> None:
    assert REWARDS["brevity"](graded(Verdict.PASSED, share=1.0, ended=False)) == 0
    assert REWARDS["brevity"](graded(Verdict.PASSED, share=1.0, tokens=100)) == 0
    assert REWARDS["brevity"](graded(Verdict.PASSED, share=1.0, tokens=0)) == 1
