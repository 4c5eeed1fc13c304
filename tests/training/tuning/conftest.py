"""Folders of tokenizers with the chat templates of the known families, in short."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from tests.server.conftest import byte_level_tokenizer

TEMPLATES: dict[str, tuple[str, tuple[str, ...], str]] = {
    # name: template, its special tokens, the token that ends an answer
    "qwen2.5": (
        (
            ""
            "{%- if messages[0]['role'] != 'system' %}"
            "{{- '<|im_start|>system\\nYou are Qwen.<|im_end|>\\n' }}{%- endif %}"
            ""
            "{%- for m in messages %}"
            "{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>' + '\\n' }}{%- endfor %}"
            "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
        ),
        ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
        "<|im_end|>",
    ),
    "llama-3": (
        (
            "{% for m in messages %}{% set c = '<|start_header_id|>' + m['role'] + '<|end_header_id|>\\n\\n' "
            "+ m['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set c = bos_token + c %}{% endif %}"
            "{{ c }}{% endfor %}"
            "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"
        ),
        ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        "<|eot_id|>",
    ),
    "mistral": (
        (
            "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] %}"
            "{% set rest = messages[1:] %}{% else %}{% set rest = messages %}{% endif %}{% for m in rest %}"
            "{% if m['role'] == 'user' %}"
            "{% if loop.last or (loop.index0 == rest|length - 2 and rest[-1].role != 'user') %}"
            "{{ '[INST] ' + (system + '\\n\\n' if system is defined else '') + m['content'] + '[/INST]' }}{% else %}"
            "{{ '[INST] ' + m['content'] + '[/INST]' }}{% endif %}{% else %}{{ ' ' + m['content'] + eos_token }}"
            "{% endif %}{% endfor %}"
        ),
        ("<s>", "</s>", "[INST]", "[/INST]"),
        "</s>",
    ),
    "gemma": (
        (
            "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
            "{% endif %}{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
            "{{ raise_exception('Conversation roles must alternate') }}{% endif %}"
            "{{ '<start_of_turn>' + ('model' if m['role'] == 'assistant' else m['role']) + '\\n' + m['content'] | trim "
            "+ '<end_of_turn>\\n' }}{% endfor %}"
            "{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"
        ),
        ("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"),
        "<end_of_turn>",
    ),
    "deepseek-coder": (
        (
            "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'system' %}{{ m['content'] }}"
            "{% elif m['role'] == 'user' %}{{ '### Instruction:\\n' + m['content'] + '\\n' }}{% else %}"
            "{{ '### Response:\\n' + m['content'] + '\\n<|EOT|>\\n' }}{% endif %}{% endfor %}"
            "{% if add_generation_prompt %}{{ '### Response:\\n' }}{% endif %}"
        ),
        ("<｜begin▁of▁sentence｜>", "<|EOT|>"),
        "<|EOT|>",
    ),
    "deepseek-r1": (
        (
            "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'system' %}{{ m['content'] }}"
            "{% elif m['role'] == 'user' %}{{ '<｜User｜>' + m['content'] }}{% else %}"
            "{{ '<｜Assistant｜>' + m['content'].split('</think>')[-1] + '<｜end▁of▁sentence｜>' }}"
            "{% endif %}{% endfor %}"
            "{% if add_generation_prompt %}{{ '<｜Assistant｜><think>\\n' }}{% endif %}"
        ),
        ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>", "<think>"),
        "<｜end▁of▁sentence｜>",
    ),
}

MakeFolder = Callable[..., Path]


@pytest.fixture
def model_folder(tmp_path: Path) -> MakeFolder:
    """Writes a tokenizer with a family's special tokens; `template=None` leaves the template out."""

    def make(family: str, template: str | None = "") -> Path:
        own, special, end = TEMPLATES[family]
        fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
            tokenizer_object=byte_level_tokenizer(special), bos_token=special[0], eos_token=end
        )
        fast.chat_template = own if template == "" else template
        folder = tmp_path / family
        fast.save_pretrained(folder)
        return folder

    return make
