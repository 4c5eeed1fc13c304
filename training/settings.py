"""What the schemas of recipes, corpora and trainings share: a base class, rates, and the optimizer's numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class SettingsModel(BaseModel):
    """Base of all parts: immutable; unknown keys are refused, and numbers that are none."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class OptimizerPart(SettingsModel):
    """Muon for the hidden matrices, AdamW for embeddings, norms and biases; warm-up, stable, decay."""

    muon_learning_rate: float = Field(default=0.02, gt=0, description="peak learning rate of the hidden matrices")
    muon_momentum: float = Field(default=0.95, ge=0, lt=1, description="Nesterov momentum")
    muon_weight_decay: float = Field(default=0.05, ge=0, description="decoupled weight decay of the hidden matrices")
    newton_schulz_steps: int = Field(default=5, ge=1, le=20, description="iterations of the orthogonalisation")
    adamw_learning_rate: float = Field(default=3e-3, gt=0, description="peak learning rate of all other parameters")
    adamw_beta1: float = Field(default=0.9, ge=0, lt=1, description="decay of the first moment")
    adamw_beta2: float = Field(default=0.95, ge=0, lt=1, description="decay of the second moment")
    max_gradient_norm: float = Field(default=1.0, gt=0, description="gradients are scaled down to this norm")
    warmup_steps: int = Field(default=60, ge=0, description="steps of linear warm-up")
    decay_share: Share = Field(default=0.2, description="share of all steps, at the end, in which the rate falls to 0")


def with_paths(value: Any, base: Path) -> Any:
    """The same settings, every `Path` in them relative to `base`."""
    if isinstance(value, Path):
        return path_at(base, value)
    if isinstance(value, BaseModel):
        return value.model_copy(
            update={name: with_paths(getattr(value, name), base) for name in value.model_fields_set}
        )
    if isinstance(value, tuple):
        return tuple(with_paths(item, base) for item in value)
    if isinstance(value, dict):
        return {name: with_paths(item, base) for name, item in value.items()}
    return value


def path_at(base: Path, path: Path) -> Path:
    """An absolute path; one that is not is relative to `base`."""
    return (base / path.expanduser()).absolute()
