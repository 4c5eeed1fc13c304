"""Whether a canary's candidate is better or worse than the incumbent, looked at as often as one likes.

An always valid confidence interval: the mixture sequential probability ratio test of Johari, Koomen, Pekelis and Walsh
(arXiv 1512.04922), inverted. A figure of a side is a ratio of sums over its users, and its variance is taken between
users, since one user's offers resemble each other. Guaranteed: for the figures of many users, the chance that an
interval ever leaves out the true difference is at most `alpha`, however often it is looked at; it is shown by
simulation in `tests/server/registry/test_sequential.py`, users that differ and looks after each day included. For few
users the variance is uncertain, so fewer than `LEAST_USERS` on a side decide nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from server.registry.models_file import CanaryPolicy

LEAST_USERS = 20
_ACCEPTANCE_SCALE, _LATENCY_SCALE = 0.05, 0.25
"""The size of differences that the test is most sensitive to: of acceptance, and of latency by the incumbent's."""


@dataclass(frozen=True, slots=True)
class UserFigures:
    """What one user did on one side: offers, how many of them were taken, and the sum of the latencies.

    Latencies are in milliseconds; `measured` says of how many offers there is one.
    """

    offered: int
    accepted: int
    latency_ms: float = 0.0
    measured: int = 0


@dataclass(frozen=True, slots=True)
class Interval:
    """A difference, candidate less incumbent, and between which bounds it surely lies."""

    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and one line why."""

    action: Literal["wait", "promote", "roll back"]
    why: str


def decide(policy: CanaryPolicy, candidate: Iterable[UserFigures], incumbent: Iterable[UserFigures]) -> Decision:
    """What the figures so far allow to be done."""
    ours, theirs = list(candidate), list(incumbent)
    offered = [sum(user.offered for user in side) for side in (ours, theirs)]
    users = [len(side) for side in (ours, theirs)]
    if min(offered) < policy.least_offered or min(users) < LEAST_USERS:
        return Decision(
            "wait",
            f"{offered[0]} offers to {users[0]} users of the candidate, {offered[1]} to {users[1]} of the incumbent; "
            f"{policy.least_offered} to {LEAST_USERS} on each side are needed",
        )
    # acceptance and latency are two questions: each may err half as often
    alpha = policy.alpha / 2
    taken = interval(_acceptances(ours), _acceptances(theirs), alpha, _ACCEPTANCE_SCALE)
    assert taken is not None, "least_offered is at least 1"
    said = f"acceptance {taken.difference:+.1%} ({taken.low:+.1%} to {taken.high:+.1%})"
    usual_ms = _mean_and_variance(_latencies(theirs))
    if usual_ms is not None:
        scale = _LATENCY_SCALE * usual_ms[0]
        slower = interval(_latencies(ours), _latencies(theirs), alpha, scale, times=policy.slower)
        if slower is not None:
            said += f", mean latency {slower.difference:+.0f} ms beside {policy.slower:g} times {usual_ms[0]:.0f} ms"
            if slower.low > 0:
                return Decision("roll back", said)
    if taken.high < -policy.margin:
        return Decision("roll back", said)
    if taken.low > -policy.margin:
        return Decision("promote", said)
    return Decision("wait", said)


Sums = list[tuple[float, int]]
"""For each user a sum and over how many it goes; their ratio over all users is the figure."""


def interval(candidate: Sums, incumbent: Sums, alpha: float, scale: float, *, times: float = 1.0) -> Interval | None:
    """The interval of a figure less `times` the other; `None` where a side has none.

    `scale` is the size of differences that it is narrowest for.
    """
    ours, theirs = _mean_and_variance(candidate), _mean_and_variance(incumbent)
    if ours is None or theirs is None:
        return None
    difference = ours[0] - times * theirs[0]
    variance = max(ours[1] + times**2 * theirs[1], 1e-6 * scale**2)
    whole = variance + scale**2
    half = math.sqrt(variance * whole / scale**2 * (2 * math.log(1 / alpha) + math.log(whole / variance)))
    return Interval(difference, difference - half, difference + half)


def _acceptances(users: Iterable[UserFigures]) -> Sums:
    return [(user.accepted, user.offered) for user in users]


def _latencies(users: Iterable[UserFigures]) -> Sums:
    return [(user.latency_ms, user.measured) for user in users]


def _mean_and_variance(users: Sums) -> tuple[float, float] | None:
    counted = [(total, count) for total, count in users if count]
    weight = sum(count for _, count in counted)
    if len(counted) < 2:
        return None
    mean = sum(total for total, _ in counted) / weight
    squares = sum((total - mean * count) ** 2 for total, count in counted)
    return mean, squares / weight**2 * len(counted) / (len(counted) - 1)
