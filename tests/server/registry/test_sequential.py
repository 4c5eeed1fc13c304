"""The canary's test: how often it errs, by simulation, and what it decides.

Simulated users differ: each has an acceptance rate of its own, from a beta distribution, and a number of offers a day
of its own. The test looks after every day of sixty, and stops at its first decision.
"""

from __future__ import annotations

import math
import random

import pytest

from server.registry.canaries import gets_candidate
from server.registry.models_file import CanaryPolicy
from server.registry.sequential import Decision, UserFigures, decide, interval

POLICY = CanaryPolicy(candidate="new", share=0.1, margin=0.02, alpha=0.05)
RUNS, DAYS = 200, 60


def side(draw: random.Random, users: int, rate: float, latency_ms: float = 100.0) -> list[dict[str, float]]:
    spread = 10.0
    return [
        {
            "rate": draw.betavariate(spread * rate, spread * (1 - rate)),
            "a_day": draw.uniform(5, 80),
            "latency": latency_ms * draw.lognormvariate(0, 0.3),
        }
        for _ in range(users)
    ]


def lived(draw: random.Random, user: dict[str, float], before: UserFigures) -> UserFigures:
    """One more day."""
    offers = round(draw.uniform(0.5, 1.5) * user["a_day"])
    mean = offers * user["rate"]
    accepted = min(max(round(draw.gauss(mean, math.sqrt(max(mean * (1 - user["rate"]), 0.01)))), 0), offers)
    latency = user["latency"] * (offers + draw.gauss(0, 0.8 * math.sqrt(max(offers, 1))))
    return UserFigures(
        before.offered + offers, before.accepted + accepted, before.latency_ms + latency, before.measured + offers
    )


def outcomes(candidate_rate: float, incumbent_rate: float, slower: float = 1.0) -> dict[str, float]:
    """Share of runs that end in each action; the rest of the runs decide nothing in sixty days."""
    draw = random.Random(1)
    counts = {"promote": 0, "roll back": 0, "wait": 0}
    for _ in range(RUNS):
        sides = [side(draw, 40, candidate_rate, 100 * slower), side(draw, 160, incumbent_rate)]
        figures = [[UserFigures(0, 0)] * len(users) for users in sides]
        decision = Decision("wait", "")
        for _ in range(DAYS):
            figures = [
                [lived(draw, user, before) for user, before in zip(users, known, strict=True)]
                for users, known in zip(sides, figures, strict=True)
            ]
            decision = decide(POLICY, *figures)
            if decision.action != "wait":
                break
        counts[decision.action] += 1
    return {action: count / RUNS for action, count in counts.items()}


def test_a_candidate_at_the_margin_is_seldom_promoted_and_seldom_rolled_back() -> None:
    """The hardest case: each of the two is an error of at most alpha / 2, here with the simulation's own error."""
    found = outcomes(0.30 - POLICY.margin, 0.30)
    tolerance = 2.0 * math.sqrt(POLICY.alpha / 2 / RUNS)
    assert found["promote"] <= POLICY.alpha / 2 + tolerance
    assert found["roll back"] <= POLICY.alpha / 2 + tolerance


def test_a_much_better_candidate_is_promoted_and_a_much_worse_one_rolled_back() -> None:
    assert outcomes(0.45, 0.30)["promote"] > 0.8
    assert outcomes(0.12, 0.30)["roll back"] > 0.8


def test_a_slower_candidate_is_rolled_back_however_good() -> None:
    found = outcomes(0.30, 0.30, slower=2.0)
    assert found["roll back"] > 0.8


def test_few_users_decide_nothing_however_clear() -> None:
    clear = [UserFigures(1000, 0)] * 5
    assert decide(POLICY, clear, [UserFigures(1000, 900)] * 500).action == "wait"


def test_without_latencies_acceptance_alone_decides() -> None:
    worse = [UserFigures(200, 10 + number % 5) for number in range(40)]
    better = [UserFigures(200, 100 + number % 9) for number in range(40)]
    assert decide(POLICY, worse, better).action == "roll back"
    promoted = decide(POLICY, better, worse)
    assert promoted.action == "promote"
    assert promoted.why.startswith("acceptance +4")


def test_one_user_with_very_many_offers_is_not_many_users() -> None:
    """As many offers, of the same acceptance: the interval is wide where one user makes most of them."""
    even = [(30.0 + number % 7, 100) for number in range(50)]
    uneven = [*even[:49], (3000.0, 5000)]
    narrow, wide = interval(even, even, 0.05, 0.05), interval(uneven, even, 0.05, 0.05)
    assert narrow is not None
    assert wide is not None
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_the_share_is_the_share(share: float) -> None:
    policy = CanaryPolicy(candidate="new", share=share)
    users = [f"user-{number}" for number in range(4000)]
    got = sum(gets_candidate("levy", policy, user) for user in users) / len(users)
    assert got == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / len(users)))
