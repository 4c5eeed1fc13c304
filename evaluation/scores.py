"""Scores of one proposal, and whether a difference between two proposers is real.

Edit similarity is 1 - Levenshtein distance / the longer length, in characters. The interval is a paired cluster
bootstrap: whole files are drawn with replacement, because positions of one file resemble each other.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein

_WORD = re.compile(r"[^\W\d]\w*")


def exact_match(proposed: str, target: str) -> bool:
    """Equal, but for white space at the end."""
    return proposed.rstrip() == target.rstrip()


def edit_similarity(proposed: str, target: str) -> float:
    """From 0 to 1; white space at the end does not count."""
    return Levenshtein.normalized_similarity(proposed.rstrip(), target.rstrip())


def identifier_match(proposed: str, target: str) -> bool | None:
    """Whether both hold the same names in the same order; `None` where the target holds none."""
    names = _WORD.findall(target)
    return _WORD.findall(proposed) == names if names else None


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of `first - second` over positions, with the 95 % interval; `real` if that leaves out zero."""

    mean: float
    low: float
    high: float

    @property
    def real(self) -> bool:
        """Whether the whole interval lies on one side of zero."""
        return self.low > 0 or self.high < 0


def paired_bootstrap(
    first: Sequence[float],
    second: Sequence[float],
    clusters: Sequence[Hashable],
    *,
    draws: int = 10_000,
    seed: int = 0,
) -> Difference:
    """The difference of two scores of the same positions, `clusters[i]` being position i's file.

    Raises `ValueError` if the lengths differ or there is no position.
    """
    if not len(first) == len(second) == len(clusters) or not first:
        raise ValueError(
            f"{len(first)}, {len(second)} scores and {len(clusters)} clusters; equal and at least 1 needed"
        )
    numbers = {cluster: number for number, cluster in enumerate(dict.fromkeys(clusters))}
    of = np.array([numbers[cluster] for cluster in clusters])
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    sums = np.bincount(of, weights=differences)
    sizes = np.bincount(of)
    drawn = np.random.default_rng(seed).integers(0, len(sums), size=(draws, len(sums)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Difference(float(differences.mean()), float(low), float(high))
