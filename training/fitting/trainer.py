"""Transformers' Trainer, made to be killed.

Guarantees: a training goes on from a checkpoint that was written whole, or begins anew; on a CPU it then arrives, bit
for bit, at the weights of one that was left alone (rows are taken in order, and all random states are saved); SIGTERM
and SIGINT write a checkpoint after the current step and end it; a loss that is no number ends it within a few steps,
and no later than the last one. Not guaranteed: the same bits on a GPU, whose sums may be made in another order.
"""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import Any

from torch.utils.data import Dataset, Sampler, SequentialSampler
from transformers import PrinterCallback, Trainer, TrainerControl, TrainerState, TrainingArguments

from core.files import synced
from training.curve import append_point
from training.fitting.heldout import HeldOutTexts, bits_per_byte, together
from training.fitting.packing import Rows
from training.fitting.progress import Tell
from training.fitting.settings import FitSettings
from training.stopping import StopWhenOver, refuse_no_number

_WHOLE = "whole"
_METRIC = "bits_per_byte"


def is_whole(checkpoint: Path) -> bool:
    """Whether a checkpoint is there and was written to its end."""
    return (checkpoint / _WHOLE).exists()


def seal_checkpoint(checkpoint: Path) -> None:
    """Mark a checkpoint as written to its end, once the disk has it."""
    for path in checkpoint.iterdir():
        synced(path)
    (checkpoint / _WHOLE).touch()
    synced(checkpoint)


def last_whole_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that was written to its end; those that were not are removed."""
    found: list[tuple[int, Path]] = []
    for path in folder.glob("checkpoint-*"):
        if not is_whole(path):
            shutil.rmtree(path)
        elif number := re.fullmatch(r"checkpoint-(\d+)", path.name):
            found.append((int(number[1]), path))
    return max(found)[1] if found else None


class FitTrainer(Trainer):
    """A Trainer that takes rows in order, measures bits per byte, and tells whole checkpoints from others."""

    def __init__(self, held_out: HeldOutTexts, watch: Watch, **options: Any) -> None:
        super().__init__(callbacks=[watch], **options)
        self.remove_callback(PrinterCallback)
        self._held_out = held_out
        self._watch = watch

    def _get_train_sampler(self, train_dataset: Dataset[Any] | None = None) -> Sampler[int]:
        return SequentialSampler(train_dataset or self.train_dataset)  # type: ignore[arg-type]

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Measure, write a point of the curve, and tell the callbacks."""
        spread = self.args.world_size > 1
        bits = bits_per_byte(self.model, self._held_out, forward=self.model_wrapped if spread else None)  # type: ignore[arg-type]
        if self.is_world_process_zero():
            self._watch.write(self.state.global_step, {"bits_per_byte": {k: round(v, 5) for k, v in bits.items()}})
        metrics = {f"eval_{_METRIC}": together(self._held_out, bits)}
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        if self.is_world_process_zero():
            seal_checkpoint(Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}")


class Watch(StopWhenOver):
    """Writes the curve, tells how it goes, and ends the training at a signal, or where nothing gets better."""

    def __init__(self, rows: Rows, settings: FitSettings, curve: Path, tell: Tell) -> None:
        super().__init__(settings.patience, settings.measure_every_steps)
        self._rows = rows
        self._rows_per_step = settings.rows_per_step
        self._curve = curve
        self._tell = tell
        self._mark = (0, 0.0)

    def tokens(self, step: int) -> int:
        """Tokens seen after `step` steps, padding not counted."""
        return self._rows.tokens_in(step * self._rows_per_step)

    def write(self, step: int, values: dict[str, Any]) -> None:
        """Add a point to the curve."""
        append_point(self._curve, {"step": step, "tokens": self.tokens(step), **values})

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Tell where it begins."""
        self._mark = (self.tokens(state.global_step), time.monotonic())
        if state.is_world_process_zero:
            self._tell({"step": state.global_step, "steps": state.max_steps})

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Look at the loss in the last step too; stop where a signal asked for it."""
        super().on_step_end(args, state, control, **kwargs)
        control.should_log |= state.global_step >= state.max_steps

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """A point of the curve with loss and speed. Raises `TrainingError` for a loss that is no number."""
        if not logs or "loss" not in logs or not state.is_world_process_zero:
            return
        tokens, now = self.tokens(state.global_step), time.monotonic()
        speed = (tokens - self._mark[0]) / max(now - self._mark[1], 1e-9)
        self._mark = (tokens, now)
        loss = float(logs["loss"])
        norm = float(logs.get("grad_norm") or 0.0)
        refuse_no_number(state.global_step, loss, norm)
        point = {"loss": round(loss, 5), "tokens_per_s": round(speed)}
        self.write(state.global_step, point)
        self._tell({**point, "step": state.global_step, "steps": state.max_steps})

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Tell the measured bits per byte; measuring does not count as training time."""
        self._mark = (self.tokens(state.global_step), time.monotonic())
        if state.is_world_process_zero:
            self._tell({"step": state.global_step, "steps": state.max_steps, **(metrics or {})})
