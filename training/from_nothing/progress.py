"""Watch a training run: speed, loss, held-out bits per byte, time left; a curve on disk; stop at a signal.

The curve is `curve.jsonl`, one `{"step", "tokens", "loss"?, "tokens_per_s"?, "bits_per_byte"?}` a line. After an
interruption, lines behind the checkpoint are dropped, so that the curve never holds a step twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel, TrainerControl, TrainerState, TrainingArguments

from training.curve import append_point, cut_back
from training.from_nothing.measure import HeldOut
from training.from_nothing.recipe import PretrainStage
from training.stopping import StopAtSignal


class Watch(StopAtSignal):
    """A Trainer callback; see the module."""

    def __init__(self, stage: PretrainStage, held_out: HeldOut, curve: Path, say: Callable[[str], None]) -> None:
        super().__init__()
        self._stage = stage
        self._held_out = held_out
        self._curve = curve
        self._say = say
        self._mark = (0, 0.0)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Cut the curve back to the checkpoint."""
        self._mark = (state.global_step, time.monotonic())
        cut_back(self._curve, state.global_step)
        if state.global_step == 0:
            self._measure(kwargs["model"], 0)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Measure at every `evaluate_every_tokens` and at the end; stop where a signal asked for it."""
        every = max(1, self._stage.evaluate_every_tokens // self._stage.tokens_per_step)
        if state.global_step % every == 0 or state.global_step >= state.max_steps:
            started = time.monotonic()
            self._measure(kwargs["model"], state.global_step)
            self._mark = (self._mark[0], self._mark[1] + time.monotonic() - started)
        super().on_step_end(args, state, control, **kwargs)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """One line of speed, loss and time left."""
        if not logs or "loss" not in logs:
            return
        step, (before, then) = state.global_step, self._mark
        speed = (step - before) * self._stage.tokens_per_step / max(time.monotonic() - then, 1e-9)
        self._mark = (step, time.monotonic())
        left_s = (state.max_steps - step) * self._stage.tokens_per_step / max(speed, 1e-9)
        loss = float(logs["loss"])
        self._write({"step": step, "tokens": self._tokens(step), "loss": loss, "tokens_per_s": round(speed)})
        self._say(
            f"step {step}/{state.max_steps}  {self._tokens(step) / 1e6:.2f} M tokens  loss {loss:.3f}  "
            f"{speed:,.0f} tokens/s  {left_s / 60:.0f} min left"
        )

    def _measure(self, model: PreTrainedModel, step: int) -> None:
        bits = {k: round(v, 4) for k, v in self._held_out.bits_per_byte(model).items()}
        self._write({"step": step, "tokens": self._tokens(step), "bits_per_byte": bits})
        self._say(f"step {step}  held-out bits per byte: " + ", ".join(f"{k} {v:.3f}" for k, v in bits.items()))

    def _tokens(self, step: int) -> int:
        return step * self._stage.tokens_per_step

    def _write(self, line: dict[str, Any]) -> None:
        append_point(self._curve, line)
