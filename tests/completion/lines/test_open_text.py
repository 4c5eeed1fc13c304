"""An open document in a log: after any edits it knows what it would know if it were read afresh."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from completion.lines.open_text import OpenText
from completion.lines.vocabulary import NONE, Vocabulary

LINES = st.lists(st.sampled_from(["a(b)\n", "  a(c)\n", "x = y\n", "\n", "end\n"]), min_size=1, max_size=12)
EDITS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3), LINES, st.integers(0, 30)), max_size=6)


def known(text: OpenText) -> list[tuple[int, ...]]:
    """What the ranges of the lines hold, line by line."""
    return [tuple(text.log.text[found[0] : found[1]]) if found else () for found in text._ranges]


def reread(lines: tuple[str, ...], hole: int, vocabulary: Vocabulary) -> list[tuple[int, ...]]:
    fresh = OpenText(vocabulary, 1000)
    fresh.update(lines, hole)
    while fresh.advance(100):
        pass
    return known(fresh)


@settings(max_examples=200)
@given(LINES, EDITS)
def test_edits_give_what_reading_afresh_gives(start: list[str], edits: list[tuple[int, int, list[str], int]]) -> None:
    vocabulary = Vocabulary()
    lines = tuple(start)
    text = OpenText(vocabulary, 1000)
    for wanted, size, new, cursor in edits:
        first = min(wanted, len(lines))
        lines = (*lines[:first], *new, *lines[first + size :])
        hole = cursor % len(lines)
        text.update(lines, hole)
        while text.advance(3):
            pass
        assert [run[1:] for run in known(text)] == [run[1:] for run in reread(lines, hole, vocabulary)]


def alive(text: OpenText) -> int:
    return sum(number != NONE for number in text.log.text)


def test_nothing_of_a_deleted_line_is_left() -> None:
    vocabulary = Vocabulary()
    text = OpenText(vocabulary, 1000)
    text.update(("a(b)\n", "secret(1)\n", "c\n", "d\n"), None)
    text.advance(100)
    text.update(("a(b)\n", "c\n", "d\n"), None)
    text.advance(100)
    (number,) = vocabulary.numbers("secret")
    assert number != NONE
    assert number not in text.log.text


def test_typing_in_a_line_reads_no_other_line_again() -> None:
    text = OpenText(Vocabulary(), 1000)
    lines = tuple(f"f({n})\n" for n in range(300))
    text.update(lines, 100)
    while text.advance(1000):
        pass
    size = len(text.log)
    for typed in ("g", "gh", "gh("):
        text.update((*lines[:100], typed + "\n", *lines[101:]), 100)
        assert not text.advance(1000)
    assert len(text.log) == size


def test_the_line_below_the_cursor_does_not_follow_the_line_above() -> None:
    vocabulary = Vocabulary()
    text = OpenText(vocabulary, 1000)
    lines = ("start(here)\n", "stop(there)\n", "last\n")
    text.update(lines, 2)
    text.advance(100)
    end, below = vocabulary.numbers(")")[0], vocabulary.learned("\n+", 0)
    assert text.log.places(end, below, 100), "while the cursor is elsewhere, it does"
    text.update((lines[0], "\n", *lines[1:]), 1)
    text.advance(100)
    starts = [text.log.text[place] for place in text.log.places(end, below, 100)]
    assert vocabulary.numbers("stop")[0] not in starts


def test_a_log_of_much_forgotten_text_is_tidied() -> None:
    text = OpenText(Vocabulary(), 1000)
    for number in range(60):
        text.update(tuple(f"f({number}, a, b, c, d, e)\n" for _ in range(50)), None)
        while text.advance(1000):
            pass
    assert alive(text) == 50 * 15
    assert len(text.log) < 60_000
