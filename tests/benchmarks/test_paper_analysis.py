"""The experiment's analysis, by hand."""

from __future__ import annotations

import pytest

from benchmarks.paper.__main__ import scores, shown, table
from benchmarks.paper.analysis import by_families, contrasts

FAMILY = {"a1": "a", "a2": "a", "b1": "b", "b2": "b"}


def passed(*names: str) -> dict[str, bool]:
    return {task: task in names for task in FAMILY}


def test_a_contrast_counts_what_is_won_and_lost_by_seed() -> None:
    arms = {"new": [passed("a1", "a2", "b1"), passed("a1")], "old": [passed("a1")]}
    (found,) = contrasts([("new", "old")], arms, FAMILY)
    assert [(test.won, test.lost) for test in found.tests] == [(2, 0), (0, 0)]
    assert found.difference.estimate == pytest.approx(2 / 8)
    assert found.tests[0].p_value == pytest.approx(0.5)
    assert found.corrected[0] == pytest.approx(0.5)


def test_p_values_of_a_seed_are_corrected_together() -> None:
    every = {f"t{number}": "f" for number in range(12)}
    nothing = dict.fromkeys(every, False)
    all_ = dict.fromkeys(every, True)
    arms = {"new": [all_], "old": [nothing], "same": [all_]}
    first, second = contrasts([("new", "old"), ("new", "same")], arms, every)
    assert first.tests[0].p_value == pytest.approx(2 / 2**12)
    assert first.corrected[0] == pytest.approx(4 / 2**12)
    assert second.corrected[0] == 1.0


def test_the_interval_draws_whole_families() -> None:
    """Two families, one all passed and one all failed: as two observations, everything from 0 to 1 is possible."""
    assert by_families([[1.0] * 50, [0.0] * 50]).low == 0.0
    assert by_families([[1.0] * 50, [0.0] * 50]).high == 1.0
    assert by_families([[1.0], [1.0]]).low == 1.0


def test_the_table_shows_every_arm_and_contrast() -> None:
    arms = {"new": [passed("a1", "b1")], "old": [passed("a1")]}
    found = [shown(each) for each in contrasts([("new", "old")], arms, FAMILY)]
    result = {
        "pass@1": scores(arms, FAMILY),
        "pass@1 contrasts": found,
        "obedience": scores(arms, FAMILY),
        "obedience contrasts": found,
    }
    lines = table(result).splitlines()
    assert lines[2].startswith("| new | 2 of 4 | 50.0% (")
    assert "| new - old | +25.0% (" in table(result)
    assert "| 1 : 0 | 1 |" in table(result)
