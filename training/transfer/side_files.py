"""The files of the output beside the weights: configuration, tokenizer, chat template, generation configuration.

The configuration is the pretrained model's, since its architecture is; what concerns the vocabulary in it, and all
other files, come from one parent (`--tokenizer-from`). What was put beside an adapter goes before it: a chat template
takes the place of any other, and tokens that end an answer join those that are known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import CheckpointError
from training.tokenizer_files import COPIED, TEMPLATES
from training.transfer.plan import PRETRAINED
from training.transfer.tensors import Checkpoint
from training.transfer.vocabulary import read_tokens

_IDS = ("bos_token_id", "eos_token_id", "pad_token_id")
_DTYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}
_TOKENIZER, _GENERATION = "tokenizer_config.json", "generation_config.json"
_MARK = re.compile(r"<\|[\w-]+\|>")


@dataclass(frozen=True, slots=True)
class SideFiles:
    """File name -> content, and what is worth knowing."""

    content: Mapping[str, bytes]
    notes: tuple[str, ...]


def side_files(
    parents: Mapping[str, Checkpoint],
    owner: str,
    rows: int,
    tied: bool,
    dtype: str | None = None,
    adapter: Path | None = None,
) -> SideFiles:
    """The files of an output with `rows` embedding rows, whose head is `tied` to them or not; `adapter`: its folder.

    Raises `CheckpointError` where a file cannot be read or an id has no row.
    """
    source, model = parents[owner], parents[PRETRAINED]
    notes: list[str] = []
    content = {name: _read(source.path, name) for name in COPIED}
    if adapter is not None:
        content |= _beside(adapter, content, source.config)
    if not _has_template(content):
        other = next((p for role, p in parents.items() if role.startswith("instruct") and role != owner), None)
        found = _template(other) if other else {}
        content |= found
        notes.append(f"chat template: {'from instruct, since' if found else 'none,'} {owner} has none")
    content["config.json"] = _config(model, source, rows, tied, dtype)
    if model.config.get("auto_map"):
        content |= {path.name: path.read_bytes() for path in sorted(model.path.glob("*.py"))}
    kept = {name: data for name, data in content.items() if data is not None}
    notes += _check(source, kept, rows)
    return SideFiles(kept, tuple(notes))


def _read(folder: Path, name: str) -> bytes | None:
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise CheckpointError(f"{folder / name} cannot be read ({problem.strerror})") from None


def _beside(adapter: Path, content: Mapping[str, bytes | None], config: Mapping[str, Any]) -> dict[str, bytes | None]:
    """What the files beside an adapter change of a model's."""
    changed: dict[str, bytes | None] = {}
    if template := _read(adapter, TEMPLATES[0]):
        changed |= {**dict.fromkeys(TEMPLATES), TEMPLATES[0]: template}
        settings = _json(content[_TOKENIZER])
        if settings.pop("chat_template", None):
            changed[_TOKENIZER] = _text(settings)
    settings = _json(content[_GENERATION])
    known = _ends(settings) or _ends(config)
    if new := [token for token in _ends(_json(_read(adapter, _GENERATION))) if token not in known]:
        changed[_GENERATION] = _text({**settings, "eos_token_id": [*known, *new]})
    return changed


def _ends(settings: Mapping[str, Any]) -> list[Any]:
    found = settings.get("eos_token_id")
    return found if isinstance(found, list) else [] if found is None else [found]


def _has_template(content: Mapping[str, bytes | None]) -> bool:
    inside = _json(content.get(_TOKENIZER)).get("chat_template")
    return bool(inside) or any(content.get(name) for name in TEMPLATES)


def _template(checkpoint: Checkpoint) -> dict[str, bytes | None]:
    """The chat template of another parent, as a file of its own."""
    inside = _json(_read(checkpoint.path, _TOKENIZER)).get("chat_template")
    if isinstance(inside, str):
        return {TEMPLATES[0]: inside.encode()}
    return {name: data for name in TEMPLATES if (data := _read(checkpoint.path, name))}


def _config(model: Checkpoint, source: Checkpoint, rows: int, tied: bool, dtype: str | None) -> bytes:
    config: dict[str, Any] = json.loads(json.dumps(model.config))
    inner = config.get("text_config")
    for part in [config] + ([inner] if isinstance(inner, dict) else []):
        if "vocab_size" in part or (part is config and inner is None):
            part["vocab_size"] = rows
        if dtype:
            part.pop("torch_dtype", None)
            part["dtype"] = _DTYPES[dtype]
        for key in _IDS:
            if key in part or part is config:
                part.update({key: source.config[key]} if key in source.config else {})
    config["tie_word_embeddings"] = tied
    if isinstance(inner, dict):
        inner["tie_word_embeddings"] = tied
    return _text(config)


def _check(source: Checkpoint, content: Mapping[str, bytes], rows: int) -> list[str]:
    """Warnings about the chat template. Raises `CheckpointError` for an id that has no row."""
    for name in (_GENERATION, "config.json"):
        settings = _json(content.get(name))
        for key in _IDS:
            ids = settings.get(key)
            for number in ids if isinstance(ids, list) else [ids]:
                if isinstance(number, int) and not -1 <= number < rows:
                    raise CheckpointError(f"{source.path}: {key} {number} in {name} has no row; there are {rows}")
    known = set((read_tokens(source.path) or {}).values())
    template = _json(content.get(_TOKENIZER)).get("chat_template") or ""
    text = json.dumps(template, ensure_ascii=False)
    text += "".join(content.get(name, b"").decode(errors="replace") for name in TEMPLATES)
    if unknown := sorted(set(_MARK.findall(text)) - known):
        return [f"the chat template uses {', '.join(unknown)}, which the tokenizer does not have as one token"]
    return []


def _json(data: bytes | None) -> dict[str, Any]:
    try:
        parsed = json.loads(data or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _text(settings: Mapping[str, Any]) -> bytes:
    return (json.dumps(settings, indent=2, ensure_ascii=False) + "\n").encode()
