"""One of our checkpoints as a GGUF file, which llama.cpp loads.

For folders in the shape of Llama with a byte-level BPE `tokenizer.json`. Weights are the same numbers: rotary
positions turn neighbouring entries in llama.cpp and the two halves of a head in transformers, so the rows of the query
and key projections change places (as llama.cpp's own `convert_hf_to_gguf.py` has it). Keys and names follow the GGUF
specification in ggml's `docs/gguf.md`; the `gguf` package writes the file.

llama.cpp knows the splitting rules ("pre-tokenizers") of published models by name and takes no others. A tokenizer
with other rules gets the least splitting there is: `superbpe` splits at numbers only, so that the merges, which were
learned within words, decide alone; a space before a number, which `superbpe` tears off, is kept by declaring such
tokens whole. Ids then differ now and then; `docs` of the peers give the share, and a prompt of ids avoids it.

    PEERS/venv/bin/python -m benchmarks.peers.gguf FOLDER FILE.gguf [--dtype f16]
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.errors import CheckpointError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

Dtype = Literal["f32", "f16"]
Value = str | int | float | bool | list[str] | list[int]

NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5
"""Kinds of tokens, as in llama.cpp's `llama_token_type`."""

_QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
KNOWN_RULES = {
    (): "gpt-2",
    (_QWEN2,): "qwen2",
    (_QWEN2.replace(r"\p{N}|", r"\p{N}{1,3}|"),): "llama-bpe",
}
"""Splitting rules that llama.cpp has under a name; `()`: none beside those of the byte-level step."""
UNSPLIT = "superbpe"

_SPECIALS = {
    "fim_pre": "<|fim_prefix|>",
    "fim_suf": "<|fim_suffix|>",
    "fim_mid": "<|fim_middle|>",
    "fim_pad": "<|fim_pad|>",
    "fim_rep": "<|repo_name|>",
    "fim_sep": "<|file_sep|>",
    "eos": "<|endoftext|>",
    "eot": "<|im_end|>",
}
_LAYER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_OUTSIDE = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
_NUMBER_TYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Tokens by id, their kinds (`NORMAL` and so on), merges ("left right"), and llama.cpp's name of the rules."""

    tokens: list[str]
    kinds: list[int]
    merges: list[str]
    rules: str


def convert(folder: Path, file: Path, dtype: Dtype = "f16") -> None:
    """Write the checkpoint in `folder` as `file`, complete or not at all. Norms are kept in f32.

    Raises `CheckpointError` for a folder of another shape, `ModuleNotFoundError` without the `gguf` package.
    """
    gguf = importlib.import_module("gguf")
    config = _json(folder / "config.json")
    described = metadata(config, vocabulary(_json(folder / "tokenizer.json"), config), folder.name)
    part = file.with_name(file.name + ".part")
    writer = gguf.GGUFWriter(part, "llama")
    for key, value in described.items():
        _add(writer, key, value)
    for name, array in tensors(folder, config, dtype):
        writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(file)


def metadata(config: Mapping[str, Any], words: Vocabulary, name: str) -> dict[str, Value]:
    """Everything in the file but tensors and its architecture, by key. Raises `CheckpointError`."""
    _check_shape(config)
    heads = config["num_attention_heads"]
    head_size = config.get("head_dim") or config["hidden_size"] // heads
    rope = config.get("rope_parameters") or config
    described: dict[str, Value] = {
        "general.name": name,
        "llama.block_count": config["num_hidden_layers"],
        "llama.context_length": config["max_position_embeddings"],
        "llama.embedding_length": config["hidden_size"],
        "llama.feed_forward_length": config["intermediate_size"],
        "llama.attention.head_count": heads,
        "llama.attention.head_count_kv": config.get("num_key_value_heads", heads),
        "llama.attention.key_length": head_size,
        "llama.attention.value_length": head_size,
        "llama.attention.layer_norm_rms_epsilon": float(config["rms_norm_eps"]),
        "llama.rope.dimension_count": head_size,
        "llama.rope.freq_base": float(rope.get("rope_theta", 10000.0)),
        "llama.vocab_size": config["vocab_size"],
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": words.rules,
        "tokenizer.ggml.tokens": words.tokens,
        "tokenizer.ggml.token_type": words.kinds,
        "tokenizer.ggml.merges": words.merges,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.ggml.add_space_prefix": False,
    }
    ids = {token: number for number, token in enumerate(words.tokens) if words.kinds[number] == CONTROL}
    described |= {f"tokenizer.ggml.{key}_token_id": ids[token] for key, token in _SPECIALS.items() if token in ids}
    return described


def vocabulary(tokenizer: Mapping[str, Any], config: Mapping[str, Any]) -> Vocabulary:
    """The tokenizer's words, padded to the embedding's rows. Raises `CheckpointError` if it is no byte-level BPE."""
    model, steps = tokenizer["model"], _steps(tokenizer)
    if model.get("type") != "BPE" or not steps or steps[-1].get("type") != "ByteLevel":
        raise CheckpointError("tokenizer.json is not a byte-level BPE; only such a tokenizer is converted")
    tokens = [f"[PAD{number}]" for number in range(config["vocab_size"])]
    kinds = [UNUSED] * len(tokens)
    added = {entry["content"]: entry for entry in tokenizer.get("added_tokens", ())}
    every = {**model["vocab"], **{token: entry["id"] for token, entry in added.items()}}
    if max(every.values()) >= len(tokens):
        raise CheckpointError(f"tokenizer.json has id {max(every.values())}, config.json a vocabulary of {len(tokens)}")
    rules = KNOWN_RULES.get(tuple(_patterns(steps)), UNSPLIT)
    for token, number in every.items():
        tokens[number], kinds[number] = token, NORMAL
        if token in added:
            kinds[number] = CONTROL if added[token]["special"] else USER_DEFINED
        elif rules == UNSPLIT and re.fullmatch("Ġ[0-9]+", token):
            tokens[number], kinds[number] = token.replace("Ġ", " "), USER_DEFINED
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    return Vocabulary(tokens, kinds, merges, rules)


def tensors(folder: Path, config: Mapping[str, Any], dtype: Dtype) -> Iterator[tuple[str, Array]]:
    """Names and numbers as llama.cpp has them, (out, in) as in the checkpoint. Raises `CheckpointError`."""
    import numpy as np

    deserialize = importlib.import_module("safetensors").deserialize
    heads = config["num_attention_heads"]
    rows_of = {"attn_q": heads, "attn_k": config.get("num_key_value_heads", heads)}
    for path in sorted(folder.glob("*.safetensors")):
        for name, stored in deserialize(path.read_bytes()):
            kind, shape = stored["dtype"], stored["shape"]
            if kind not in _NUMBER_TYPES:
                raise CheckpointError(f"{path} holds {name} as {kind}; known are {', '.join(_NUMBER_TYPES)}")
            array = np.frombuffer(stored["data"], dtype=_NUMBER_TYPES[kind]).reshape(shape)
            array = (array.astype("<u4") << 16).view("<f4") if kind == "BF16" else array.astype("<f4")
            renamed = tensor_name(name)
            if renamed == "output.weight" and config.get("tie_word_embeddings"):
                continue
            if (part := renamed.split(".")[-2]) in rows_of:
                array = interleaved(array, rows_of[part])
            yield renamed, array if array.ndim == 1 or dtype == "f32" else array.astype("<f2")


def tensor_name(name: str) -> str:
    """llama.cpp's name of a tensor of transformers' Llama. Raises `CheckpointError` for an unknown one."""
    stem, _, kind = name.rpartition(".")
    if kind == "weight":
        if stem in _OUTSIDE:
            return f"{_OUTSIDE[stem]}.weight"
        layer = re.fullmatch(r"model\.layers\.(\d+)\.(.+)", stem)
        if layer and layer[2] in _LAYER:
            return f"blk.{layer[1]}.{_LAYER[layer[2]]}.weight"
    raise CheckpointError(f"{name} is no tensor of a plain Llama; only that architecture is converted")


def interleaved(weight: Array, heads: int) -> Array:
    """Rows of `weight` (heads x size, in) with each head's halves interleaved: 0, size/2, 1, size/2 + 1, and so on."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def _check_shape(config: Mapping[str, Any]) -> None:
    names: Sequence[str] = config.get("architectures") or ()
    if list(names) != ["LlamaForCausalLM"]:
        raise CheckpointError(f"config.json names {', '.join(names) or 'no architecture'}; needed is LlamaForCausalLM")
    scaling = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if scaling.get("rope_type", "default") != "default" or config.get("attention_bias") or config.get("mlp_bias"):
        raise CheckpointError("config.json has scaled positions or biases, which are not converted; take a plain Llama")


def _steps(tokenizer: Mapping[str, Any]) -> list[dict[str, Any]]:
    step = tokenizer.get("pre_tokenizer") or {}
    steps: list[dict[str, Any]] = step["pretokenizers"] if step.get("type") == "Sequence" else [step]
    return steps


def _patterns(steps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for step in steps:
        if step["type"] == "Split":
            yield step["pattern"].get("Regex", "")
        elif step["type"] != "ByteLevel":
            yield step["type"]


def _add(writer: Any, key: str, value: Value) -> None:
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    else:
        writer.add_array(key, value)


def _json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is not readable JSON ({error}); copy it again") from None
    return content


def main() -> None:
    """Convert the folder that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a model folder in the Hugging Face format")
    parser.add_argument("file", type=Path, help="the GGUF file to write")
    parser.add_argument("--dtype", choices=("f32", "f16"), default="f16", help="number format of the matrices")
    arguments = parser.parse_args()
    try:
        convert(arguments.folder, arguments.file, arguments.dtype)
    except (CheckpointError, OSError) as error:
        raise SystemExit(f"error: {error}") from None


if __name__ == "__main__":
    main()
