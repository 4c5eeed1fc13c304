"""The two rounds of the experiment: which kinds of tasks are in which part, and every setting of every arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.reinforcement.family import Part

SAMPLES = 8
LONGEST = 120
"""Tokens of an answer at most."""

_TUNING: dict[str, Any] = {
    "epochs": 2,
    "row_tokens": 512,
    "rows_at_once": 4,
    "tokens_per_step": 4096,
    "measure_every_steps": 1000,
}
TEACHING: dict[str, Any] = {
    **_TUNING,
    "optimizer": {"learning_rate": 1e-3, "beta2": 0.98, "warmup_share": 0.05},
}
REJECTION: dict[str, Any] = {
    **_TUNING,
    "optimizer": {"learning_rate": 3e-4, "beta2": 0.98, "warmup_share": 0.05},
}
_GRPO: dict[str, Any] = {"samples": SAMPLES, "max_new_tokens": LONGEST, "temperature": 1.0, "rows_at_once": 32}


def _wide(learning_rate: float, schedule: str) -> dict[str, Any]:
    """Steps of 128 answers, whose probability may rise by more than it may fall."""
    policy = {"learning_rate": learning_rate, "schedule": schedule, "beta2": 0.95, "clip_high": 0.28}
    return {**_GRPO, "steps": 40, "tasks_per_step": 16, "measure_every_steps": 20, "policy": policy}


@dataclass(frozen=True, slots=True)
class Round:
    """One round. `kinds` are percentiles of a kind's hash, `counts` tasks, by part; `draw` is the seed of constants.

    `grpo` holds the settings of reinforcement by name: `chosen` is what the final run takes, all were tried; those in
    `selected` practise only tasks that the model which begins solves sometimes.
    """

    number: int
    draw: int
    kinds: Mapping[Part, range]
    counts: Mapping[Part, int]
    grpo: Mapping[str, Mapping[str, Any]]
    selected: frozenset[str]
    chosen: str
    seeds: tuple[int, ...]


_ROUNDS = (
    Round(
        number=1,
        draw=0,
        kinds={
            "taught": range(40),
            "practised": range(40, 70),
            "development": range(70, 80),
            "final": range(80, 100),
        },
        counts={"taught": 1200, "practised": 300, "development": 100, "final": 300},
        grpo={
            "narrow": {
                **_GRPO,
                "steps": 60,
                "tasks_per_step": 4,
                "measure_every_steps": 20,
                "policy": {"learning_rate": 1e-4, "schedule": "constant_with_warmup"},
            }
        },
        selected=frozenset(),
        chosen="narrow",
        seeds=(2, 3, 4),
    ),
    Round(
        number=2,
        draw=1,
        kinds={
            "final": range(20),
            "development": range(20, 32),
            "practised": range(32, 62),
            "taught": range(62, 100),
        },
        counts={"taught": 1200, "practised": 300, "development": 300, "final": 400},
        grpo={
            "constant-1e-4": _wide(1e-4, "constant_with_warmup"),
            "constant-3e-4": _wide(3e-4, "constant_with_warmup"),
            "decayed-2e-4": _wide(2e-4, "cosine"),
        },
        selected=frozenset({"decayed-2e-4"}),
        chosen="constant-1e-4",
        seeds=(2, 3, 4),
    ),
)
ROUNDS = {each.number: each for each in _ROUNDS}
"""Number -> round."""
