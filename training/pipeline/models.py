"""Base and instruct: where they lie, on this machine or on the hub, and what is known of them without reading weights.

A folder beside the recipe wins over an id on the hub. From the hub only weights in safetensors, configuration,
tokenizer and chat template are fetched, into Hugging Face's own cache.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.errors import CheckpointError, MissingDependencyError, RecipeError
from server.models.checks import read_config
from training.pipeline.estimates import Shape, shape_of
from training.transfer.tensors import INDEX, SINGLE, open_checkpoint

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_WEIGHTS = ("*.safetensors",)
_REST = ("*.json", "*.txt", "*.model", "*.jinja")
_CONFIGS = ("tokenizer_config.json", "chat_template.json")


def find_model(role: str, named: str, weights: bool, say: Callable[[str], None]) -> Path:
    """The folder of a model. Without `weights` a hub's model is fetched but for them.

    Raises `RecipeError` where it is neither folder nor id, `CheckpointError` where the hub does not give it.
    """
    path = Path(named).expanduser()
    if path.is_dir():
        return path.absolute()
    if path.exists():
        raise RecipeError(f"{role}: {named} is a file; name the folder that holds config.json and the weights")
    if path.is_absolute() or named.startswith((".", "~")) or not _HUB_ID.fullmatch(named):
        raise RecipeError(
            f"{role}: {named}: no such folder beside the recipe, and no hub id (ORGANISATION/NAME) either"
        )
    return _of_hub(role, named, weights, say)


def model_shape(folder: Path) -> Shape:
    """What decides how much a model takes: by its tensors' headers, or where no weights lie there by its configuration.

    Raises `CheckpointError`.
    """
    config = read_config(folder)
    if (folder / SINGLE).is_file() or (folder / INDEX).is_file():
        found = open_checkpoint(folder)
        shapes = {name: tensor.shape for name, tensor in found.tensors.items()}
        return shape_of(config, shapes, sum(tensor.bytes for tensor in found.tensors.values()))
    return _by_configuration(folder, config)


def has_chat_template(folder: Path) -> bool:
    """Whether the folder's tokenizer lays out conversations."""
    if (folder / "chat_template.jinja").is_file():
        return True
    for name in _CONFIGS:
        try:
            if json.loads((folder / name).read_bytes()).get("chat_template"):
                return True
        except (OSError, ValueError, AttributeError):
            continue
    return False


def _by_configuration(folder: Path, config: dict[str, Any]) -> Shape:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        with torch.device("meta"):
            found = AutoConfig.from_pretrained(folder, local_files_only=True)
            model: Any = AutoModelForCausalLM.from_config(found)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, KeyError) as problem:
        raise CheckpointError(f"{folder}: no model of this kind is known ({str(problem).splitlines()[0]})") from None
    shapes = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
    parameters = sum(parameter.numel() for parameter in model.parameters())
    each = 4 if str(config.get("dtype") or config.get("torch_dtype")) == "float32" else 2
    return shape_of(config, shapes, parameters * each)


def _of_hub(role: str, named: str, weights: bool, say: Callable[[str], None]) -> Path:
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "0" if weights else "1")
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError
    except ImportError:
        raise MissingDependencyError("huggingface_hub", "training") from None
    patterns = [*(_WEIGHTS if weights else ()), *_REST]
    say(f"{role}: {named} of the hub")
    try:
        folder = Path(snapshot_download(named, allow_patterns=patterns))
    except HfHubHTTPError as problem:
        status = problem.response.status_code if problem.response is not None else "no answer"
        raise CheckpointError(
            f"{role}: {named} is no folder beside the recipe, and the hub does not give it (HTTP {status}); check the "
            "name, or log in for a gated model"
        ) from None
    except Exception as problem:  # every transport has its own errors
        raise CheckpointError(
            f"{role}: {named} is no folder beside the recipe, not in the local cache, and the hub cannot be reached "
            f"({type(problem).__name__}); name a folder, or run this once where there is a network"
        ) from None
    if weights and not any(folder.glob("*.safetensors")):
        raise CheckpointError(f"{role}: {named} has no weights in safetensors files; name another model")
    return folder
