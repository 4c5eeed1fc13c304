"""The cursor after an edit, written as a person sees it: `|` is the cursor."""

from __future__ import annotations

import pytest

from lsp.documents import Document, Place
from lsp.strokes import cursor_after


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        pytest.param("x", "ab x|c", id="a key"),
        pytest.param("()", "ab (|)c", id="a bracket that the editor closed"),
        pytest.param('""', 'ab "|"c', id="a quote that the editor closed"),
        pytest.param("\n    ", "ab \n    |c", id="a new line"),
        pytest.param("\n    \n", "ab \n    |\nc", id="an empty line between two braces"),
        pytest.param("\r\n    \r\n", "ab \r\n    |\r\nc", id="the same in a file with carriage returns"),
        pytest.param("one()\ntwo", "ab one()\ntwo|c", id="several lines put in"),
        pytest.param("", "ab |c", id="a deletion"),
    ],
)
def test_the_cursor_after_an_edit(text: str, seen: str) -> None:
    start = Place(0, 3)
    document = Document.of("file:///a", "ab c").replaced(start, start, text)
    place = cursor_after(start, text)
    assert document.before(place) + "|" + document.after(place) == seen
