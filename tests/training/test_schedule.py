"""Warm-up, stable, decay."""

from __future__ import annotations

import itertools

import pytest

from training.schedule import rate_factor


def test_it_rises_stays_and_falls() -> None:
    factors = [rate_factor(step, [100], 10, 0.2) for step in range(100)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[9:80] == [1.0] * 71
    assert all(a > b for a, b in itertools.pairwise(factors[79:]))
    assert 0 < factors[99] < 0.05


def test_what_comes_before_the_decay_does_not_depend_on_the_total() -> None:
    assert [rate_factor(s, [100], 10, 0.2) for s in range(80)] == [rate_factor(s, [1000], 10, 0.2) for s in range(80)]


def test_without_decay_it_stays() -> None:
    assert rate_factor(99, [100], 0, 0.0) == 1.0


def test_a_further_cycle_rises_to_the_peak_and_falls_again() -> None:
    factors = [rate_factor(step, [100, 200], 10, 0.2) for step in range(200)]
    assert factors[:100] == factors[100:]
    assert factors[:100] == [rate_factor(step, [100], 10, 0.2) for step in range(100)]
