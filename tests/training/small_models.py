"""Small random checkpoints of the real architectures, made on the spot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

CHAT = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
SIZES: dict[str, dict[str, Any]] = {
    "Qwen2": {}, "Qwen3": {"head_dim": 8}, "Llama": {}, "Mistral": {"head_dim": 8}, "Gemma": {"head_dim": 8},
    "Starcoder2": {},
    "DeepseekV3": {
        "n_routed_experts": 4, "n_group": 2, "topk_group": 1, "num_experts_per_tok": 2, "moe_intermediate_size": 8,
        "q_lora_rank": 8, "kv_lora_rank": 8, "qk_rope_head_dim": 4, "qk_nope_head_dim": 4, "v_head_dim": 8,
        "first_k_dense_replace": 1, "n_shared_experts": 1, "num_key_value_heads": 4,
    },
}  # fmt: skip


def save_tokenizer(folder: Path, added: Sequence[str] = (), chat: bool = False) -> None:
    """A byte-level tokenizer of 257 tokens, and the added ones."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={letter: number for number, letter in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>"])
    tokenizer.add_tokens([AddedToken(token, normalized=False, special=True) for token in added])
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast"} | ({"chat_template": CHAT} if chat else {})
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def save_model(
    folder: Path,
    family: str = "Qwen2",
    seed: int = 0,
    *,
    start: Path | None = None,
    dtype: torch.dtype = torch.bfloat16,
    added: Sequence[str] = (),
    chat: bool = False,
    shard: str = "5GB",
    **options: Any,
) -> Path:
    """A checkpoint with random weights, or `start`'s moved a little."""
    import transformers

    settings: dict[str, Any] = {
        "vocab_size": 264, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128, "bos_token_id": 256,
        "eos_token_id": 256, "pad_token_id": 256,
    } | SIZES[family] | options  # fmt: skip
    config = getattr(transformers, f"{family}Config")(**settings)
    torch.manual_seed(seed)
    model = getattr(transformers, f"{family}ForCausalLM")(config)
    if start is not None:
        near = transformers.AutoModelForCausalLM.from_pretrained(start, dtype=torch.float32)
        with torch.no_grad():
            for name, tensor in model.state_dict().items():
                old = near.state_dict().get(name)
                if old is not None and old.shape == tensor.shape and tensor.is_floating_point():
                    tensor.copy_(old + 0.004 * torch.randn(old.shape))
    model.to(dtype).save_pretrained(folder, max_shard_size=shard)
    save_tokenizer(folder, added, chat)
    return folder
