"""The tokenizer loses nothing, and transformers loads it unchanged."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from training.documents import Document
from training.from_nothing.recipe import TokenizerPart
from training.from_nothing.tokenizer import (
    SPECIAL_TOKENS,
    bytes_per_token,
    encode_text,
    save_tokenizer,
    train_tokenizer,
)


@pytest.fixture(scope="module")
def small() -> Tokenizer:
    items = {"python": [Document("python", "p", "a.py", "def f(x):\n    return x + 1\n\n\n" * 40)]}
    return train_tokenizer(TokenizerPart(vocabulary_tokens=512, sample_bytes=10_000), items, seed=1)


@given(text=st.text() | st.lists(st.sampled_from([*SPECIAL_TOKENS, "a ", "\n    ", "😀"])).map("".join))
def test_encoding_loses_nothing_and_never_makes_a_special_token(small: Tokenizer, text: str) -> None:
    ids = encode_text(small, text)
    assert small.decode(ids, skip_special_tokens=False) == text
    assert not any(number < len(SPECIAL_TOKENS) for number in ids)


def test_a_line_end_and_its_indentation_are_one_token(small: Tokenizer) -> None:
    tokens = small.encode("f(x):\n    return x").tokens
    assert any(token.endswith("ĊĠĠĠĠ") for token in tokens)


def test_special_tokens_have_the_first_ids(small: Tokenizer) -> None:
    assert [small.token_to_id(token) for token in SPECIAL_TOKENS] == list(range(len(SPECIAL_TOKENS)))


def test_transformers_loads_it_unchanged(small: Tokenizer, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    save_tokenizer(small, tmp_path, 256)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    text = "def g(a, b):\n\treturn a  # é\n"
    assert loaded(text).input_ids == small.encode(text).ids
    assert loaded.decode(loaded(text).input_ids) == text
    assert (loaded.eos_token, loaded.pad_token) == ("<|endoftext|>", "<|fim_pad|>")


def test_bytes_per_token_counts_bytes(small: Tokenizer) -> None:
    assert bytes_per_token(small, ["é"]) == pytest.approx(1.0)


def test_the_same_documents_give_the_same_tokenizer(documents: dict[str, list[Document]]) -> None:
    part = TokenizerPart(vocabulary_tokens=512, sample_bytes=20_000)
    assert train_tokenizer(part, documents, 4).to_str() == train_tokenizer(part, documents, 4).to_str()
