"""What a person may choose of reinforcement learning, and the job that a recipe makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from core.sandbox import Limits
from evaluation.strategies.registry import StrategyOptions
from training.fitting.settings import FitSettings, LoraSettings, OptimizerSettings
from training.reinforcement.rewards import REWARDS
from training.settings import SettingsModel, Share

FREE = frozenset({"threads", "save_every_steps", "examples", "accelerate"})
"""Settings that may change without changing the result."""


class PolicySettings(SettingsModel):
    """The objective (GRPO, arXiv 2402.03300), in the forms that TRL offers."""

    learning_rate: float = Field(default=1e-6, description="peak rate of AdamW", gt=0)
    schedule: Literal["cosine", "linear", "constant_with_warmup"] = Field(
        default="constant_with_warmup", description="the learning rate after its warm-up"
    )
    warmup_share: Share = Field(default=0.05, description="share of the steps in which the rate rises")
    beta2: float = Field(default=0.999, description="decay of AdamW's second moment", ge=0, lt=1)
    weight_decay: float = Field(default=0.0, description="decoupled", ge=0)
    max_gradient_norm: float = Field(default=1.0, description="gradients are scaled down to this norm", gt=0)
    kl: float = Field(default=0.0, description="weight of the divergence from the model that it began with", ge=0)
    clip: float = Field(default=0.2, description="probability ratios are clipped to 1 - clip ...", gt=0, lt=1)
    clip_high: float | None = Field(default=None, description="... and 1 + clip_high; null: the same", gt=0)
    loss: Literal["grpo", "dr_grpo", "dapo", "bnpo"] = Field(
        default="dapo",
        description="grpo: mean over each answer's tokens; dr_grpo: over a fixed length (arXiv 2503.20783); dapo: over "
        "all tokens of the step (arXiv 2503.14476); bnpo: over all tokens of the rows at once",
    )
    ratio: Literal["token", "sequence"] = Field(
        default="token", description="sequence: of whole answers (GSPO, arXiv 2507.18071)"
    )
    scale: Literal["group", "batch", "none"] = Field(
        default="group", description="what advantages are divided by: the deviation of a task's answers, of the step's"
    )
    iterations: int = Field(default=1, description="optimizer steps on the same answers", ge=1)
    mask_truncated: bool = Field(default=False, description="learn nothing from answers that did not end")

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.ratio == "sequence" and self.loss != "grpo":
            raise ValueError(f"ratio: sequence weighs whole answers, and loss {self.loss} tokens; set loss: grpo")
        return self


class ReinforceSettings(SettingsModel):
    """One training. A step is `tasks_per_step` tasks with `samples` answers each."""

    strategy: Literal["zero-shot", "few-shot", "retrieval", "chain-of-thought", "reasoning-query"] = Field(
        default="zero-shot", description="how tasks are asked, as `vernacular evaluate` does; docs/reinforcement.md"
    )
    options: StrategyOptions = Field(default=StrategyOptions(), description="what the strategy is given")
    rewards: dict[str, float] = Field(
        default={"passed": 1.0}, description=f"parts and their weights: {', '.join(REWARDS)}", min_length=1
    )
    policy: PolicySettings = Field(default=PolicySettings(), description="the objective")
    lora: LoraSettings | None = Field(default=None, description="train an adapter; null: all weights")
    seed: int = Field(default=1, description="of the order of tasks, of sampling, of an adapter's first weights")
    steps: int = Field(default=200, description="optimizer steps", ge=1)
    tasks_per_step: int = Field(default=8, description="tasks of a step", ge=1)
    samples: int = Field(default=8, description="answers to each of them", ge=2)
    rows_at_once: int = Field(default=16, description="answers of one forward pass", ge=1)
    temperature: float = Field(default=1.0, description="of the answers that are learned from", gt=0)
    top_p: float = Field(default=1.0, description="only the most likely tokens, with so much probability", gt=0, le=1)
    max_new_tokens: int = Field(default=512, description="upper bound on an answer's tokens", ge=1)
    measure_every_steps: int = Field(default=20, description="steps between held-out measurements", ge=1)
    patience: int | None = Field(
        default=None, description="measurements without a better one that end the training; null: never", ge=1
    )
    constant_steps: int = Field(
        default=10, description="steps in a row without any difference in reward that end the training", ge=1
    )
    save_every_steps: int | None = Field(default=None, description="null: as often as it is measured", ge=1)
    examples: int = Field(default=3, description="held-out tasks whose answers are kept as they change", ge=0)
    require_canonical: bool = Field(
        default=True, description="leave out tasks that bring no solution; a solution that fails always leaves one out"
    )
    limits: Limits = Field(
        default=Limits(cpu_s=5.0, wall_s=20.0), description="of each execution; the paper's is 5 s (arXiv 2506.11027)"
    )
    sandbox: Literal["bubblewrap", "none"] = Field(default="bubblewrap", description="where programs run")
    engine: Literal["auto", "transformers", "vllm"] = Field(
        default="auto", description="what generates; auto: vLLM where it is installed with a GPU"
    )
    mixed: bool = Field(default=True, description="on a GPU: products in bfloat16")
    gradient_checkpointing: bool = Field(default=False, description="compute activations twice: less memory, slower")
    threads: int | None = Field(default=None, description="on a CPU: cores; null: all", ge=1)
    accelerate: Path | None = Field(default=None, description="configuration of `accelerate config`")

    @field_validator("rewards")
    @classmethod
    def _known(cls, value: dict[str, float]) -> dict[str, float]:
        if unknown := next((name for name in value if name not in REWARDS), None):
            raise ValueError(f"{unknown!r} is no reward; known: {', '.join(REWARDS)}")
        if not any(value.values()):
            raise ValueError("every weight is 0, so that nothing is learned; give `passed: 1.0`, say")
        return value

    @model_validator(mode="after")
    def _whole_rows(self) -> Self:
        if self.answers_per_step % self.rows_at_once:
            raise ValueError(
                f"tasks_per_step * samples = {self.answers_per_step} must be a multiple of rows_at_once "
                f"{self.rows_at_once}"
            )
        return self

    @model_validator(mode="after")
    def _whole_checkpoints(self) -> Self:
        every = self.save_every_steps or self.measure_every_steps
        if self.patience is not None and self.measure_every_steps % every:
            raise ValueError(
                "with patience, measure_every_steps must be a multiple of save_every_steps: the best is kept"
            )
        for name, steps in (("measure_every_steps", self.measure_every_steps), ("save_every_steps", every)):
            if steps % self.policy.iterations:
                raise ValueError(
                    f"{name} must be a multiple of policy.iterations: answers are not part of a checkpoint"
                )
        return self

    @property
    def answers_per_step(self) -> int:
        """Answers that one optimizer step learns from."""
        return self.tasks_per_step * self.samples

    def fit(self, row_tokens: int) -> FitSettings:
        """What of it a fitting knows too; `row_tokens` is the longest row, prompt and answer."""
        policy = self.policy
        return FitSettings(
            seed=self.seed,
            lora=self.lora,
            row_tokens=max(row_tokens, 32),
            rows_at_once=self.rows_at_once,
            tokens_per_step=max(row_tokens, 32) * self.answers_per_step,
            gradient_checkpointing=self.gradient_checkpointing,
            mixed=self.mixed,
            threads=self.threads,
            optimizer=OptimizerSettings(
                learning_rate=policy.learning_rate,
                beta2=policy.beta2,
                schedule=policy.schedule,
                warmup_share=policy.warmup_share,
                max_gradient_norm=policy.max_gradient_norm,
                weight_decay=policy.weight_decay,
            ),
        )


class TaskSource(SettingsModel):
    """Tasks of one file."""

    file: Path = Field(description="file of tasks, in any format that `vernacular evaluate` reads")
    language: str | None = Field(default=None, description="language of a file that does not say it")
    where: dict[str, str] = Field(default={}, description="label -> value: only tasks that have them all")


class ReinforceJob(SettingsModel):
    """One run of it. The result lies in `folder`: `model/` or, with LoRA, `adapter/`; `curve.jsonl`, `fit.json`."""

    model: str = Field(description="folder of the model that begins")
    tasks: Annotated[tuple[TaskSource, ...], Field(min_length=1)] = Field(description="what is learned from")
    held_out: tuple[TaskSource, ...] = Field(default=(), description="only measured on")
    language_folders: tuple[Path, ...] = Field(default=(), description="folders with language files of one's own")
    settings: ReinforceSettings = Field(description="how")
    folder: Path = Field(description="where it works")
    name: str = Field(default="", description="of the model, in its manifest; default: the folder's")
