"""Whether a folder holds a LoRA adapter that can be served, found out in milliseconds and without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from core.errors import CheckpointError
from server.models.checks import check_safetensors

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
RANKS = (8, 16, 32, 64, 128, 256)
"""Ranks that an engine can be started for; one of them fits every lower one."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """What an adapter's folder says of it. `base` is the model that it was made for, where it says so."""

    folder: Path
    rank: int
    base: str


def check_adapter(folder: Path) -> Adapter:
    """The adapter in `folder`, in peft's format. Raises `CheckpointError` where it cannot be served."""
    path = folder / CONFIG
    try:
        config = json.loads(path.read_bytes())
        kind, rank = config["peft_type"], config["r"]
    except FileNotFoundError:
        raise CheckpointError(f"{folder} has no {CONFIG}; name a folder that peft's save_pretrained wrote") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise CheckpointError(f"{path} is no configuration of a LoRA adapter; copy it again") from None
    if kind != "LORA" or not isinstance(rank, int):
        raise CheckpointError(f"{path} is of an adapter of the kind {kind!r}; only LORA is served")
    if config.get("modules_to_save"):
        raise CheckpointError(
            f"{folder} holds whole layers beside its LoRA ({', '.join(map(str, config['modules_to_save']))}); merge it "
            f"into its model to serve it"
        )
    if rank > RANKS[-1]:
        raise CheckpointError(f"{folder} has rank {rank}; at most {RANKS[-1]} is served")
    check_safetensors(folder / WEIGHTS)
    return Adapter(folder, rank, str(config.get("base_model_name_or_path") or ""))


def fitting_rank(adapters: list[Adapter]) -> int:
    """The rank that an engine must be started for; the lowest where there are none."""
    highest = max((adapter.rank for adapter in adapters), default=0)
    return next(rank for rank in RANKS if rank >= highest)
