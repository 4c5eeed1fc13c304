"""How a training with rewards goes: its curve, its examples, and when it ends before its last step.

It ends early where the held-out pass rate has not risen for as long as `patience` says; with `TrainingError` where no
answer's reward has differed from another's for `constant_steps` steps, since there is nothing to learn then, and where
loss or gradient are no numbers.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import TrainerControl, TrainerState, TrainingArguments

from core.errors import TrainingError
from training.curve import append_point, read_curve
from training.fitting.progress import Tell
from training.reinforcement.rewards import REWARDS, Graded
from training.reinforcement.settings import ReinforceSettings
from training.stopping import StopWhenOver, refuse_no_number

METRIC = "pass_rate"
EXAMPLES = "examples.jsonl"
_SAME = "frac_reward_zero_std"
_TOLD = {"entropy": "entropy", "kl": "kl", "completions/mean_length": "length"}


class Watch(StopWhenOver):
    """Writes `curve.jsonl` and `examples.jsonl` into `folder`, tells, and ends the training."""

    def __init__(self, settings: ReinforceSettings, folder: Path, tell: Tell) -> None:
        super().__init__(settings.patience, settings.measure_every_steps)
        self._settings = settings
        self._folder = folder
        self._tell = tell
        self._constant = 0
        self._began_s = time.monotonic()
        self._waited_s = 0.0
        self._passed = 0.0
        self._tricks: dict[str, int] = {}
        self._tokens = 0
        self.generated_s = 0.0
        """Seconds of generation in this step."""

    @property
    def curve(self) -> Path:
        """Where the curve is written."""
        return self._folder / "curve.jsonl"

    def graded(self, grades: Sequence[Graded], waited_s: float) -> None:
        """A step's answers are graded; `waited_s` is what was waited for their programs."""
        self._waited_s += waited_s
        self._passed = sum(map(REWARDS["passed"], grades)) / len(grades)
        for each in grades:
            if each.verified and each.verified.trick:
                self._tricks[each.verified.trick] = self._tricks.get(each.verified.trick, 0) + 1

    def measured(self, step: int, rate: float, answers: Sequence[tuple[str, str, Graded]]) -> None:
        """A held-out measurement: a point of the curve, and the answers to the first tasks as examples."""
        append_point(
            self.curve, {"step": step, "tokens": self._tokens, METRIC: round(rate, 5), "held_out": len(answers)}
        )
        with (self._folder / EXAMPLES).open("a", encoding="utf-8") as file:
            for task, text, graded in answers[: self._settings.examples]:
                verdict = graded.verified.verdict.value if graded.verified else "no_code"
                file.write(json.dumps({"step": step, "task": task, "verdict": verdict, "answer": text}) + "\n")

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Tell where it begins; what the curve says of the last steps counts on where a training goes on."""
        self._began_s = time.monotonic()
        shares = [point["same"] for point in read_curve(self.curve) if "same" in point]
        self._constant = sum(1 for _ in itertools.takewhile(_is_constant, reversed(shares)))
        if state.is_world_process_zero:
            self._tell({"step": state.global_step, "steps": state.max_steps})

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Stop where a signal asked for it, and the next step has answers of its own."""
        if state.global_step % self._settings.policy.iterations == 0:
            super().on_step_end(args, state, control, **kwargs)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """A point of the curve. Raises `TrainingError` for a constant reward and for a loss that is no number."""
        if not logs or not state.is_world_process_zero:
            return
        step, now = state.global_step, time.monotonic()
        loss, norm = float(logs.get("loss", 0.0)), float(logs.get("grad_norm") or 0.0)
        refuse_no_number(step, loss, norm, "policy.learning_rate")
        if "reward" not in logs:  # a further step on the same answers
            return
        reward = float(logs["reward"])
        self._tokens = int(logs.get("num_tokens", 0))
        seconds_s = max(now - self._began_s, 1e-9)
        parts = {name: round(logs[f"rewards/{name}/mean"], 5) for name in self._settings.rewards}
        point = {
            "tokens": self._tokens,
            "loss": round(loss, 6),
            "reward": round(reward, 5),
            "parts": parts,
            "passed": round(self._passed, 5),
            "same": round(float(logs.get(_SAME, 0.0)), 5),
            "cut_off": round(float(logs.get("completions/clipped_ratio", 0.0)), 5),
            "seconds_s": round(seconds_s, 3),
            "generated_s": round(self.generated_s, 3),
            "waited_s": round(self._waited_s, 3),
            **{short: round(float(logs[name]), 5) for name, short in _TOLD.items() if logs.get(name) is not None},
            **({"tricks": dict(self._tricks)} if self._tricks else {}),
        }
        append_point(self.curve, {"step": step, **point})
        shown = [f"reward {reward:.3f}", f"passed {self._passed:.0%}", f"length {point.get('length', 0):.0f}"]
        shown += [f"{name} {point[name]:.3f}" for name in ("entropy", "kl") if name in point]
        self._tell({"step": step, "steps": state.max_steps, "shown": ", ".join(shown)})
        self._begin_step()
        self._refuse_constant(step, float(logs.get(_SAME, 0.0)), reward)

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Tell the held-out pass rate; measuring is no part of a step."""
        self._began_s = time.monotonic()
        rate = (metrics or {}).get(f"eval_{METRIC}", 0.0)
        if state.is_world_process_zero:
            news = {"step": state.global_step, "steps": state.max_steps, "measured": f"{rate:.1%} held out pass"}
            self._tell(news)

    def _begin_step(self) -> None:
        self._began_s, self._waited_s, self.generated_s, self._tricks = time.monotonic(), 0.0, 0.0, {}

    def _refuse_constant(self, step: int, same: float, reward: float) -> None:
        self._constant = self._constant + 1 if _is_constant(same) else 0
        if self._constant >= self._settings.constant_steps:
            raise TrainingError(
                f"the answers to each task got the same reward for {self._constant} steps, now {reward:g} at step "
                f"{step}, so that nothing is learned; take tasks that are solved sometimes (vernacular benchmarks "
                f"select), raise temperature or samples, or give partial credit"
            )


def _is_constant(same: float) -> bool:
    """Whether, by the share of tasks whose answers got one reward each, nothing is learned from a step."""
    return same >= 1.0
