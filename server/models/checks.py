"""Whether a model folder can be loaded, found out in milliseconds and without torch.

Reads `config.json`, the presence of the tokenizer, and the header of each safetensors file, whose offsets give
the length that the file must have (format: the safetensors project's README). Weights are not read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import CheckpointError

_HEADER_LENGTH_BYTES = 8
_MAX_HEADER_BYTES = 100_000_000
_LIMIT_KEYS = ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length")


def check_folder(folder: Path, weights: bool = True) -> dict[str, Any]:
    """The parsed `config.json` of a folder that can be loaded. Raises `CheckpointError` where it cannot.

    Without `weights` there need be none: they are computed with elsewhere.
    """
    config = read_config(folder)
    if not (folder / "tokenizer.json").is_file():
        raise CheckpointError(f"{folder} has no tokenizer.json; save the tokenizer with transformers' save_pretrained")
    for path in _weight_files(folder) if weights else ():
        check_safetensors(path)
    return config


def read_config(folder: Path) -> dict[str, Any]:
    """The parsed `config.json`. Raises `CheckpointError`."""
    path = folder / "config.json"
    try:
        config = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise CheckpointError(f"{folder} has no config.json; name a folder in the Hugging Face format") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is not readable JSON ({error}); copy it again") from None
    if not isinstance(config, dict) or not config.get("architectures"):
        raise CheckpointError(f"{path} names no architectures; save the model with transformers' save_pretrained")
    return config


def context_limit(config: Mapping[str, Any], folder: Path) -> int:
    """Tokens of context that the model takes, scaled positions (YaRN and the like) included."""
    inner = config.get("text_config")
    if isinstance(inner, dict):
        config = {**config, **inner}
    limit = next((config[key] for key in _LIMIT_KEYS if isinstance(config.get(key), int)), None)
    if limit is None:
        raise CheckpointError(
            f"{folder}/config.json does not say how long a context the model takes; add {_LIMIT_KEYS[0]}"
        )
    scaling = config.get("rope_scaling") or config.get("rope_parameters") or {}
    try:
        kind = scaling.get("rope_type") or scaling.get("type")
        original = scaling.get("original_max_position_embeddings") or limit
        if kind in {"yarn", "linear", "dynamic"}:
            limit = max(limit, int(original * scaling.get("factor", 1)))
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise CheckpointError(f"{folder}/config.json has a malformed rope_scaling; copy it again") from None
    return int(limit)


def check_context(wanted: int | None, limit: int, folder: Path) -> None:
    """Raise `CheckpointError` where a longer context is wanted than the model takes."""
    if wanted is not None and wanted > limit:
        raise CheckpointError(
            f"--max-model-len {wanted} is more than the model takes; {folder}/config.json allows at most {limit}"
        )


def check_safetensors(path: Path) -> None:
    """Raise `CheckpointError` unless the header is whole and the file exactly as long as the header says."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(_HEADER_LENGTH_BYTES), "little")
            if not 2 <= length <= min(_MAX_HEADER_BYTES, max(size - _HEADER_LENGTH_BYTES, 0)):
                raise CheckpointError(f"{path} has a corrupt header (length {length}); copy or download it again")
            header = json.loads(file.read(length))
            end = max(entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__")
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing; copy or download it again") from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}); check its permissions") from None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise CheckpointError(f"{path} has a corrupt header; copy or download it again") from None
    expected = _HEADER_LENGTH_BYTES + length + end
    if size != expected:
        what = "cut short" if size < expected else "too long"
        raise CheckpointError(f"{path} is {what}: {size} bytes, its header says {expected}; copy or download it again")


def _weight_files(folder: Path) -> list[Path]:
    single, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if single.is_file():
        return [single]
    if not index.is_file():
        raise CheckpointError(f"{folder} has no model.safetensors; only weights in safetensors files are loaded")
    try:
        shards = sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise CheckpointError(f"{index} is no index of safetensors files; copy or download it again") from None
    return [folder / shard for shard in shards]
