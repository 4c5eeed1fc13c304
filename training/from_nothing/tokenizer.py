"""A byte-level BPE tokenizer for code, trained on the training documents.

Guarantees: any text is encoded without loss, and `decode(encode(text)) == text`; the same documents give the same
tokenizer; a special token's text inside code is encoded as text by `encode_text`. Special tokens have the names that
Qwen2.5-Coder uses (arXiv 2409.12186) and the first ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from completion.segments import Segment, Special
from training.documents import Document, shuffled
from training.from_nothing.recipe import TokenizerPart

END = "<|endoftext|>"
SPECIAL_TOKENS = (
    END,
    "<|im_start|>",
    "<|im_end|>",
    "<|fim_prefix|>",
    "<|fim_middle|>",
    "<|fim_suffix|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
)

# What may be one token at most: a word with one sign or space before it; up to three digits; a run of signs with the
# line end and the indentation behind it; a line end with the indentation; other white space.
_PIECES = (
    r" ?[^\s\p{L}\p{N}]?[\p{L}_]+",
    r" ?\p{N}{1,3}",
    r" ?[^\s\p{L}\p{N}_]+(?:\n+[ \t]*)?",
    r"\n+[ \t]*",
    r"[ \t]+",
    r"\s",
)


def train_tokenizer(part: TokenizerPart, documents: dict[str, list[Document]], seed: int) -> Tokenizer:
    """Train on a sample of `sample_bytes`, the same share of each language where it has as much."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex("|".join(_PIECES)), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=part.vocabulary_tokens,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_sample(part, documents, seed), trainer)
    return tokenizer


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a model folder, for `encode_text` and `encode_segments`."""
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def encode_text(tokenizer: Tokenizer, text: str) -> list[int]:
    """Token ids of `text`; the text of a special token in it is encoded as text."""
    ids: list[int] = []
    start = 0
    while True:
        found = [(at, token) for token in SPECIAL_TOKENS if (at := text.find(token, start)) >= 0]
        if not found:
            return ids + _ids(tokenizer, text[start:])
        at, _ = min(found)
        ids += _ids(tokenizer, text[start : at + 1])  # the token's first character apart: no longer its text
        start = at + 1


def encode_segments(tokenizer: Tokenizer, segments: Iterable[Segment]) -> list[int]:
    """Token ids of a prompt's segments."""
    ids: list[int] = []
    for segment in segments:
        if isinstance(segment, Special):
            ids.append(special_id(tokenizer, segment.token))
        else:
            ids += encode_text(tokenizer, segment.text)
    return ids


def special_id(tokenizer: Tokenizer, token: str) -> int:
    """The id of a special token. Raises `ValueError` if the tokenizer has no such token."""
    number = tokenizer.token_to_id(token)
    if number is None:
        raise ValueError(f"the tokenizer has no token {token!r}")
    return int(number)


def bytes_per_token(tokenizer: Tokenizer, texts: list[str]) -> float:
    """UTF-8 bytes per token over all texts together."""
    tokens = sum(len(encode_text(tokenizer, text)) for text in texts)
    return sum(len(text.encode()) for text in texts) / max(tokens, 1)


def save_tokenizer(tokenizer: Tokenizer, folder: Path, max_positions: int) -> None:
    """Write `tokenizer.json` and `tokenizer_config.json`, as transformers' AutoTokenizer and vLLM load them."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": "<|fim_pad|>",
        "additional_special_tokens": list(SPECIAL_TOKENS[1:]),
        "model_max_length": max_positions,
        "clean_up_tokenization_spaces": False,
        "add_prefix_space": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _ids(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False).ids) if text else []


def _sample(part: TokenizerPart, documents: dict[str, list[Document]], seed: int) -> Iterator[str]:
    share = part.sample_bytes / max(len(documents), 1)
    for language in sorted(documents):
        items = documents[language]
        room = share
        for number in shuffled(len(items), seed):
            if room <= 0:
                break
            text = items[number].text
            room -= len(text.encode())
            yield from [text] * part.repeats.get(language, 1)
