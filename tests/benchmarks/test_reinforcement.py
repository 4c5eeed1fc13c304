"""The experiment on reinforcement: no kind in two parts, final kinds that were never measured on, and its interval."""

from __future__ import annotations

import pytest

from benchmarks.reinforcement.__main__ import kind_of
from benchmarks.reinforcement.crossed import crossed
from benchmarks.reinforcement.family import Part, problems
from benchmarks.reinforcement.rounds import ROUNDS, Round


def kinds(round_: Round, part: Part) -> set[str]:
    drawn = problems(part, round_.kinds[part], round_.counts[part], round_.draw)
    return {kind_of(problem.id) for problem in drawn}


@pytest.mark.parametrize("round_", ROUNDS.values(), ids=str)
def test_no_kind_is_in_two_parts(round_: Round) -> None:
    parts = [kinds(round_, part) for part in round_.kinds]
    assert len(set().union(*parts)) == sum(map(len, parts))


def test_what_the_second_round_ends_with_was_not_measured_on_in_the_first() -> None:
    first, second = ROUNDS[1], ROUNDS[2]
    assert not kinds(second, "final") & (kinds(first, "final") | kinds(first, "development"))


def test_a_difference_that_one_shared_step_makes_is_uncertain_over_steps() -> None:
    names = [f"{kept}-{changed}-{printed}" for kept in "abcd" for changed in "efgh" for printed in "ijkl"]
    kinds_of = {name: name for name in names}
    nothing = dict.fromkeys(names, False)
    one_step = {name: name.startswith("a") for name in names}
    every = dict.fromkeys(names, True)
    found = crossed([one_step], [nothing], kinds_of)
    assert found.estimate == pytest.approx(1 / 4)
    assert found.low == 0  # "a" is drawn in no fourth part of the worlds: (3/4)**4 = 0.32
    assert found.high >= 0.5
    certain = crossed([every, every], [nothing], kinds_of)
    assert (certain.low, certain.high) == (1, 1)
