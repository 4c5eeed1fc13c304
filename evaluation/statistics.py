"""Statistics of benchmark results: scores with intervals, and whether one checkpoint beats another on the same tasks.

Pure functions over counts; scipy does the distributions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its confidence interval."""

    estimate: float
    low: float
    high: float


def share(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """A share with Wilson's score interval (Wilson 1927). Raises `ValueError` without trials."""
    found = binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    return Interval(successes / trials, float(found.low), float(found.high))


def pass_at_k(samples: int, passed: int, k: int) -> float:
    """Chance that of `k` samples, drawn without replacement, one passes: unbiased (Chen et al., arXiv 2107.03374).

    Raises `ValueError` unless 1 <= k <= samples and 0 <= passed <= samples.
    """
    if not (1 <= k <= samples and 0 <= passed <= samples):
        raise ValueError(f"pass@{k} of {passed} in {samples} samples: 1 <= k <= samples and passed <= samples needed")
    return 1.0 - math.comb(samples - passed, k) / math.comb(samples, k)


def mean_pass_at_k(
    counts: Sequence[tuple[int, int]], k: int, *, confidence: float = 0.95, draws: int = 10_000, seed: int = 0
) -> Interval:
    """Mean pass@k over tasks, each `(samples, passed)`, with the interval of a bootstrap over tasks."""
    values = np.array([pass_at_k(samples, passed, k) for samples, passed in counts])
    if not len(values):
        raise ValueError("no tasks to take a mean of")
    drawn = np.random.default_rng(seed).integers(0, len(values), size=(draws, len(values)))
    tail = (1 - confidence) / 2 * 100
    low, high = np.percentile(values[drawn].mean(axis=1), [tail, 100 - tail])
    return Interval(float(values.mean()), float(low), float(high))


@dataclass(frozen=True, slots=True)
class PairedTest:
    """Two checkpoints on the same tasks, of which only those where they differ tell anything.

    `won` tasks were passed by the first alone, `lost` by the second alone. `odds` is won / lost; its interval is the
    exact one of a binomial share (Clopper and Pearson 1934), as odds. `p_value` is McNemar's exact, two-sided.
    """

    won: int
    lost: int
    p_value: float
    odds: Interval


def mcnemar(won: int, lost: int, confidence: float = 0.95) -> PairedTest:
    """McNemar's exact test (McNemar 1947) on the tasks where two checkpoints differ; p is 1 where they never do."""
    if won == lost == 0:
        return PairedTest(0, 0, 1.0, Interval(math.nan, 0.0, math.inf))
    test = binomtest(won, won + lost, 0.5)
    found = test.proportion_ci(confidence, method="exact")
    odds = Interval(_odds(won / (won + lost)), _odds(float(found.low)), _odds(float(found.high)))
    return PairedTest(won, lost, float(test.pvalue), odds)


def paired_test(first: Mapping[str, bool], second: Mapping[str, bool]) -> PairedTest:
    """`mcnemar` of task -> passed. Raises `ValueError` where the two were not run on the same tasks."""
    if odd := first.keys() ^ second.keys():
        raise ValueError(f"{len(odd)} tasks are only in one of the two, such as {min(odd)}")
    won = sum(first[task] and not second[task] for task in first)
    lost = sum(second[task] and not first[task] for task in first)
    return mcnemar(won, lost)


def holm(p_values: Sequence[float]) -> list[float]:
    """P values of several comparisons, corrected so that the chance of any false one is kept (Holm 1979)."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = highest
    return corrected


def _odds(probability: float) -> float:
    return math.inf if probability >= 1 else probability / (1 - probability)
