"""The parts of a prompt, with a tokenizer of one word or sign a token."""

from __future__ import annotations

from completion.explaining import explained
from completion.healing import VocabularyIndex
from completion.prompt import build_prompt
from completion.rendering import Rendered, render
from completion.templates import TEMPLATES, for_typing
from core.wire import CompletionRequest, ContextPiece, PieceKind

TOKENS = [b"let", b" ", b"x", b"=", b"pri", b"print", b"\n", b"\nlet", b"a", b"\xc3", b"\xa9"]
NAMES = {20: "<|fim_prefix|>", 21: "<|fim_suffix|>", 22: "<|fim_middle|>", 23: "<|repo_name|>", 24: "<|file_sep|>"}
IDS = {name: number for number, name in NAMES.items()}


def encode(text: str) -> list[int]:
    """The longest token each time."""
    data, ids = text.encode(), []
    while data:
        best = max((i for i, token in enumerate(TOKENS) if data.startswith(token)), key=lambda i: len(TOKENS[i]))
        ids.append(best)
        data = data[len(TOKENS[best]) :]
    return ids


def rendered(prefix: str, suffix: str, *pieces: ContextPiece, typing: bool = False) -> Rendered:
    request = CompletionRequest(
        request_id="1", session_id="1", language="text", path="x", repository="a",
        prefix=prefix, suffix=suffix, context=pieces,
    )  # fmt: skip
    template = TEMPLATES["embedded-psm"]
    prompt = build_prompt(request, for_typing(template) if typing else template, 1000)
    return render(prompt, encode, IDS.__getitem__, VocabularyIndex(TOKENS))


def shown(prompt: Rendered, cached: int = 0) -> list[tuple[str, str, int, int]]:
    parts = explained(prompt, TOKENS, NAMES, cached)
    return [(part.origin.value, part.text, part.tokens, part.cached) for part in parts]


def test_a_token_belongs_to_the_part_that_it_begins_in() -> None:
    piece = ContextPiece(kind=PieceKind.MANUAL, path="a", text="let x")
    assert shown(rendered("x=", "x", piece), cached=7) == [
        ("template", "<|repo_name|>a\n<|file_sep|>a\n", 6, 6),  # the second line end begins the token `\nlet`
        ("manual", "let x", 2, 1),
        ("template", "\n<|file_sep|>x\n<|fim_prefix|>", 5, 0),
        ("prefix", "x=", 2, 0),
        ("template", "<|fim_suffix|>", 1, 0),
        ("suffix", "x", 1, 0),
        ("template", "<|fim_middle|>", 1, 0),
    ]


def test_what_was_healed_is_in_no_part() -> None:
    assert shown(rendered("x=pri", "a"))[1] == ("prefix", "x=", 2, 0)
    apart = rendered("x\n=pri", "a", typing=True)
    assert apart.healed == b"pri"
    assert [part[:2] for part in shown(apart)][-2:] == [("template", "<|fim_middle|>"), ("prefix", "\n=")]


def test_the_whole_prefix_may_be_healed() -> None:
    assert [part[0] for part in shown(rendered("pri", ""))] == ["template"]


def test_a_prompt_that_nobody_laid_out_has_no_parts() -> None:
    assert explained(Rendered([1, 2], b""), TOKENS, NAMES, 0) == ()
