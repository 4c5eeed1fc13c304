"""Whether an answer still fits: what a developer types, deletes and edits elsewhere; the cursor is the bar."""

from __future__ import annotations

import pytest

from lsp.documents import Document, Place
from lsp.proposals import AFTER_CHARACTERS, Around, Proposals

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


def left_of(given: Proposals, place: tuple[Document, Place], extending: str = "") -> str | None:
    found = given.find(*place, extending=extending)
    return None if found is None else found.text


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
    assert left_of(answered(f"{head}x = |\nend\n", "foo(bar)"), at(head + then)) == left


def test_an_edit_elsewhere_loses_nothing() -> None:
    given = answered(f"{FAR}x = |\nend\n{FAR}", "foo")
    assert left_of(given, at(f"-- new\n{FAR}x = f|\nend\n{FAR}")) == "oo"
    assert left_of(given, at(f"{FAR}x = f|\nend\n{FAR}-- new\n")) == "oo"


def test_the_beginning_of_a_document_is_no_other_place() -> None:
    assert left_of(answered("x = |\n", "1"), at("local y = 2\nx = |\n")) is None


def test_another_document_is_another_place() -> None:
    document, place = at("x = |\n", "file:///b.lua")
    assert left_of(answered("x = |\n", "1"), (document, place)) is None


def test_that_nothing_is_proposed_is_remembered_at_its_place_alone() -> None:
    given = answered("x = |\n", "")
    assert left_of(given, at("x = |\n")) == ""
    assert left_of(given, at("x =|\n")) is None
    assert left_of(given, at("x = f|\n")) is None


def test_several_lines_are_typed_along() -> None:
    given = answered("if a then|\n", "\n  b()\nend")
    assert left_of(given, at("if a then\n  b|\n")) == "()\nend"


def test_the_newest_answer_counts_and_old_ones_go() -> None:
    given = answered("x = |\n", "1")
    given.add(*at("x = |\n"), "2")
    assert left_of(given, at("x = |\n")) == "2"
    for number in range(100):
        given.add(*at(f"y{number} = |\n"), "3")
    assert left_of(given, at("x = |\n")) is None
    given.clear()
    assert left_of(given, at("y99 = |\n")) is None


def test_a_long_suffix_is_compared_as_far_as_it_is_kept() -> None:
    after = "z" * (AFTER_CHARACTERS + 10)
    given = answered(f"f(|\n{after}", "a)")
    assert left_of(given, at(f"f(|)\n{after}")) == "a"
    assert left_of(given, at(f"f(|)\ny{after}")) is None


def test_text_on_display_is_only_extended() -> None:
    given = answered("x = |\n", "foo(bar)")
    given.add(*at("x = |\n"), "other")
    assert left_of(given, at("x = |\n"), "foo") == "foo(bar)"
    assert left_of(given, at("x = |\n"), "foo(baz") is None


def test_what_was_asked_ahead_says_nothing_before_its_place() -> None:
    given = Proposals()
    given.add(*at("x = foo|\n"), "(bar)", ahead=True)
    assert left_of(given, at("x = fo|\n")) is None
    assert left_of(given, at("x = foo|\n")) == "(bar)"


@pytest.mark.parametrize(
    ("then", "typed"),
    [
        ("x = |\n", ""),
        ("x = fo|\n", "fo"),
        ("x = f(|)\n", "f("),
        ("x =|\n", None),
        ("y = |\n", None),
        ("x = |1\n", None),
    ],
)
def test_what_was_typed_since(then: str, typed: str | None) -> None:
    assert Around.of(*at("x = |\n")).typed_since(*at(then)) == typed
