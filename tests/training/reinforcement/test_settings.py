"""What a recipe's `reinforce` may say, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from training.pipeline.parts import Reinforce
from training.reinforcement.settings import ReinforceSettings


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rewards": {"speed": 1.0}}, "'speed' is no reward; known: passed, partial, ran, compiled, format, brevity"),
        ({"rewards": {"passed": 0.0}}, "every weight is 0"),
        ({"rewards": {}}, "at least 1 item"),
        ({"samples": 1}, "greater than or equal to 2"),
        ({"tasks_per_step": 3, "samples": 5}, "must be a multiple of rows_at_once 16"),
        ({"temperature": 0.0}, "greater than 0"),
        ({"patience": 2, "save_every_steps": 30}, "must be a multiple of save_every_steps"),
        ({"policy": {"iterations": 3}}, "measure_every_steps must be a multiple of policy.iterations"),
        ({"policy": {"ratio": "sequence"}}, "set loss: grpo"),
        ({"strategy": "infill"}, "'zero-shot', 'few-shot'"),
    ],
)
def test_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said.replace("(", "\\(")):
        ReinforceSettings(**settings)


def test_a_step_is_tasks_times_answers() -> None:
    settings = ReinforceSettings(tasks_per_step=4, samples=6, rows_at_once=8)
    assert settings.answers_per_step == 24
    assert settings.fit(100).rows_per_step == 24


@pytest.mark.parametrize(
    ("part", "said"),
    [({"model": "reinforced"}, "begins with the model that it makes"), ({"patience": 2}, "set held_out")],
)
def test_a_part_of_a_recipe(part: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Reinforce(**{"model": "instruct", "tasks": [{"file": "tasks.jsonl"}], **part})
