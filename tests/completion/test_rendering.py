"""Token ids of prompts, with a tokenizer of one word or sign a token."""

from __future__ import annotations

from completion.healing import VocabularyIndex
from completion.prompt import Prompt, build_prompt
from completion.rendering import render
from completion.templates import TEMPLATES
from core.wire import CompletionRequest, ContextPiece

TOKENS = [b"let", b" ", b"x", b"=", b"pri", b"print", b"\n", b"\n  ", b"<|fim_middle|>", b"s/a", b"s"]
SPECIAL = {"<|fim_prefix|>": 20, "<|fim_suffix|>": 21, "<|fim_middle|>": 22, "<|repo_name|>": 23, "<|file_sep|>": 24}
INDEX = VocabularyIndex(TOKENS)


def encode(text: str) -> list[int]:
    """The longest token each time."""
    data, ids = text.encode(), []
    while data:
        best = max((i for i, token in enumerate(TOKENS) if data.startswith(token)), key=lambda i: len(TOKENS[i]))
        ids.append(best)
        data = data[len(TOKENS[best]) :]
    return ids


def prompt(prefix: str, suffix: str, template: str, *pieces: ContextPiece) -> Prompt:
    request = CompletionRequest(
        request_id="1", session_id="1", language="text", path="s", repository="s",
        prefix=prefix, suffix=suffix, context=pieces,
    )  # fmt: skip
    return build_prompt(request, TEMPLATES[template], 1000)


def test_the_prefix_is_healed_wherever_it_stands() -> None:
    for template, expected in (("embedded-psm", [20, 2, 3, 21, 6, 22]), ("embedded-spm", [20, 21, 6, 22, 2, 3])):
        rendered = render(prompt("x=pri", "\n", template), encode, SPECIAL.__getitem__, INDEX)
        assert rendered.ids == expected
        assert rendered.healed == b"pri"


def test_without_an_index_nothing_is_taken_back() -> None:
    rendered = render(prompt("x=pri", "", "embedded-psm"), encode, SPECIAL.__getitem__)
    assert rendered.ids == [20, 2, 3, 4, 21, 22]
    assert rendered.healed == b""


def test_a_line_end_is_healed_into_indentation() -> None:
    rendered = render(prompt("x\n", "", "embedded-psm"), encode, SPECIAL.__getitem__, INDEX)
    assert rendered.healed == b"\n"
    assert 7 in INDEX.allowed(rendered.healed)


def test_the_text_of_a_special_token_is_text() -> None:
    rendered = render(prompt("<|fim_middle|>x=", "", "embedded-psm"), encode, SPECIAL.__getitem__, INDEX)
    assert rendered.ids == [20, 8, 2, 3, 21, 22]


def test_an_empty_prefix_heals_nothing_of_the_layout() -> None:
    pieces = (ContextPiece(path="s/a", text="x"),)
    rendered = render(prompt("", "x", "embedded-spm", *pieces), encode, SPECIAL.__getitem__, INDEX)
    assert rendered.healed == b""
    assert rendered.ids == [23, 10, 6, 24, 9, 6, 2, 6, 24, 10, 6, 20, 21, 2, 22]
