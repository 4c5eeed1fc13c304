"""The prompt's layout: golden prompts for each family, and properties of budgets and cuts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion.prompt import build_prompt, keep_end, keep_start
from completion.segments import Special, Text, joined, merged
from completion.templates import TEMPLATES, Slot, for_typing, template_for_model, template_named
from core.errors import UnknownNameError
from core.wire import CompletionRequest, ContextPiece, PieceKind


def request(prefix: str, suffix: str = "", pieces: tuple[ContextPiece, ...] = ()) -> CompletionRequest:
    return CompletionRequest(
        request_id="1",
        session_id="1",
        language="text",
        repository="shop",
        path="src/main.x",
        prefix=prefix,
        suffix=suffix,
        context=pieces,
    )


PIECES = (ContextPiece(path="src/a.x", text="fn a()\n"),)

WITHOUT_PIECES = {
    "qwen2.5-coder": "<|fim_prefix|>PRE<|fim_suffix|>SUF<|fim_middle|>",
    "embedded-psm": "<|fim_prefix|>PRE<|fim_suffix|>SUF<|fim_middle|>",
    "embedded-spm": "<|fim_prefix|><|fim_suffix|>SUF<|fim_middle|>PRE",
    "starcoder2": "<fim_prefix>PRE<fim_suffix>SUF<fim_middle>",
    "deepseek-coder": "<｜begin▁of▁sentence｜><｜fim▁begin｜>PRE<｜fim▁hole｜>SUF<｜fim▁end｜>",
    "codellama": "<s>▁<PRE>PRE▁<SUF>SUF▁<MID>",
    "codestral": "<s>[SUFFIX]SUF[PREFIX]PRE",
    "mellum": "<fim_suffix>SUF<fim_prefix>PRE<fim_middle>",
}
QWEN_HEAD = "<|repo_name|>shop\n<|file_sep|>src/a.x\nfn a()\n<|file_sep|>src/main.x\n"
WITH_PIECES = WITHOUT_PIECES | {
    "qwen2.5-coder": QWEN_HEAD + WITHOUT_PIECES["qwen2.5-coder"],
    "embedded-psm": QWEN_HEAD + WITHOUT_PIECES["embedded-psm"],
    "embedded-spm": QWEN_HEAD + WITHOUT_PIECES["embedded-spm"],
    "starcoder2": ("<repo_name>shop<file_sep>src/a.x\nfn a()\n<file_sep>src/main.x\n" + WITHOUT_PIECES["starcoder2"]),
    "mellum": "<filename>src/a.x\nfn a()\n<filename>src/main.x\n" + WITHOUT_PIECES["mellum"],
}


def test_every_template_has_a_golden_prompt() -> None:
    assert set(WITHOUT_PIECES) == set(TEMPLATES)


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize(("pieces", "golden"), [((), WITHOUT_PIECES), (PIECES, WITH_PIECES)], ids=["alone", "pieces"])
def test_golden_prompts(name: str, pieces: tuple[ContextPiece, ...], golden: dict[str, str]) -> None:
    prompt = build_prompt(request("PRE", "SUF", pieces), TEMPLATES[name], 1000)
    assert joined(prompt.segments) == golden[name]
    assert prompt.prefix_segment is not None
    assert prompt.segments[prompt.prefix_segment] == Text("PRE")


@pytest.mark.parametrize("name", TEMPLATES)
def test_code_that_spells_a_special_token_stays_text(name: str) -> None:
    template = TEMPLATES[name]
    for token in template.special_tokens:
        prompt = build_prompt(request(f"a{token}b", f"c{token}d"), template, 1000)
        specials = [segment.token for segment in prompt.segments if isinstance(segment, Special)]
        plain = build_prompt(request("ab", "cd"), template, 1000)
        assert specials == [segment.token for segment in plain.segments if isinstance(segment, Special)]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_layout_is_sound(name: str) -> None:
    template = TEMPLATES[name]
    assert template.hole.count(Slot.PREFIX) == template.hole.count(Slot.SUFFIX) == 1
    assert template.stop
    assert bool(template.context_piece) == bool(template.file_head)
    assert template.prefix_is_last == joined(build_prompt(request("P", "S"), template, 100).segments).endswith("P")


def test_an_empty_prefix_has_no_segment() -> None:
    assert build_prompt(request("", "S"), TEMPLATES["embedded-psm"], 100).prefix_segment is None


def test_templates_by_name_and_by_model() -> None:
    assert template_named("codestral").name == "codestral"
    with pytest.raises(UnknownNameError, match=r"unknown fill-in-the-middle template 'codestal' \(did you mean"):
        template_named("codestal")
    names = {
        "Qwen/Qwen2.5-Coder-7B": "qwen2.5-coder",
        "bigcode/starcoder2-3b": "starcoder2",
        "deepseek-ai/DeepSeek-Coder-V2-Lite-Base": "deepseek-coder",
        "codellama/CodeLlama-7b-hf": "codellama",
        "mistralai/Codestral-22B-v0.1": "codestral",
        "JetBrains/Mellum-4b-base": "mellum",
    }
    for model, name in names.items():
        template = template_for_model(model)
        assert template is not None
        assert template.name == name
    assert template_for_model("gpt2") is None


@pytest.mark.parametrize(
    ("text", "budget", "expected"),
    [
        ("one\ntwo\nthree", 100, "one\ntwo\nthree"),
        ("one\ntwo\nthree", 13, "one\ntwo\nthree"),
        ("one\ntwo\nthree", 12, "two\nthree"),
        ("one\ntwo\nthree", 9, "two\nthree"),
        ("one\ntwo\nthree", 7, "three"),
        ("one\ntwo\nthree", 2, "ee"),
        ("é𝄞", 4, "𝄞"),
        ("é𝄞", 3, ""),
        ("abc", 0, ""),
        ("abc", -1, ""),
    ],
)
def test_the_end_is_kept_from_a_line_start(text: str, budget: int, expected: str) -> None:
    assert keep_end(text, budget) == expected


@pytest.mark.parametrize(
    ("text", "budget", "expected"),
    [
        ("one\ntwo\nthree", 13, "one\ntwo\nthree"),
        ("one\ntwo\nthree", 12, "one\ntwo\n"),
        ("one\ntwo\nthree", 5, "one\n"),
        ("one\ntwo\nthree", 2, "on"),
        ("𝄞é", 5, "𝄞"),
        ("𝄞é", 3, ""),
        ("abc", 0, ""),
    ],
)
def test_the_start_is_kept_up_to_a_line_end(text: str, budget: int, expected: str) -> None:
    assert keep_start(text, budget) == expected


LINES = st.text(alphabet="ab \n\r\té𝄞\u0301\u2028", max_size=200)
PIECE = st.builds(ContextPiece, path=st.text(alphabet="a/é", max_size=10), text=LINES)


@given(LINES, st.integers(-2, 300))
def test_cuts_are_ends_and_starts_within_the_budget(text: str, budget: int) -> None:
    end, start = keep_end(text, budget), keep_start(text, budget)
    assert text.endswith(end)
    assert text.startswith(start)
    assert max(len(end.encode()), len(start.encode())) <= max(budget, 0)
    if 4 < budget < len(text.encode()):
        assert end or "\n" in text or budget < 4
        longest = text.encode()[-budget:].decode(errors="ignore")
        assert len(end) * 2 >= len(longest), "a line's start costs at most half"


@given(LINES, LINES, st.lists(PIECE, max_size=5), st.integers(1, 600), st.sampled_from(sorted(TEMPLATES)))
def test_the_budget_is_never_exceeded(
    prefix: str, suffix: str, pieces: list[ContextPiece], budget: int, name: str
) -> None:
    prompt = build_prompt(request(prefix, suffix, tuple(pieces)), TEMPLATES[name], budget)
    kept = len(prompt.prefix.encode()) + len(prompt.suffix.encode())
    assert kept + sum(len(piece.text.encode()) for piece in prompt.pieces) <= budget
    named = len("shop" + "src/main.x") + sum(len((piece.path + piece.text).encode()) for piece in prompt.pieces)
    assert kept + (named if prompt.pieces else 0) <= budget
    assert prefix.endswith(prompt.prefix)
    assert suffix.startswith(prompt.suffix)
    assert tuple(pieces[: len(prompt.pieces)]) == prompt.pieces, "whole pieces, in order"
    if prompt.prefix_segment is not None:
        segment = prompt.segments[prompt.prefix_segment]
        assert isinstance(segment, Text)
        assert segment.text.endswith(prompt.prefix)


TYPING = {
    "qwen2.5-coder": "<|fim_prefix|>one<|fim_suffix|>SUF<|fim_middle|>\n  two",
    "embedded-psm": "<|fim_prefix|>one<|fim_suffix|>SUF<|fim_middle|>\n  two",
    "starcoder2": "<fim_prefix>one<fim_suffix>SUF<fim_middle>\n  two",
    "deepseek-coder": "<｜begin▁of▁sentence｜><｜fim▁begin｜>one<｜fim▁hole｜>SUF<｜fim▁end｜>\n  two",
    "codellama": "<s>▁<PRE>one▁<SUF>SUF▁<MID>\n  two",
    "mellum": "<fim_suffix>SUF<fim_prefix>one<fim_middle>\n  two",
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_layout_for_typing(name: str) -> None:
    template = for_typing(TEMPLATES[name])
    assert for_typing(template) is template
    if name not in TYPING:
        assert template is TEMPLATES[name], "typing only appends to it already"
        return
    prompt = build_prompt(request("one\n  two", "SUF"), template, 1000)
    assert joined(prompt.segments) == TYPING[name]
    assert (prompt.prefix, prompt.typed) == ("one\n  two", "\n  two")
    assert prompt.prefix_segment == len(prompt.segments) - 1


@given(LINES, LINES, st.text(alphabet="ab (é", max_size=20), st.sampled_from(sorted(TEMPLATES)))
def test_typing_only_appends(prefix: str, suffix: str, typed: str, name: str) -> None:
    template = for_typing(TEMPLATES[name])
    before = joined(build_prompt(request(prefix, suffix), template, 10_000).segments)
    after = joined(build_prompt(request(prefix + typed, suffix), template, 10_000).segments)
    assert after == before + typed


def test_in_steps_the_beginning_stays_while_one_types() -> None:
    lines = "".join(f"value_{number} = {number * 7919}\n" for number in range(400))
    pieces = tuple(ContextPiece(path=f"{number}.x", text="y" * 300) for number in range(9))
    starts, kept, shown = set(), set(), set()
    for length in range(3000, 4000, 7):
        prompt = build_prompt(request(lines[:length], lines, pieces), TEMPLATES["embedded-psm"], 2000, in_steps=True)
        assert lines[:length].endswith(prompt.prefix)
        starts.add(length - len(prompt.prefix))
        kept.add(len(prompt.suffix))
        shown.add(len(prompt.pieces))
        assert (
            2000 * 0.75 - 310 <= sum(map(len, (prompt.prefix, prompt.suffix, *(p.text for p in prompt.pieces)))) <= 2000
        )
    assert len(starts) <= 5, "an eighth of the budget, 250 bytes, at once"
    assert len(kept) == len(shown) == 1


@given(LINES, LINES, st.lists(PIECE, max_size=5), st.integers(1, 600))
def test_in_steps_the_budget_holds_too(prefix: str, suffix: str, pieces: list[ContextPiece], budget: int) -> None:
    prompt = build_prompt(request(prefix, suffix, tuple(pieces)), TEMPLATES["qwen2.5-coder"], budget, in_steps=True)
    kept = len(prompt.prefix.encode()) + len(prompt.suffix.encode())
    assert kept + sum(len((piece.path + piece.text).encode()) for piece in prompt.pieces) <= budget
    assert prefix.endswith(prompt.prefix)
    assert prompt.prefix or not prefix or budget < 20 or "\n" in prefix or not prefix.isascii()


def test_pieces_stand_the_least_volatile_first_and_the_most_volatile_goes_first() -> None:
    kinds = [PieceKind.EDIT, PieceKind.SIMILAR, PieceKind.MANUAL, PieceKind.DIAGNOSTIC, PieceKind.DECLARATION]
    pieces = tuple(ContextPiece(kind=kind, path="p", text=f"{kind.value:-<90}") for kind in kinds)
    whole = build_prompt(request("a", "b", pieces), TEMPLATES["qwen2.5-coder"], 4000)
    assert [piece.kind for piece in whole.pieces] == list(PieceKind)
    some = build_prompt(request("a" * 2000, "", pieces), TEMPLATES["qwen2.5-coder"], 1000)
    assert [piece.kind for piece in some.pieces] == list(PieceKind)[:3]


@given(LINES, LINES, st.integers(1, 600))
def test_the_prefix_keeps_what_others_leave(prefix: str, suffix: str, budget: int) -> None:
    """Without pieces, either all of the prefix stays, or about half of its room is used."""
    prompt = build_prompt(request(prefix, suffix), TEMPLATES["embedded-psm"], budget)
    room = budget - len(prompt.suffix.encode())
    if prompt.prefix != prefix:
        assert len(prompt.prefix.encode()) >= (room - 3) // 4, "half in characters; these have up to four bytes"


@pytest.mark.parametrize("budget", [0, -5])
def test_a_budget_must_be_positive(budget: int) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        build_prompt(request("a"), TEMPLATES["embedded-psm"], budget)


@given(st.lists(st.one_of(st.builds(Text, st.text(max_size=3)), st.builds(Special, st.text(max_size=3))), max_size=8))
def test_merging_keeps_the_string_and_leaves_no_neighbours(segments: list[Text | Special]) -> None:
    result = merged(segments)
    assert joined(result) == joined(segments)
    assert not any(isinstance(a, Text) and isinstance(b, Text) for a, b in pairwise(result))
    assert Text("") not in result
