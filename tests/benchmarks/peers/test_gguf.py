"""A checkpoint as llama.cpp has it: names, the order of rows, kinds of tokens, and a file that the library reads."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.peers.gguf import (
    CONTROL,
    NORMAL,
    UNUSED,
    USER_DEFINED,
    interleaved,
    metadata,
    tensor_name,
    tensors,
    vocabulary,
)
from benchmarks.peers.processes import ROOT, cache_folder
from core.errors import CheckpointError

CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 8,
    "intermediate_size": 12,
    "max_position_embeddings": 64,
    "num_attention_heads": 2,
    "num_hidden_layers": 1,
    "num_key_value_heads": 1,
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": True,
    "vocab_size": 10,
}
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}


def tokenizer(*patterns: str, **model: Any) -> dict[str, Any]:
    splits = [{"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated"} for pattern in patterns]
    words = ["a", "b", "ab", "Ġ", "1", "Ġ1"]
    return {
        "model": {
            "type": "BPE",
            "vocab": {word: number + 2 for number, word in enumerate(words)},
            "merges": [["a", "b"], ["Ġ", "1"]],
            **model,
        },
        "added_tokens": [
            {"id": 0, "content": "<|fim_prefix|>", "special": True},
            {"id": 1, "content": "<kept>", "special": False},
        ],
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [*splits, BYTE_LEVEL]},
    }


def checkpoint(folder: Path) -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
    """Write a folder of `CONFIG`'s shape in bfloat16; return the numbers that it holds, as float32."""
    layer = "model.layers.0"
    shapes: dict[str, Sequence[int]] = {
        "model.embed_tokens.weight": (10, 8),
        "model.norm.weight": (8,),
        f"{layer}.input_layernorm.weight": (8,),
        f"{layer}.post_attention_layernorm.weight": (8,),
        f"{layer}.self_attn.q_proj.weight": (8, 8),
        f"{layer}.self_attn.k_proj.weight": (4, 8),
        f"{layer}.self_attn.v_proj.weight": (4, 8),
        f"{layer}.self_attn.o_proj.weight": (8, 8),
        f"{layer}.mlp.gate_proj.weight": (12, 8),
        f"{layer}.mlp.up_proj.weight": (12, 8),
        f"{layer}.mlp.down_proj.weight": (8, 12),
    }
    random = np.random.default_rng(0)
    raw = {
        name: (random.standard_normal(shape).astype("<f4").view("<u4") >> 16).astype("<u2")
        for name, shape in shapes.items()
    }
    header, data = {}, b""
    for name, array in raw.items():
        end = len(data) + array.nbytes
        header[name] = {"dtype": "BF16", "shape": list(array.shape), "data_offsets": [len(data), end]}
        data += array.tobytes()
    described = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(described).to_bytes(8, "little") + described + data)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer("own rules")))
    return {name: (array.astype("<u4") << 16).view("<f4") for name, array in raw.items()}


def test_the_halves_of_each_head_are_interleaved() -> None:
    rows = np.arange(8.0).reshape(8, 1)
    assert interleaved(rows, 1).ravel().tolist() == [0, 4, 1, 5, 2, 6, 3, 7]
    assert interleaved(rows, 2).ravel().tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def test_attention_is_the_same_in_either_order_of_rows() -> None:
    """Rotated by halves as transformers does, or by neighbours as llama.cpp does: the same scores."""
    size, position = 8, 5
    random = np.random.default_rng(1)
    query, key, x, y = (random.standard_normal(shape) for shape in ((size, 3), (size, 3), (3,), (3,)))
    angles = position / 100.0 ** (np.arange(size // 2) / (size // 2))

    def by_halves(vector: Any) -> Any:
        first, second = vector[: size // 2], vector[size // 2 :]
        return np.concatenate(
            [first * np.cos(angles) - second * np.sin(angles), second * np.cos(angles) + first * np.sin(angles)]
        )

    def by_neighbours(vector: Any) -> Any:
        even, odd = vector[0::2], vector[1::2]
        turned = np.empty_like(vector)
        turned[0::2] = even * np.cos(angles) - odd * np.sin(angles)
        turned[1::2] = odd * np.cos(angles) + even * np.sin(angles)
        return turned

    expected = by_halves(query @ x) @ (key @ y)
    assert by_neighbours(interleaved(query, 1) @ x) @ (interleaved(key, 1) @ y) == pytest.approx(expected)
    assert by_neighbours(query @ x) @ (key @ y) != pytest.approx(expected)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("model.embed_tokens.weight", "token_embd.weight"),
        ("model.norm.weight", "output_norm.weight"),
        ("lm_head.weight", "output.weight"),
        ("model.layers.11.self_attn.k_proj.weight", "blk.11.attn_k.weight"),
        ("model.layers.0.post_attention_layernorm.weight", "blk.0.ffn_norm.weight"),
        ("model.layers.0.mlp.down_proj.weight", "blk.0.ffn_down.weight"),
    ],
)
def test_tensors_get_llama_cpps_names(ours: str, theirs: str) -> None:
    assert tensor_name(ours) == theirs


@pytest.mark.parametrize("name", ["model.layers.0.self_attn.q_proj.bias", "model.layers.0.mlp.experts.0.up.weight", ""])
def test_an_unknown_tensor_is_refused(name: str) -> None:
    with pytest.raises(CheckpointError, match="no tensor of a plain Llama"):
        tensor_name(name)


def test_numbers_are_those_of_the_checkpoint(tmp_path: Path) -> None:
    numbers = checkpoint(tmp_path)
    found = dict(tensors(tmp_path, CONFIG, "f32"))
    assert len(found) == len(numbers)
    assert np.array_equal(found["blk.0.attn_v.weight"], numbers["model.layers.0.self_attn.v_proj.weight"])
    query = numbers["model.layers.0.self_attn.q_proj.weight"]
    assert np.array_equal(found["blk.0.attn_q.weight"], query[[0, 2, 1, 3, 4, 6, 5, 7]])
    key = numbers["model.layers.0.self_attn.k_proj.weight"]
    assert np.array_equal(found["blk.0.attn_k.weight"], key[[0, 2, 1, 3]])


def test_only_matrices_become_f16(tmp_path: Path) -> None:
    checkpoint(tmp_path)
    kinds = {name: array.dtype.name for name, array in tensors(tmp_path, CONFIG, "f16")}
    assert {kind for name, kind in kinds.items() if "norm" in name} == {"float32"}
    assert {kind for name, kind in kinds.items() if "norm" not in name} == {"float16"}


def test_tokens_stand_by_id_with_their_kinds() -> None:
    words = vocabulary(tokenizer("own rules"), CONFIG)
    assert words.tokens == ["<|fim_prefix|>", "<kept>", "a", "b", "ab", "Ġ", "1", " 1", "[PAD8]", "[PAD9]"]
    assert words.kinds == [CONTROL, USER_DEFINED, *[NORMAL] * 5, USER_DEFINED, UNUSED, UNUSED]
    assert words.merges == ["a b", "Ġ 1"]
    assert words.rules == "superbpe"


def test_rules_that_llama_cpp_knows_keep_every_token_as_it_is() -> None:
    words = vocabulary(tokenizer(), CONFIG)
    assert words.rules == "gpt-2"
    assert words.tokens[7] == "Ġ1"
    assert words.kinds[7] == NORMAL


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        (tokenizer(type="WordPiece"), "not a byte-level BPE"),
        ({**tokenizer(), "pre_tokenizer": None}, "not a byte-level BPE"),
        (tokenizer(vocab={"a": 10}), "has id 10, config.json a vocabulary of 10"),
    ],
)
def test_other_tokenizers_are_refused(broken: dict[str, Any], text: str) -> None:
    with pytest.raises(CheckpointError, match=text):
        vocabulary(broken, CONFIG)


@pytest.mark.parametrize(
    "change",
    [{"architectures": ["Qwen2ForCausalLM"]}, {"rope_parameters": {"rope_type": "yarn"}}, {"attention_bias": True}],
)
def test_other_models_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json"):
        metadata(CONFIG | change, vocabulary(tokenizer(), CONFIG), "model")


def test_the_served_models_special_tokens_are_named() -> None:
    folder = ROOT / "server" / "embedded_model"
    config = json.loads((folder / "config.json").read_text())
    words = vocabulary(json.loads((folder / "tokenizer.json").read_text()), config)
    described = metadata(config, words, "served")
    ids = {key.split(".")[-1]: value for key, value in described.items() if key.endswith("_token_id")}
    assert ids == {
        "eos_token_id": 0,
        "eot_token_id": 2,
        "fim_pre_token_id": 3,
        "fim_mid_token_id": 4,
        "fim_suf_token_id": 5,
        "fim_pad_token_id": 6,
        "fim_rep_token_id": 7,
        "fim_sep_token_id": 8,
    }
    assert described["llama.attention.key_length"] == 64


def test_the_library_reads_the_file_back(tmp_path: Path) -> None:
    python = str(cache_folder() / "venv" / "bin" / "python")
    if not Path(python).is_file():
        pytest.skip("the gguf package is in the peers' own environment, which `make peers` makes")
    numbers = checkpoint(tmp_path)
    file = tmp_path / "model.gguf"
    command = [python, "-m", "benchmarks.peers.gguf", str(tmp_path), str(file), "--dtype", "f32"]
    subprocess.run(command, cwd=ROOT, check=True)
    show = (
        "import json, sys; from gguf import GGUFReader; r = GGUFReader(sys.argv[1]);"
        "print(json.dumps({'keys': {k: f.contents() for k, f in r.fields.items()},"
        "'tensors': {t.name: t.data.tolist() for t in r.tensors}}))"
    )
    answer = subprocess.run([python, "-c", show, file], cwd=tmp_path, check=True, capture_output=True, text=True)
    read = json.loads(answer.stdout)
    assert read["keys"]["general.architecture"] == "llama"
    assert read["keys"]["tokenizer.ggml.tokens"][7] == " 1"
    assert read["keys"]["tokenizer.ggml.fim_pre_token_id"] == 0
    assert read["keys"]["tokenizer.ggml.add_bos_token"] is False
    assert read["tensors"]["token_embd.weight"] == numbers["model.embed_tokens.weight"].tolist()
    assert not file.with_name("model.gguf.part").exists()
