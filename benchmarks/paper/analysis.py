"""The analysis that the plan names: shares, McNemar by seed, differences over all seeds by families of tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.scoring.statistics import Interval, PairedTest, holm, paired_test

DRAWS = 20_000

Passed = Mapping[str, bool]
"""Task -> passed, of one arm and seed."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """One arm against another on the same tasks.

    `difference` is of the shares of passed tasks, first less second, mean over seeds; its 95 % interval is that of a
    bootstrap over families of tasks, because tasks of a family are alike. `tests` are McNemar's, one a seed;
    `corrected` their p values by Holm over all contrasts of that seed.
    """

    first: str
    second: str
    difference: Interval
    tests: tuple[PairedTest, ...]
    corrected: tuple[float, ...]


def contrast(
    first: str, second: str, arms: Mapping[str, Sequence[Passed]], family: Mapping[str, str]
) -> tuple[Interval, tuple[PairedTest, ...]]:
    """The difference over all seeds, and the test of each seed; an arm with one run is the same for all seeds."""
    seeds = max(len(arms[first]), len(arms[second]))
    pairs = [(_of(arms[first], seed), _of(arms[second], seed)) for seed in range(seeds)]
    differences: dict[str, list[float]] = {}
    for one, other in pairs:
        for task in one:
            differences.setdefault(family[task], []).append(float(one[task]) - float(other[task]))
    return by_families(list(differences.values())), tuple(paired_test(one, other) for one, other in pairs)


def by_families(groups: Sequence[Sequence[float]], seed: int = 0) -> Interval:
    """A mean with the percentile interval of a bootstrap that draws whole groups (Davison and Hinkley 1997, 3.8)."""
    sums = np.array([sum(group) for group in groups])
    sizes = np.array([len(group) for group in groups])
    drawn = np.random.default_rng(seed).integers(0, len(groups), size=(DRAWS, len(groups)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(sums.sum() / sizes.sum()), float(low), float(high))


def contrasts(
    wanted: Sequence[tuple[str, str]], arms: Mapping[str, Sequence[Passed]], family: Mapping[str, str]
) -> list[Contrast]:
    """All contrasts, with the p values of each seed corrected together."""
    found = [(first, second, *contrast(first, second, arms, family)) for first, second in wanted]
    seeds = max((len(tests) for *_, tests in found), default=0)
    corrected = [holm([tests[min(seed, len(tests) - 1)].p_value for *_, tests in found]) for seed in range(seeds)]
    return [
        Contrast(first, second, difference, tests, tuple(corrected[seed][place] for seed in range(len(tests))))
        for place, (first, second, difference, tests) in enumerate(found)
    ]


def _of(runs: Sequence[Passed], seed: int) -> Passed:
    return runs[seed] if seed < len(runs) else runs[0]
