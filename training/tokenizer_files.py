"""The files of a model folder that go from one model to another as they are: tokenizer, chat template, generation."""

from __future__ import annotations

TEMPLATES = ("chat_template.jinja", "chat_template.json")
COPIED = (
    *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json"),
    *("merges.txt", "vocab.txt", "tokenizer.model", "spiece.model", *TEMPLATES, "generation_config.json"),
)
