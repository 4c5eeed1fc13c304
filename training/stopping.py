"""End a training of transformers' Trainer at a signal, after a checkpoint."""

from __future__ import annotations

import math
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from core.errors import TrainingError


def refuse_no_number(step: int, loss: float, gradient_norm: float, rate: str = "optimizer.learning_rate") -> None:
    """Raise `TrainingError` for a loss or a gradient that is none; `rate` is the setting to lower."""
    if not math.isfinite(loss) or not math.isfinite(gradient_norm):
        raise TrainingError(
            f"loss {loss} and gradient norm {gradient_norm} at step {step} are no numbers to learn from; lower {rate}, "
            f"or look at the base model's weights"
        )


class StopAtSignal(TrainerCallback):
    """Within `signals()`, SIGTERM and SIGINT write a checkpoint after the current step and end the training.

    `interrupted` tells whether one came.
    """

    def __init__(self) -> None:
        self.interrupted = False

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Answer the signals in here, and as before afterwards."""
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Stop where a signal asked for it."""
        if self.interrupted:
            control.should_save = True
            control.should_training_stop = True

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.interrupted = True


class StopWhenOver(StopAtSignal):
    """Ends the training too where nothing was measured to be better for `patience` measurements; `None`: never."""

    def __init__(self, patience: int | None, measure_every_steps: int) -> None:
        super().__init__()
        self._patience_steps = patience * measure_every_steps if patience else None

    def is_over(self, state: TrainerState) -> bool:
        """Whether a checkpoint with this state is a training's last: its steps are done, or its patience is."""
        waited = state.global_step - (state.best_global_step or 0)
        impatient = self._patience_steps is not None and waited >= self._patience_steps
        return state.global_step >= state.max_steps or impatient

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """End early where nothing got better for long enough; a checkpoint's state alone decides it."""
        if self.is_over(state):
            control.should_training_stop = True
