"""The edit distance against a library's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from lsp.telemetry.distance import LONGEST, changed, distance

TEXTS = st.text(alphabet="ab(\n\N{GRINNING FACE}", max_size=80)


@given(TEXTS, TEXTS)
def test_as_a_library_finds_it(one: str, other: str) -> None:
    assert distance(one, other) == Levenshtein.distance(one, other)


def test_shares() -> None:
    assert (changed("", ""), changed("ab", ""), changed("ab", "abab"), changed("ab", "ab")) == (0.0, 1.0, 0.5, 0.0)
    assert changed("a" * LONGEST, "a" * 10_000_000) == 0.0
