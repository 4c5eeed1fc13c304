"""Rows: exact, reproducible, and without a special token that the layout did not put there."""

from __future__ import annotations

import random

import pytest
from tokenizers import Tokenizer

from completion.segments import Special
from core.wire import CompletionRequest, ContextPiece
from training.documents import Document
from training.from_nothing.context import related_pieces
from training.from_nothing.examples import IGNORED, ExampleMaker
from training.from_nothing.recipe import ExamplesPart
from training.from_nothing.tokenizer import SPECIAL_TOKENS, encode_segments, special_id


@pytest.fixture(scope="module")
def maker(documents: dict[str, list[Document]], tokenizer: Tokenizer, part: ExamplesPart) -> ExampleMaker:
    return ExampleMaker(documents, tokenizer, part, seed=5)


@pytest.mark.parametrize("length", [64, 256, 1000])
def test_rows_are_exact(maker: ExampleMaker, length: int) -> None:
    for number in range(20):
        row = maker.row(number, length)
        assert len(row.input_ids) == len(row.position_ids) == len(row.labels) == length


def test_a_row_depends_on_its_number_alone(
    maker: ExampleMaker, documents: dict[str, list[Document]], tokenizer: Tokenizer, part: ExamplesPart
) -> None:
    again = ExampleMaker(documents, tokenizer, part, seed=5)
    ahead = [maker.row(number, 256) for number in range(6)]
    back = [again.row(number, 256) for number in reversed(range(6))]
    assert ahead == back[::-1]
    assert len({tuple(row.input_ids) for row in ahead}) == 6


def test_no_loss_on_first_tokens_nor_on_padding(maker: ExampleMaker) -> None:
    for number in range(20):
        row = maker.row(number, 256)
        for token, position, label in zip(row.input_ids, row.position_ids, row.labels, strict=True):
            assert label == IGNORED or (label == token and position > 0)
            if position == 0:
                assert label == IGNORED


def test_an_example_is_never_longer_than_its_room(maker: ExampleMaker) -> None:
    for seed in range(200):
        room = 48 + seed * 3
        assert len(maker.example(random.Random(seed), room)) <= room


def test_examples_with_a_hole_are_whole(maker: ExampleMaker, tokenizer: Tokenizer) -> None:
    prefix, suffix, middle, end = (
        special_id(tokenizer, token)
        for token in ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|endoftext|>")
    )
    orders, with_context = set(), 0
    for seed in range(200):
        ids = maker.example(random.Random(seed), 300)
        if middle not in ids:
            continue
        assert [ids.count(token) for token in (prefix, suffix, middle, end)] == [1, 1, 1, 1]
        assert ids[-1] == end
        orders.add("spm" if ids.index(suffix) == ids.index(prefix) + 1 else "psm")
        with_context += ids[0] == special_id(tokenizer, "<|repo_name|>")
    assert orders == {"psm", "spm"}
    assert with_context > 20


def test_the_layout_is_the_servers(
    maker: ExampleMaker, tokenizer: Tokenizer, documents: dict[str, list[Document]], part: ExamplesPart
) -> None:
    from completion.prompt import build_prompt
    from completion.templates import TEMPLATES

    document = documents["python"][0]
    piece = ContextPiece(path="other.py", text="area = 1\n")
    request = CompletionRequest(
        request_id="a",
        session_id="b",
        language="python",
        path=document.path,
        repository=document.package,
        prefix=document.text[:100],
        suffix=document.text[120:200],
        context=(piece,),
    )
    prompt = build_prompt(request, TEMPLATES["embedded-spm"], 2000)
    ids = encode_segments(tokenizer, prompt.segments)
    assert [i for i in ids if i < len(SPECIAL_TOKENS)] == [
        special_id(tokenizer, s.token) for s in prompt.segments if isinstance(s, Special)
    ]


def test_special_tokens_in_code_stay_text(tokenizer: Tokenizer, part: ExamplesPart) -> None:
    text = "".join(f"value_{i} = '{token}'\n" for i, token in enumerate(SPECIAL_TOKENS * 6))
    items = [Document("python", "p", f"{i}.py", text) for i in range(3)]
    maker = ExampleMaker({"python": items}, tokenizer, part.model_copy(update={"mix": {"python": 1.0}}), seed=1)
    allowed = {"<|repo_name|>": 1, "<|fim_prefix|>": 1, "<|fim_suffix|>": 1, "<|fim_middle|>": 1, "<|endoftext|>": 1}
    for seed in range(100):
        ids = maker.example(random.Random(seed), 200)
        for number, token in enumerate(SPECIAL_TOKENS):
            most = 4 if token == "<|file_sep|>" else allowed.get(token, 0)
            assert ids.count(number) <= most


def test_context_is_of_other_files_and_shares_names(documents: dict[str, list[Document]]) -> None:
    document, others = documents["python"][0], documents["python"][:5]
    for seed in range(50):
        pieces = related_pieces(document, 200, others, random.Random(seed), 400)
        assert all(piece.path != document.path and "width" in piece.text for piece in pieces)
        assert sum(len(p.text.encode()) + len(p.path) + 2 for p in pieces) <= 400


def test_a_mix_without_documents_is_refused(
    documents: dict[str, list[Document]], tokenizer: Tokenizer, part: ExamplesPart
) -> None:
    with pytest.raises(ValueError, match="lua"):
        ExampleMaker(documents, tokenizer, part.model_copy(update={"mix": {"lua": 1.0}}), seed=1)
