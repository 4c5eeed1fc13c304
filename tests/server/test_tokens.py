"""Prompts as token ids, and answers as text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from completion.templates import TEMPLATES, template_named
from core.errors import TemplateError
from core.wire import FinishReason
from server.tokens.answer import AnswerText
from server.tokens.rendering import TokenRenderer

FAMILIES = ("qwen2.5-coder", "starcoder2", "deepseek-coder", "mellum", "codellama", "codestral")
SENTENCEPIECE = ("codellama", "codestral")
TEXTS = ("  x = 1\n", "é € 😀\r\n\tend", "", " ", "no_space", "a <|fim_prefix|> b [SUFFIX] <s> </s> <fim_middle>")


@pytest.fixture(scope="session", params=FAMILIES)
def family(
    request: pytest.FixtureRequest, make_byte_level: Callable[..., Tokenizer], make_metaspace: Callable[..., Tokenizer]
) -> tuple[str, TokenRenderer]:
    """A family's template name and a tokenizer like its own."""
    template = template_named(request.param)
    tokens = tuple(dict.fromkeys((*template.special_tokens, *template.stop)))
    if request.param in SENTENCEPIECE:
        tokenizer = make_metaspace(tuple(token for token in tokens if token not in {"<s>", "</s>"}))
    else:  # half of them declared special, half not, as in the wild
        tokenizer = make_byte_level(tokens[::2], tokens[1::2])
    return request.param, TokenRenderer(json.loads(tokenizer.to_str()))


def spelled(renderer: TokenRenderer, ids: list[int]) -> str:
    return b"".join(renderer.vocabulary.tokens[token] for token in ids).decode()


def test_every_familys_template_fits_a_tokenizer_like_its_own(family: tuple[str, TokenRenderer]) -> None:
    name, renderer = family
    renderer.check(template_named(name))


def test_special_tokens_are_one_token_each(family: tuple[str, TokenRenderer]) -> None:
    name, renderer = family
    for token in template_named(name).special_tokens:
        assert renderer.control_id(token) == renderer.vocabulary.controls[token]


def test_text_stays_text_even_where_it_spells_a_control_token(family: tuple[str, TokenRenderer]) -> None:
    name, renderer = family
    template = template_named(name)
    spelling = "x ".join((*template.special_tokens, *template.stop, *TEXTS))
    ids = renderer.encode(spelling)
    assert not set(ids) & set(renderer.vocabulary.controls.values())
    if name not in SENTENCEPIECE or "▁" not in spelling:
        assert spelled(renderer, ids) == spelling


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_encoded_as_it_is_without_a_dummy_space(family: tuple[str, TokenRenderer], text: str) -> None:
    _, renderer = family
    assert spelled(renderer, renderer.encode(text)) == text


def test_a_vocabulary_that_holds_a_control_token_as_an_ordinary_entry_is_kept_from_it(
    qwen_tokenizer: Tokenizer,
) -> None:
    data = json.loads(qwen_tokenizer.to_str())
    data["model"]["ignore_merges"] = True
    data["pre_tokenizer"] = None
    added = next(token for token in data["added_tokens"] if token["content"] == "<|fim_prefix|>")
    data["model"]["vocab"]["<|fim_prefix|>"] = added["id"]
    renderer = TokenRenderer(data)
    ids = renderer.encode("<|fim_prefix|>")
    assert added["id"] not in ids
    assert spelled(renderer, ids) == "<|fim_prefix|>"


def test_added_tokens_that_are_plain_text_keep_their_ids(make_byte_level: Callable[..., Tokenizer]) -> None:
    tokenizer = make_byte_level(("<|endoftext|>",), ("        ", "<|fim_prefix|>", "é"))
    renderer = TokenRenderer(json.loads(tokenizer.to_str()))
    assert renderer.encode("        ") == [tokenizer.token_to_id("        ")]
    assert renderer.encode("é") == [tokenizer.token_to_id("é")]
    assert renderer.vocabulary.tokens[renderer.encode("é")[0]] == "é".encode()


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_a_template_of_another_family_is_refused_with_the_missing_tokens(
    name: str, make_byte_level: Callable[..., Tokenizer]
) -> None:
    renderer = TokenRenderer(json.loads(make_byte_level(("<other>",)).to_str()))
    with pytest.raises(TemplateError, match="does not hold as single tokens; choose") as caught:
        renderer.check(template_named(name))
    assert template_named(name).special_tokens[0] in str(caught.value)
    assert "\n" not in str(caught.value)


TOKENS = [b"", b"re", b"turn", b" x", b"\n", b"a\nb", b"\r", b"\xf0\x9f", b"\x98\x80", b"\xff"]


def answer_of(ids: list[int], **options: Any) -> tuple[AnswerText, list[str]]:
    answer = AnswerText(TOKENS, **options)
    parts = [answer.add([token], [-1.0]) for token in ids]
    return answer, [*parts, answer.end(FinishReason.LENGTH)]


@pytest.mark.parametrize(
    ("ids", "options", "text", "finish"),
    [
        ([1, 2], {}, "return", "length"),
        ([1, 2, 0, 3], {}, "return", "stop"),  # a control token ends it, and nothing after it counts
        ([1, 2], {"healed": b"ret"}, "urn", "length"),
        ([1], {"healed": b"re"}, "", "length"),
        ([1, 2, 4, 3], {}, "return\n x", "length"),
        ([1, 4, 3], {"single_line": True}, "re", "line"),
        ([1, 5, 3], {"single_line": True}, "rea", "line"),  # the line ends inside a token
        ([1, 6, 4], {"single_line": True}, "re", "line"),
        ([1, 6], {"single_line": True}, "re\r", "length"),
        ([7, 8, 1], {}, "😀re", "length"),
        ([1, 7], {}, "re", "length"),  # half a character is never shown
        ([1, 9, 2], {}, "re", "stop"),  # nor what is no UTF-8
        ([4], {"healed": b"\n", "single_line": True}, "", "length"),
    ],
)
def test_answer_text(ids: list[int], options: dict[str, Any], text: str, finish: str) -> None:
    answer, parts = answer_of(ids, **options)
    assert (answer.text, answer.finish) == (text, finish)
    assert "".join(parts) == text


def test_confidence_is_the_geometric_mean_of_probabilities() -> None:
    answer = AnswerText(TOKENS)
    assert answer.confidence == 0
    answer.add([1, 2], [0.0, -2.0])
    assert answer.confidence == pytest.approx(0.36787944)  # exp((0 - 2) / 2)


@given(st.text(), st.integers(1, 4), st.integers(0, 20))
def test_whole_characters_only_however_the_bytes_are_cut(text: str, size: int, healed: int) -> None:
    data = text.encode()
    tokens = [b"", *(data[start : start + size] for start in range(0, len(data), size))]
    before = text[:healed]
    answer = AnswerText(tokens, before.encode())
    parts = [answer.add([token], [0.0]) for token in range(1, len(tokens))]
    assert "".join(parts) == answer.text == text[healed:]
