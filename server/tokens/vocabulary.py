"""What a folder's `tokenizer.json` says: each token's bytes, and which tokens are control tokens.

Needs no tokenizer library. A control token is one that no text may ever turn into, and that no answer may show:
every added token that is declared special, and every other one that looks like a marker (`<|file_sep|>`,
`[SUFFIX]`); Qwen2.5-Coder's fill-in-the-middle tokens, for one, are not declared special.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from completion.healing import byte_level_tokens, sentencepiece_tokens
from core.errors import CheckpointError

_MARKER = re.compile(r"[▁ ]?(<.+>|\[[^\[\]\s]+\])")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`tokens[i]` are token `i`'s bytes, empty for control tokens and unused ids; `controls` are ids by text."""

    tokens: list[bytes]
    controls: Mapping[str, int]


def read_tokenizer_file(folder: Path) -> dict[str, Any]:
    """The parsed `tokenizer.json`. Raises `CheckpointError` where it is missing or broken."""
    path = folder / "tokenizer.json"
    try:
        data: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise CheckpointError(
            f"{folder} has no tokenizer.json; save the tokenizer with transformers' save_pretrained"
        ) from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is not readable JSON ({error}); copy it again") from None
    model = data.get("model") if isinstance(data, dict) else None
    if not isinstance(model, dict) or not isinstance(model.get("vocab"), dict):
        kind = model.get("type", "unknown") if isinstance(model, dict) else "none"
        raise CheckpointError(f"{path} holds no BPE vocabulary (its model: {kind}); a BPE tokenizer is needed")
    return data


def vocabulary_of(data: Mapping[str, Any]) -> Vocabulary:
    """The vocabulary of a parsed `tokenizer.json`."""
    added = data.get("added_tokens") or []
    controls = {token["content"]: token["id"] for token in added if is_control(token)}
    base: dict[str, int] = data["model"]["vocab"]
    byte_level = '"ByteLevel"' in json.dumps([data.get("pre_tokenizer"), data.get("decoder")])
    tokens_of = byte_level_tokens if byte_level else sentencepiece_tokens
    tokens = tokens_of(base, set(controls.values()))
    for token in added:
        index = token["id"]
        tokens += [b""] * (index + 1 - len(tokens))
        tokens[index] = b"" if token["content"] in controls else token["content"].encode()
    return Vocabulary(tokens, controls)


def load_token_bytes(folder: Path) -> list[bytes]:
    """Each token's bytes, from the folder's tokenizer. Raises `CheckpointError`."""
    return vocabulary_of(read_tokenizer_file(folder)).tokens


def is_control(token: Mapping[str, Any]) -> bool:
    """Whether an entry of `added_tokens` is a control token."""
    return bool(token.get("special")) or _MARKER.fullmatch(token["content"]) is not None
