"""What a person may choose of a fitting; the defaults are for a model of some billion parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from training.settings import SettingsModel, Share

FREE = frozenset({"threads", "save_every_steps", "accelerate", "compile"})
"""Settings that may change without changing the result: with others a fitting goes on, or stays finished."""


class LoraSettings(SettingsModel):
    """Low-rank adaptation (Hu et al., arXiv 2106.09685), by peft."""

    rank: int = Field(default=64, description="of the two matrices", ge=1)
    alpha: int = Field(default=128, description="the update is scaled by alpha / rank", ge=1)
    dropout: Share = Field(default=0.0, description="share of the inputs that is dropped")
    modules: tuple[str, ...] | Literal["all-linear"] = Field(
        default="all-linear",
        description="names of the layers that are adapted; all-linear: all but the head, of a model with experts the "
        "attention's",
    )


class OptimizerSettings(SettingsModel):
    """AdamW for everything, or Muon for the matrices of the layers and AdamW for the rest."""

    name: Literal["adamw", "muon"] = Field(default="adamw", description="muon: for models trained with it; not FSDP")
    learning_rate: float = Field(default=1e-5, description="peak rate of AdamW", gt=0)
    muon_learning_rate: float = Field(default=0.02, description="peak rate of Muon", gt=0)
    weight_decay: float = Field(default=0.0, description="decoupled", ge=0)
    beta1: float = Field(default=0.9, description="decay of AdamW's first moment", ge=0, lt=1)
    beta2: float = Field(default=0.95, description="decay of its second moment", ge=0, lt=1)
    max_gradient_norm: float = Field(default=1.0, description="gradients are scaled down to this norm", gt=0)
    schedule: Literal["cosine", "linear", "constant_with_warmup"] = Field(
        default="cosine", description="the learning rate after its warm-up"
    )
    warmup_share: Share = Field(default=0.03, description="share of the steps in which the rate rises")


class FitSettings(SettingsModel):
    """One fitting."""

    seed: int = Field(default=1, description="decides the order, holes in texts, and the first weights of an adapter")
    lora: LoraSettings | None = Field(default=None, description="train an adapter; null: all weights")
    optimizer: OptimizerSettings = Field(default=OptimizerSettings(), description="optimizer and schedule")
    shuffle: bool = Field(default=True, description="mix the rows; false: about in the order of the documents")
    epochs: int = Field(default=3, description="times that everything is seen", ge=1)
    row_tokens: int = Field(default=2048, description="length of a row, the context", ge=32)
    rows_at_once: int = Field(default=1, description="rows of one forward pass on one device", ge=1)
    tokens_per_step: int = Field(default=65_536, description="tokens of an optimizer step, over all devices", ge=32)
    measure_every_steps: int = Field(default=50, description="steps between held-out measurements", ge=1)
    patience: int | None = Field(
        default=None, description="measurements without a better one that end the fitting; null: never", ge=1
    )
    save_every_steps: int | None = Field(
        default=None, description="steps between checkpoints; null: as often as it is measured", ge=1
    )
    gradient_checkpointing: bool = Field(default=False, description="compute activations twice: less memory, slower")
    weights: Literal["float32", "bfloat16"] = Field(
        default="float32", description="number format of the weights that learn, and of the optimizer"
    )
    mixed: bool = Field(default=True, description="on a GPU: products in bfloat16")
    compile: bool = Field(default=False, description="torch.compile (needs a C++ compiler)")
    threads: int | None = Field(default=None, description="on a CPU: cores; null: all", ge=1)
    accelerate: Path | None = Field(
        default=None, description="configuration of `accelerate config`, for several devices (FSDP)"
    )

    @property
    def rows_per_step(self) -> int:
        """Rows of an optimizer step, over all devices."""
        return self.tokens_per_step // self.row_tokens

    @model_validator(mode="after")
    def _whole_rows(self) -> Self:
        if self.tokens_per_step % (self.row_tokens * self.rows_at_once):
            raise ValueError("tokens_per_step must be a multiple of row_tokens * rows_at_once")
        if self.optimizer.name == "muon" and (self.lora or self.accelerate):
            raise ValueError("muon is for all weights on one device; choose adamw")
        if self.patience is not None and self.save_every_steps not in (None, self.measure_every_steps):
            raise ValueError("with patience, save_every_steps must be null: the best checkpoint is kept")
        return self
