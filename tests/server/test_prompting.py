"""Prompts that fit the context, with the token at the cursor taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise, takewhile
from typing import Any

import pytest
from tokenizers import Tokenizer

from completion.templates import for_typing, template_named
from core.errors import RequestError
from core.wire import CompletionRequest, ContextPiece
from server.prompting import PromptMaker
from server.tokens.rendering import TokenRenderer

MakeRequest = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def renderer(qwen_tokenizer: Tokenizer) -> TokenRenderer:
    return TokenRenderer(json.loads(qwen_tokenizer.to_str()))


@pytest.fixture
def request_of(request_with: MakeRequest) -> Callable[..., CompletionRequest]:
    return lambda **changes: CompletionRequest.model_validate(request_with(**changes))


def maker(renderer: TokenRenderer, template: str = "embedded-spm", **options: Any) -> PromptMaker:
    values = {"context_tokens": 512, "bytes_per_token": 2.5, **options}
    return PromptMaker(renderer, template_named(template), **values)


def text_of(renderer: TokenRenderer, ids: list[int]) -> str:
    names = {index: token for token, index in renderer.vocabulary.controls.items()}
    return b"".join(
        names[token].encode() if token in names else renderer.vocabulary.tokens[token] for token in ids
    ).decode()


@pytest.mark.parametrize(
    ("template", "layout"),
    [
        ("embedded-spm", "<|fim_prefix|><|fim_suffix|>{suffix}<|fim_middle|>{prefix}"),
        ("embedded-psm", "<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>"),
    ],
)
def test_what_is_healed_is_the_end_of_the_prefix(
    renderer: TokenRenderer, request_of: Callable[..., CompletionRequest], template: str, layout: str
) -> None:
    made = maker(renderer, template).make(request_of(prefix="def f():\n    ret", suffix="\n"))
    healed = made.healed.decode()
    assert healed
    assert "def f():\n    ret".endswith(healed)
    kept = "def f():\n    ret".removesuffix(healed)
    assert text_of(renderer, made.ids) == layout.format(prefix=kept, suffix="\n")


@pytest.mark.parametrize("prefix", ["", "x = 1\n    é", "\n", "€", "<|fim_prefix|>"])
def test_prefix_and_healed_bytes_are_the_prefix_again(
    renderer: TokenRenderer, request_of: Callable[..., CompletionRequest], prefix: str
) -> None:
    made = maker(renderer).make(request_of(prefix=prefix))
    data = b"".join(renderer.vocabulary.tokens[token] for token in made.ids)
    assert data + made.healed == prefix.encode()


def test_without_healing_the_prefix_stays_whole(
    renderer: TokenRenderer, request_of: Callable[..., CompletionRequest]
) -> None:
    made = maker(renderer, healing=False).make(request_of(prefix="ret"))
    assert made.healed == b""
    assert text_of(renderer, made.ids).endswith("<|fim_middle|>ret")


@pytest.mark.parametrize("template", ["embedded-spm", "embedded-psm"])
@pytest.mark.parametrize("unit", ["line of code\n", "😀", "x", "\n", "<|fim_middle|>"])
def test_what_is_too_long_is_cut_to_fit(
    renderer: TokenRenderer, request_of: Callable[..., CompletionRequest], template: str, unit: str
) -> None:
    pieces = tuple(ContextPiece(path=f"{number}.py", text=unit * 20) for number in range(5))
    request = request_of(prefix=unit * 3000, suffix=unit * 3000, context=pieces, max_new_tokens=64)
    made = maker(renderer, template).make(request)
    assert 100 < len(made.ids) <= 512 - 64


def test_long_names_give_way_to_the_document(
    renderer: TokenRenderer, request_of: Callable[..., CompletionRequest]
) -> None:
    piece = ContextPiece(path="a", text="b")
    prefix = "value = 1\n" * 20 + "x = "
    request = request_of(path="p/" * 2000, prefix=prefix, context=(piece,), max_new_tokens=64)
    made = maker(renderer, healing=False).make(request)
    assert len(made.ids) <= 512 - 64
    assert text_of(renderer, made.ids).endswith(prefix)


@pytest.mark.parametrize("template", ["embedded-spm", "embedded-psm"])
def test_the_smallest_room_holds_a_prompt(
    renderer: TokenRenderer, request_of: Callable[..., CompletionRequest], template: str
) -> None:
    pieces = tuple(ContextPiece(path=f"{number}.py", text="") for number in range(5))
    request = request_of(path="long/name.py", prefix="€" * 50, suffix="€" * 50, context=pieces, max_new_tokens=506)
    assert len(maker(renderer, template).make(request).ids) <= 6


def test_more_new_tokens_than_the_context_holds_are_refused(
    renderer: TokenRenderer, request_of: Callable[..., CompletionRequest]
) -> None:
    with pytest.raises(RequestError, match="max_new_tokens is 512, and the context holds 512 tokens; ask for at most"):
        maker(renderer).make(request_of(max_new_tokens=512))


def test_key_strokes_within_a_line_leave_the_beginning_alone_and_are_tokenized_once(
    renderer: TokenRenderer, request_of: Callable[..., CompletionRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "".join(f"value_{n} = compute(value_{n - 1}, {n * 7919})\n" for n in range(200))
    typed = "    return "
    encoded: list[str] = []
    encode = TokenRenderer.encode

    def counted(self: TokenRenderer, text: str) -> list[int]:
        encoded.append(text)
        return encode(self, text)

    monkeypatch.setattr(TokenRenderer, "encode", counted)
    prompts = maker(renderer, bytes_per_token=3.7)
    made, sizes = [], []
    for length in range(1, len(typed)):
        encoded.clear()
        made.append(prompts.make(request_of(prefix=lines + typed[:length], suffix=lines)).ids)
        sizes.append(sum(map(len, encoded)))
    # keep_end moves the beginning by a character a key stroke and then on to a line's start
    assert len({tuple(ids[:300]) for ids in made}) <= 2
    assert all(300 < len(ids) <= 512 - 64 for ids in made)
    assert max(sizes[1:]) < sizes[0], "the sample is tokenized again for each key stroke"


@pytest.mark.parametrize("template", ["embedded-psm", "embedded-spm", "qwen2.5-coder"])
def test_in_the_layout_for_typing_a_key_stroke_appends_tokens_only(
    renderer: TokenRenderer, request_of: Callable[..., CompletionRequest], template: str
) -> None:
    lines = "".join(f"value_{n} = compute(value_{n - 1}, {n * 7919})\n" for n in range(200))
    typed = "\n    return total + value"
    prompts = PromptMaker(renderer, for_typing(template_named(template)), context_tokens=512, bytes_per_token=2.5)
    made = [
        prompts.make(request_of(prefix=lines.rstrip("\n") + typed[:end], suffix="\n" + lines))
        for end in range(1, len(typed))
    ]
    for before, after in pairwise(made):
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before.ids, after.ids, strict=False)))
        assert len(before.ids) - shared <= 3, "but for the last tokens, which typing joins"
        assert bytes(b"".join(renderer.vocabulary.tokens[token] for token in after.ids[shared:])) in typed.encode()
