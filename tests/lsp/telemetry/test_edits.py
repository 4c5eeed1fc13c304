"""A span keeps to its text through whatever is edited around it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lsp.documents import Document, Place
from lsp.telemetry.edits import Edit, Span, after, text_between

TEXTS = st.text(alphabet="ab\n", max_size=30)


def place_of(text: str, offset: int) -> Place:
    return after(Place(0, 0), text[:offset])


@given(TEXTS, TEXTS.filter(bool), TEXTS, TEXTS, st.data())
def test_an_edit_elsewhere_leaves_the_text(head: str, kept: str, tail: str, put_in: str, data: st.DataObject) -> None:
    text = head + kept + tail
    span = Span(place_of(text, len(head)), place_of(text, len(head) + len(kept)))
    room = data.draw(st.sampled_from([(0, len(head)), (len(head) + len(kept), len(text))]))
    ends = sorted(data.draw(st.tuples(st.integers(*room), st.integers(*room))))
    start, end = (place_of(text, offset) for offset in ends)
    document = Document.of("file:///a", text)
    edit = Edit(start, end, put_in)
    moved, edited = span.edited(edit), document.replaced(start, end, put_in)
    assert text_between(edited, moved.start, moved.end) == kept


@given(TEXTS, TEXTS, st.data())
def test_a_trimmed_edit_does_the_same(text: str, put_in: str, data: st.DataObject) -> None:
    ends = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    start, end = (place_of(text, offset) for offset in ends)
    document = Document.of("file:///a", text)
    edit = Edit.of(document, start, end, put_in)
    assert document.replaced(edit.start, edit.end, edit.text).text == document.replaced(start, end, put_in).text
    assert len(edit.text) <= len(put_in)


@given(TEXTS, TEXTS, TEXTS, TEXTS, st.data())
def test_whatever_is_edited_a_span_stays_one(head: str, kept: str, tail: str, put_in: str, data: st.DataObject) -> None:
    text = head + kept + tail
    span = Span(place_of(text, len(head)), place_of(text, len(head) + len(kept)))
    ends = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    start, end = (place_of(text, offset) for offset in ends)
    moved = span.edited(Edit(start, end, put_in))
    edited = Document.of("file:///a", text).replaced(start, end, put_in)
    assert Place(0, 0) <= moved.start <= moved.end <= place_of(edited.text, len(edited.text))


def test_a_formatter_that_replaces_the_whole_is_followed() -> None:
    document = Document.of("file:///a", "f( a,b )\nend\n")
    span = Span(Place(0, 1), Place(0, 8))
    edit = Edit.of(document, Place(0, 0), Place(1, 0), "f(a, b)\n")
    moved = span.edited(edit)
    edited = document.replaced(Place(0, 0), Place(1, 0), "f(a, b)\n")
    assert text_between(edited, moved.start, moved.end) == "(a, b)"
