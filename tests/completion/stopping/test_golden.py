"""Where answers end: golden cases, however the answer is cut into chunks, and what holds for any text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from completion.cleanup import Place
from completion.stopping import Stop, Watch, whole_lines

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "golden.yaml").read_text(encoding="utf-8"))


def place_of(case: dict[str, Any]) -> Place:
    prefix, bar, suffix = case["at"].replace("<|", "<\0").replace("|>", "\0>").partition("|")
    assert bar, "a case has a cursor"
    prefix, suffix = (part.replace("<\0", "<|").replace("\0>", "|>") for part in (prefix, suffix))
    return Place.of(prefix, suffix)


def watched(place: Place, text: str, size: int) -> Stop | None:
    """Where the answer ends when it comes in chunks of `size` characters."""
    watch = Watch(place)
    for end in range(size, len(text) + size, size):
        if stop := watch.seen(text[:end]):
            return stop
    return None


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_golden(case: dict[str, Any], size: int) -> None:
    stop = watched(place_of(case), case["says"], size)
    if case["keeps"] == "all":
        assert stop is None
    else:
        assert stop is not None
        assert (case["says"][: stop.kept], stop.reason.value) == (case["keeps"], case["why"])


def test_a_line_less_deep_is_seen_at_its_first_word() -> None:
    place = Place.of("def f():\n    ", "")
    said = "a()\n\ndef g():\n    b()\n"
    watch = Watch(place)
    needed = next(end for end in range(len(said)) if watch.seen(said[:end]))
    assert said[:needed] == "a()\n\ndef "


@pytest.mark.parametrize(("text", "whole"), [("", ""), ("a", ""), ("a\nb", "a\n"), ("a\n\n", "a\n\n")])
def test_whole_lines(text: str, whole: str) -> None:
    assert whole_lines(text) == whole


TEXT = st.text(alphabet="ab \t\n\r(){}\"'<|>:.\u00e9", max_size=60)


@given(TEXT, TEXT, TEXT, st.integers(1, 7))
def test_what_is_kept_is_a_beginning_of_what_was_said(prefix: str, suffix: str, answer: str, size: int) -> None:
    stop = watched(Place.of(prefix, suffix), answer, size)
    assert stop is None or 0 <= stop.kept <= len(answer)


@given(
    st.lists(st.sampled_from(["a()\n", "    b\n", "  }\n", "{\n", "end\n", "else x\n", "\n", "c = (\n"]), max_size=9)
)
def test_lines_are_judged_alike_however_they_come(lines: list[str]) -> None:
    place = Place.of("fn f() {\n  ", "\n  g()\n}\n")
    text = "".join(lines)
    by_line, at_once = Watch(place), Watch(place)
    ends = [len("".join(lines[:count])) for count in range(1, len(lines) + 1)]
    step_by_step = next((stop for end in ends if (stop := by_line.seen(text[:end]))), None)
    assert at_once.seen(text) == step_by_step
