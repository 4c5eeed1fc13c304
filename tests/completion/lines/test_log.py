"""The log of lexemes and the index of their pairs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from completion.lines.log import LexemeLog

NUMBERS = st.lists(st.integers(0, 4), max_size=40)


@given(st.lists(NUMBERS, max_size=4), st.integers(1, 4), st.integers(1, 4))
def test_places_are_those_of_a_plain_search(runs: list[list[int]], first: int, second: int) -> None:
    log = LexemeLog(16)
    for run in runs:
        log.append([0])
        log.append(run)
    text = list(log.text)
    expected = [place for place in range(2, len(text)) if text[place - 2 : place] == [first, second]]
    assert log.places(first, second, visits=10_000) == expected[::-1]


@given(NUMBERS, NUMBERS)
def test_common_counts_what_is_the_same_backwards(run: list[int], context: list[int]) -> None:
    log = LexemeLog(16)
    log.append([1, 2, *run])
    context = [*context, 1, 2]
    for place in log.places(1, 2, 100):
        before = list(log.text[:place])
        length = 0
        while length < min(6, len(context), len(before)) and before[-1 - length] == context[-1 - length] != 0:
            length += 1
        assert log.common(place, context, 6) == max(length, 2)


def test_what_is_erased_is_found_no_more() -> None:
    log = LexemeLog(16)
    start = log.append([3, 4, 5])
    log.append([0])
    kept = log.append([3, 4, 6])
    log.erase(start, start + 3)
    assert log.places(3, 4, 100) == [kept + 2]
    assert log.erased == 3


def test_context_is_compared_with_and_not_found() -> None:
    log = LexemeLog(16)
    start = log.append([7, 8, 3, 4, 5], context=2)
    assert log.places(7, 8, 100) == []
    assert log.places(3, 4, 100) == [start + 2]
    assert log.common(start + 2, [7, 8, 3, 4], 9) == 4


def test_visits_bound_the_search() -> None:
    log = LexemeLog(16)
    log.append([1, 2] * 50 + [3])
    assert len(log.places(1, 2, visits=5)) == 5
