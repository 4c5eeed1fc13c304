"""Values as lines, and what a statement says of them."""

from __future__ import annotations

import pytest

from evaluation.translation.problem import UntranslatableError
from evaluation.translation.textual import described, encode, forms
from evaluation.translation.types import Type, joined, settled, type_of


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        (-12, ["-12"]),
        (0.1, ["0.1"]),
        (1e-7, ["1e-07"]),
        ("a b ", ["a b "]),
        ("", [""]),
        (True, ["true"]),
        ([], ["0"]),
        ([1, 2], ["2", "1", "2"]),
        ([[1], []], ["2", "1", "1", "0"]),
        ((1, "a"), ["1", "a"]),
        ({"b": 1, "a": 2}, ["2", "a", "2", "b", "1"]),
        ([None, 3], ["2", "none", "some", "3"]),
    ],
)
def test_a_value_in_lines(value: object, lines: list[str]) -> None:
    assert list(encode(value, settled(type_of(value)))) == lines


@pytest.mark.parametrize(
    "value", ["a\nb", "a\rb", "a\u2028b", "\n", "\ud800", "\0", "\x7f", float("inf"), float("nan")]
)
def test_what_no_line_can_hold(value: object) -> None:
    with pytest.raises(UntranslatableError):
        list(encode(value, type_of(value)))


def kind(*values: object) -> Type:
    return settled(joined(map(type_of, values)))


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([1], "a whole number"),
        ([1, 2.5], "a floating-point number"),
        ([["a"], []], "a list of texts"),
        ([[[True]]], "a list of lists of truth values"),
        ([[(1, "a")]], "a list of tuples of a whole number and a text"),
        ([(1, 2.5, "a")], "a tuple of a whole number, a floating-point number and a text"),
        ([(1,), (1, 2)], "a list of whole numbers"),
        ([{"a": [1]}], "a dictionary from texts to lists of whole numbers"),
        ([[{1: "a"}]], "a list of dictionaries from whole numbers to texts"),
        ([None, 1], "a whole number, which may be missing"),
    ],
)
def test_what_a_value_is_called(values: list[object], text: str) -> None:
    assert described(kind(*values)) == text


def test_each_form_is_described_once_and_only_where_it_is_needed() -> None:
    read, printed = forms([kind([1]), kind(2)], kind({"a": [2.5]}), 3)
    assert [text.split(" is ")[0] for text in read] == ["A whole number", "A list"]
    assert [text.split(" is ")[0] for text in printed] == ["A text", "A dictionary", "A floating-point number"]
    assert "exactly 3 decimal places" in printed[-1]
    assert forms([kind(2.5)], kind(1), 6)[0] == ["A floating-point number is a line such as `2.5` or `1e-07`."]
