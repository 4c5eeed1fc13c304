"""What a sensible person takes: tables."""

from __future__ import annotations

import pytest

from evaluation.replay.person import Choice, Habits, Verdict, choice, reaction_s

CASES = [
    # proposal, expected, what is made of it
    ("compute(x)", "compute(x)\nrest", Choice(Verdict.WHOLE, 10, 1)),
    ("abc", "abcdef", Choice(Verdict.SHORT)),
    ("abcd", "abcdef", Choice(Verdict.WHOLE, 4, 1)),
    ("other", "compute(x)", Choice(Verdict.WRONG)),
    ("compute", "", Choice(Verdict.WRONG)),
    ("compute(y)", "compute(x)", Choice(Verdict.PART, 8, 2)),
    ("computed", "compute(x)", Choice(Verdict.UNUSED)),  # the word goes on: taking a part of it helps nobody
    ("compute + 1", "computed + 1", Choice(Verdict.UNUSED)),
    ("first = 1\nsecond = 2", "first = 1\nsecond = 3", Choice(Verdict.PART, 9, 1)),
    ("a = 1\nb = 2\nc = 3", "a = 1\nb = 2\nd", Choice(Verdict.PART, 11, 2)),
    ("a, b)", "a, b", Choice(Verdict.PART, 4, 3)),  # the editor's own bracket stands behind the cursor
]


@pytest.mark.parametrize(("proposal", "expected", "made"), CASES)
def test_choice(proposal: str, expected: str, made: Choice) -> None:
    assert choice(proposal, expected, 4) == made


@pytest.mark.parametrize(("proposal", "expected", "made"), CASES)
def test_what_is_taken_agrees(proposal: str, expected: str, made: Choice) -> None:
    assert proposal[: made.characters] == expected[: made.characters]
    assert bool(made.characters) == bool(made.strokes)


def test_the_reaction_is_the_same_for_the_same_seed_and_within_its_bounds() -> None:
    habits = Habits(reaction_ms=200, reaction_spread_ms=50)
    times = [reaction_s(habits, str(seed)) for seed in range(200)]
    assert times == [reaction_s(habits, str(seed)) for seed in range(200)]
    assert 0.15 <= min(times) < 0.17
    assert 0.23 < max(times) <= 0.25
