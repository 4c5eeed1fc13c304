"""One line or many, and whether to propose at all: golden cases, and what holds for any text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from completion.comments import in_comment, in_string
from completion.extent import Decision, Extent, extent, wanted
from core.language_files import load_languages
from core.languages import LanguageSpec

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "extent.yaml").read_text(encoding="utf-8"))
LANGUAGES = load_languages((), {})


def spec_of(name: str | None) -> LanguageSpec | None:
    return LANGUAGES.named(name) if name else None


def parts(text: str) -> tuple[list[str], str, list[str]]:
    before, bar, after = text.partition("|")
    assert bar, "a case has a cursor"
    rest, *below = after.split("\n")
    return before.split("\n"), rest, below


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_golden(case: dict[str, Any]) -> None:
    expected = Extent({"one": True, "many": False}[case["wants"]], case["reason"])
    assert extent(*parts(case["at"]), spec_of(case.get("in"))) == expected


@pytest.mark.parametrize(
    ("text", "off", "reason"),
    [
        ("x = fo|o\n", (), "in the middle of a word"),
        ("x = fo|_o\n", (), "in the middle of a word"),
        ("# fo|\n", ("comments",), "in a comment, where proposals are turned off"),
        ('x = "fo|"\n', ("strings",), "in a string, where proposals are turned off"),
    ],
)
def test_not_wanted_while_typing(text: str, off: tuple[str, ...], reason: str) -> None:
    before, rest, _ = parts(text)
    choice = dict.fromkeys(off, False)
    python = spec_of("python")
    assert wanted(before, rest, python, automatic=True, **choice) == Decision(False, reason)
    assert wanted(before, rest, python, automatic=False, **choice).wanted
    if off:
        assert wanted(before, rest, python, automatic=True).wanted


@pytest.mark.parametrize("text", ["x = fo|\n", "f(fo|)\n", "|\n", "x = fo| + 1\n"])
def test_wanted_while_typing(text: str) -> None:
    before, rest, _ = parts(text)
    assert wanted(before, rest, spec_of("python"), automatic=True, comments=False, strings=False).wanted


def test_without_a_language_only_whole_lines_are_comments() -> None:
    assert in_comment(["-- a"], None)
    assert not in_comment(["a -- b"], None)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('f("a', True),
        ('f("a"', False),
        (r'f("a\"', True),
        ("f(`a", True),
        ("it's", False),
        ("f('a b", True),
        ("fn f<'a>(x: &'a str", False),
        ("'(a b", False),
        ('"""a', True),
        ('"""a"""', False),
    ],
)
def test_strings(line: str, expected: bool) -> None:
    assert in_string([line], None) is expected


LINES = st.lists(st.text(alphabet="ab :{}()#\"'-[]\t", max_size=20), max_size=6)


@given(LINES, st.text(alphabet="a )}", max_size=4), LINES, st.sampled_from([None, "python", "lua", "moonbit"]))
def test_any_text_has_an_extent_and_a_reason(above: list[str], rest: str, below: list[str], name: str | None) -> None:
    found = extent(above, rest, below, spec_of(name))
    assert found.reason
    assert extent([f"{line}\n" for line in above[:-1]] + above[-1:], rest, below, spec_of(name)) == found
