"""Columns in every encoding, for lines that people and machines write."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp.positions import Encoding, column_of, encoding_named, units_of

ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
FACE = "\N{GRINNING FACE}"
E_ACUTE = "e\N{COMBINING ACUTE ACCENT}"

LINES = st.text(st.characters(exclude_characters="\r\n"), max_size=40) | st.text(
    f"ab{E_ACUTE}{FACE}\u20ac", max_size=40
)


@pytest.mark.parametrize(
    ("encoding", "units"),
    [("utf-8", [0, 1, 5, 6, 8, 9]), ("utf-16", [0, 1, 3, 4, 5, 6]), ("utf-32", [0, 1, 2, 3, 4, 5])],
)
def test_the_columns_of_one_line(encoding: Encoding, units: list[int]) -> None:
    line = f"x{FACE}{E_ACUTE}y"
    assert [units_of(line[:column], encoding) for column in range(len(line) + 1)] == units


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(line=LINES, data=st.data())
def test_there_and_back(encoding: Encoding, line: str, data: st.DataObject) -> None:
    column = data.draw(st.integers(0, len(line)))
    assert column_of(line, units_of(line[:column], encoding), encoding) == column


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(line=LINES, units=st.integers(-5, 500))
def test_any_number_gives_the_last_column_that_it_reaches(encoding: Encoding, line: str, units: int) -> None:
    column = column_of(line, units, encoding)
    assert 0 <= column <= len(line)
    assert units_of(line[:column], encoding) <= max(units, 0)
    assert column == len(line) or units_of(line[: column + 1], encoding) > units


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(line=st.text(st.sampled_from("a\ud83d\ude00\udfff\ud800"), max_size=12), units=st.integers(0, 40))
def test_lone_surrogates_raise_nothing(encoding: Encoding, line: str, units: int) -> None:
    assert 0 <= column_of(line, units, encoding) <= len(line)
    assert units_of(line, encoding) >= 0


def test_an_encoding_that_nobody_knows_is_utf_16() -> None:
    assert [encoding_named(name) for name in ("utf-8", "utf-7", None)] == ["utf-8", "utf-16", "utf-16"]
