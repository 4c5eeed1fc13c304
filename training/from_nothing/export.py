"""Write a model folder that transformers and vLLM load as it is.

The shape is Llama's: for Qwen2's, transformers 5 puts Qwen2's own way of cutting text in place of the tokenizer's.

The weights are stored as bfloat16. The folder is written beside its place and renamed: a kill leaves the old or the new
one.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import GenerationConfig, LlamaForCausalLM

from training.from_nothing.tokenizer import END, save_tokenizer, special_id


def export_model(model: LlamaForCausalLM, tokenizer: Tokenizer, output: Path) -> None:
    """Write config, weights and tokenizer to `output`; files there that are none of these stay."""
    partial = output.with_name(output.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    copy = LlamaForCausalLM(model.config)  # type: ignore[no-untyped-call]
    copy.bfloat16()
    copy.load_state_dict({name: tensor.detach().to(torch.bfloat16) for name, tensor in model.state_dict().items()})
    copy.config.use_cache = True
    copy.config.architectures = ["LlamaForCausalLM"]
    ends = [special_id(tokenizer, token) for token in (END, "<|fim_pad|>", "<|file_sep|>", "<|repo_name|>")]
    copy.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        eos_token_id=ends, pad_token_id=special_id(tokenizer, "<|fim_pad|>"), do_sample=False
    )
    copy.save_pretrained(partial)
    save_tokenizer(tokenizer, partial, model.config.max_position_embeddings)
    output.mkdir(parents=True, exist_ok=True)
    for file in sorted(partial.iterdir()):
        file.replace(output / file.name)
    partial.rmdir()
    (output / "model.safetensors").chmod(0o644)
