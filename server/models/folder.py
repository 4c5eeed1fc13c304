"""Which folder a model's name means.

Nothing named: the embedded model. A path: that folder. Otherwise an id on the Hugging Face hub, taken from its
local cache, or downloaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from core.errors import CheckpointError, ConfigError, MissingDependencyError

EMBEDDED = Path(__file__).resolve().parent.parent / "embedded_model"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_WEIGHTS = "*.safetensors"
_FILES = (_WEIGHTS, "*.json", "*.txt", "*.model")


def local_folder(model: str | None) -> Path | None:
    """The folder that `model` means on this machine; `None` where it is the id of a model on the hub.

    Raises `ConfigError` where it is neither.
    """
    if model is None:
        if not (EMBEDDED / "config.json").exists():
            raise CheckpointError(
                f"the embedded model is not in {EMBEDDED}; name a model with --model (a folder, or a hub id such as "
                f"Qwen/Qwen2.5-Coder-1.5B)"
            )
        return EMBEDDED
    path = Path(model).expanduser()
    if path.is_dir():
        return path.resolve()
    if path.exists():
        raise ConfigError(f"--model {model} is a file; name the folder that holds config.json and the weights")
    if _HUB_ID.fullmatch(model):
        return None
    raise ConfigError(f"--model {model}: no such folder, and no hub id (ORGANISATION/NAME) either")


def hub_folder(model: str, report: Callable[[str], None], weights: bool = True) -> Path:
    """The folder of a hub model in the local cache; downloads what is missing, which with `weights` may take long.

    Raises `CheckpointError` where it cannot be had.
    """
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ImportError:
        raise MissingDependencyError("huggingface_hub", "vllm-cpu") from None
    files = [pattern for pattern in _FILES if weights or pattern != _WEIGHTS]
    try:
        return Path(snapshot_download(model, allow_patterns=files, local_files_only=True))
    except (LocalEntryNotFoundError, ValueError, OSError):
        report(f"downloading {model}")
    try:
        return Path(snapshot_download(model, allow_patterns=files))
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "no answer"
        raise CheckpointError(
            f"{model} cannot be downloaded from the hub (HTTP {status}); check the name, or log in for a gated model"
        ) from None
    except Exception as error:  # every transport has its own errors
        raise CheckpointError(
            f"{model} is not in the local cache, and the hub cannot be reached ({type(error).__name__}); name a "
            f"folder with --model, or download the model where there is a network"
        ) from None
