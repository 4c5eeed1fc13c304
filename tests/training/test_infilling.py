"""Cutting documents: nothing is lost, and the middles are what they are said to be."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from training.infilling import block_hole, cut, line_hole, span_hole

texts = st.text(alphabet=st.sampled_from("ab ({\n\t=é😀"), min_size=1, max_size=200)


@given(texts, st.integers(0, 10_000), st.sampled_from([line_hole, block_hole, span_hole]))
def test_parts_make_the_document(text: str, seed: int, make: Any) -> None:
    hole = make(text, random.Random(seed))
    if hole is None:
        return
    prefix, middle, suffix = cut(text, hole)
    assert prefix + middle + suffix == text
    assert middle


@given(texts, st.integers(0, 10_000))
def test_a_line_hole_ends_with_its_line(text: str, seed: int) -> None:
    hole = line_hole(text, random.Random(seed))
    if hole is None:
        return
    prefix, middle, suffix = cut(text, hole)
    assert "\n" not in middle
    assert (prefix.rpartition("\n")[2] + middle).strip()
    assert suffix == "" or suffix.startswith("\n")


@given(texts, st.integers(0, 10_000))
def test_a_block_hole_ends_at_a_line_end(text: str, seed: int) -> None:
    hole = block_hole(text, random.Random(seed))
    if hole is not None:
        assert hole.end == len(text) or text[hole.end] == "\n"


def test_some_line_holes_begin_at_the_line_and_some_behind_its_indentation() -> None:
    text = "    value = compute(x)\n" * 3
    holes = [line_hole(text, random.Random(seed)) for seed in range(300)]
    columns = {hole.start % 23 for hole in holes if hole}
    assert {0, 4} <= columns
    assert len(columns) > 10


def test_white_space_alone_has_no_line_to_complete() -> None:
    assert line_hole("  \n\n \n", random.Random(0)) is None
