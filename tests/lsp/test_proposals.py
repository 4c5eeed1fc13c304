"""Whether an answer still fits: what a developer types, deletes and edits elsewhere; the cursor is the bar."""

from __future__ import annotations

import pytest

from lsp.documents import Document, Place
from lsp.proposals import AFTER_CHARACTERS, Proposals

FAR = "-- far away\n" * 100


def at(text: str, uri: str = "file:///a.lua") -> tuple[Document, Place]:
    before, bar, after = text.partition("|")
    assert bar
    lines = before.split("\n")
    return Document.of(uri, before + after), Place(len(lines) - 1, len(lines[-1]))


def answered(text: str, answer: str) -> Proposals:
    found = Proposals()
    found.add(*at(text), answer)
    return found


@pytest.mark.parametrize("head", ["", FAR])
@pytest.mark.parametrize(
    ("then", "left"),
    [
        pytest.param("x = |\nend\n", "foo(bar)", id="the same place"),
        pytest.param("x = fo|\nend\n", "o(bar)", id="typed along"),
        pytest.param("x = foo(bar)|\nend\n", None, id="typed to its end"),
        pytest.param("x = foo(|)\nend\n", "bar", id="the editor closed the bracket"),
        pytest.param("x =|\nend\n", " foo(bar)", id="a character deleted"),
        pytest.param("x|\nend\n", " = foo(bar)", id="three characters deleted"),
        pytest.param("x = g|\nend\n", None, id="something else typed"),
        pytest.param("y = |\nend\n", None, id="another line"),
        pytest.param("x = |1\nend\n", None, id="something else follows"),
        pytest.param("x = \n|\nend\n", None, id="on the next line"),
    ],
)
def test_what_is_left(head: str, then: str, left: str | None) -> None:
    assert answered(f"{head}x = |\nend\n", "foo(bar)").find(*at(head + then)) == left


def test_an_edit_elsewhere_loses_nothing() -> None:
    given = answered(f"{FAR}x = |\nend\n{FAR}", "foo")
    assert given.find(*at(f"-- new\n{FAR}x = f|\nend\n{FAR}")) == "oo"
    assert given.find(*at(f"{FAR}x = f|\nend\n{FAR}-- new\n")) == "oo"


def test_the_beginning_of_a_document_is_no_other_place() -> None:
    assert answered("x = |\n", "1").find(*at("local y = 2\nx = |\n")) is None


def test_another_document_is_another_place() -> None:
    document, place = at("x = |\n", "file:///b.lua")
    assert answered("x = |\n", "1").find(document, place) is None


def test_that_nothing_is_proposed_is_remembered_at_its_place_alone() -> None:
    given = answered("x = |\n", "")
    assert given.find(*at("x = |\n")) == ""
    assert given.find(*at("x =|\n")) is None
    assert given.find(*at("x = f|\n")) is None


def test_several_lines_are_typed_along() -> None:
    given = answered("if a then|\n", "\n  b()\nend")
    assert given.find(*at("if a then\n  b|\n")) == "()\nend"


def test_the_newest_answer_counts_and_old_ones_go() -> None:
    given = answered("x = |\n", "1")
    given.add(*at("x = |\n"), "2")
    assert given.find(*at("x = |\n")) == "2"
    for number in range(100):
        given.add(*at(f"y{number} = |\n"), "3")
    assert given.find(*at("x = |\n")) is None
    given.clear()
    assert given.find(*at("y99 = |\n")) is None


def test_a_long_suffix_is_compared_as_far_as_it_is_kept() -> None:
    after = "z" * (AFTER_CHARACTERS + 10)
    given = answered(f"f(|\n{after}", "a)")
    assert given.find(*at(f"f(|)\n{after}")) == "a"
    assert given.find(*at(f"f(|)\ny{after}")) is None
