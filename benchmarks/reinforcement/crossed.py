"""The interval of a difference where tasks share the steps that they are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.paper.analysis import DRAWS, Passed
from evaluation.scoring.statistics import Interval


def crossed(first: Sequence[Passed], second: Sequence[Passed], kinds: Mapping[str, str], seed: int = 0) -> Interval:
    """Mean difference over seeds, `first` less `second`, with the percentile interval of a pigeonhole bootstrap (Owen
    2007, arXiv 0712.1111): the parts of a kind's name, joined by "-", are each drawn with replacement, and a task
    counts as often as all its parts are drawn. An arm with one run is the same for all seeds.

    Wider than over kinds, since a step that was learned moves all kinds that have it.
    """
    count = max(len(first), len(second))
    tasks = list(kinds)
    differences = np.array(
        [
            sum(
                float(first[min(run, len(first) - 1)][task]) - second[min(run, len(second) - 1)][task]
                for run in range(count)
            )
            / count
            for task in tasks
        ]
    )
    draw = np.random.default_rng(seed)
    weights = np.ones((DRAWS, len(tasks)))
    for parts in zip(*(kinds[task].split("-") for task in tasks), strict=True):
        names, places = np.unique(parts, return_inverse=True)
        weights *= draw.multinomial(len(names), np.full(len(names), 1 / len(names)), size=DRAWS)[:, places]
    totals = weights.sum(axis=1)
    means = (weights @ differences)[totals > 0] / totals[totals > 0]
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(differences.mean()), float(low), float(high))
