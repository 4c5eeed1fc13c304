"""Clean-up: golden cases from users' complaints, and what holds for any text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from completion.cleanup import FILTERS, Place, clean

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "golden.yaml").read_text(encoding="utf-8"))


def place_of(case: dict[str, Any]) -> Place:
    prefix, bar, suffix = case["at"].replace("<|", "<\0").replace("|>", "\0>").partition("|")
    assert bar, "a case has a cursor"
    prefix, suffix = (part.replace("<\0", "<|").replace("\0>", "|>") for part in (prefix, suffix))
    return Place.of(prefix, suffix, case.get("language", ""))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_golden(case: dict[str, Any]) -> None:
    expected = case["says"] if case["shows"] == "same" else case["shows"]
    assert clean(case["says"], place_of(case)) == expected


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_is_needed_by_a_case(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(FILTERS, name)
    expected = [case["says"] if case["shows"] == "same" else case["shows"] for case in CASES]
    assert [clean(case["says"], place_of(case)) for case in CASES] != expected


TEXT = st.text(alphabet="ab1 \t\n(){}\"'=,:", max_size=40)


@given(TEXT, TEXT, TEXT)
@example("foo(", ")", "a)")
@example("", "  return a\n", "b\n  return a")
def test_what_holds_for_any_text(prefix: str, suffix: str, answer: str) -> None:
    place = Place.of(prefix, suffix)
    shown = clean(answer, place)
    assert clean(shown, place) == shown
    assert shown == "" or shown.strip()
    following = next((line for line in place.suffix.split("\n") if line.strip()), "")
    if not place.line_after.strip() and following and any(map(str.isalnum, following)):
        assert shown.split("\n")[-1] != following or "\n" not in shown
