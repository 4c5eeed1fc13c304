"""Documents against the plainest possible model: one string, cut and joined."""

import re

from hypothesis import given
from hypothesis import strategies as st

from lsp.documents import Document, Place, split_lines

TEXTS = st.text(st.sampled_from("ab\r\n\f\u2028\N{GRINNING FACE}"), max_size=30)


def place_of(document: Document, offset: int) -> Place:
    """The place `offset` characters into the text; one inside a line end is before it."""
    for number, line in enumerate(document.lines):
        if offset < len(line) or number == len(document.lines) - 1:
            return Place(number, min(offset, len(document.line(number))))
        offset -= len(line)
    raise AssertionError


def offset_of(document: Document, place: Place) -> int:
    return len(document.before(place))


@given(text=TEXTS)
def test_lines_end_where_the_protocol_says(text: str) -> None:
    lines = split_lines(text)
    assert "".join(lines) == text
    assert [line.rstrip("\r\n") for line in lines] == re.split(r"\r\n|\r|\n", text)
    assert not lines[-1].endswith(("\r", "\n"))


@given(text=TEXTS, inserted=TEXTS, offsets=st.tuples(st.integers(0, 30), st.integers(0, 30)))
def test_an_edit_is_a_cut_and_a_join(text: str, inserted: str, offsets: tuple[int, int]) -> None:
    document = Document.of("file:///a", text)
    start, end = sorted(place_of(document, min(offset, len(text))) for offset in offsets)
    expected = text[: offset_of(document, start)] + inserted + text[offset_of(document, end) :]

    for changed in (document.replaced(start, end, inserted), document.replaced(end, start, inserted)):
        assert changed.text == expected
        assert changed.lines == split_lines(expected)
    assert document.text == text


@given(text=TEXTS, line=st.integers(-2, 40), units=st.integers(-2, 40))
def test_every_position_is_some_place(text: str, line: int, units: int) -> None:
    document = Document.of("file:///a", text)
    place = document.place(line, units, "utf-16")
    assert document.before(place) + document.after(place) == text
    assert document.place(place.line, document.units(place, "utf-16"), "utf-16") == place


def test_the_last_line_of_a_text_that_ends_with_a_line_end_is_empty() -> None:
    assert split_lines("") == ("",)
    assert split_lines("a\n") == ("a\n", "")
    assert split_lines("a\r\nb\rc") == ("a\r\n", "b\r", "c")
    assert Document.of("file:///a", "a\n").place(9, 9, "utf-8") == Place(1, 0)
