"""What ends a training with rewards, where it goes on from a checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import TrainerControl, TrainerState, TrainingArguments

from core.errors import TrainingError
from training.curve import append_point
from training.reinforcement.settings import ReinforceSettings
from training.reinforcement.watching import Watch


@pytest.mark.parametrize(("shares", "ends"), [((0.5, 1.0, 1.0), True), ((1.0, 1.0, 0.5), False)])
def test_steps_with_one_reward_before_a_checkpoint_count(tmp_path: Path, shares: tuple[float, ...], ends: bool) -> None:
    watch = Watch(ReinforceSettings(constant_steps=3), tmp_path, lambda _: None)
    for step, same in enumerate(shares, 1):
        append_point(watch.curve, {"step": step, "same": same})
    append_point(watch.curve, {"step": 3, "pass_rate": 0.0})
    arguments, state, control = TrainingArguments(str(tmp_path)), TrainerState(global_step=3), TrainerControl()
    watch.on_train_begin(arguments, state, control)
    state.global_step = 4
    logs = {"reward": 0.0, "rewards/passed/mean": 0.0, "frac_reward_zero_std": 1.0}
    if ends:
        with pytest.raises(TrainingError, match="the same reward for 3 steps"):
            watch.on_log(arguments, state, control, logs)
    else:
        watch.on_log(arguments, state, control, logs)
