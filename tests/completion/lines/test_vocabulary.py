"""Lexemes as numbers, and line starts relative to the line above."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion.lines.vocabulary import NONE, Vocabulary, encoded, line_start, rendered

ROOM = 1000
WHITE = st.text(alphabet=" \t", max_size=6)


@given(st.text(alphabet="ab_1 .=(){}é'", max_size=40))
def test_numbers_are_the_line_again(code: str) -> None:
    vocabulary = Vocabulary()
    code = code.strip()
    assert "".join(map(vocabulary.text, vocabulary.numbers(code, room=ROOM))) == code


def test_a_space_before_a_word_makes_no_other_word() -> None:
    vocabulary = Vocabulary()
    bare, _, spaced = vocabulary.numbers("x, x", room=ROOM)
    assert spaced == bare + 1
    assert vocabulary.count(bare) == vocabulary.count(spaced) == 2


def test_what_was_not_learned_is_none() -> None:
    vocabulary = Vocabulary()
    assert vocabulary.numbers("abc abc") == [NONE, NONE]
    assert len(vocabulary) == 1


def test_a_full_vocabulary_takes_nothing_and_keeps_what_it_has() -> None:
    vocabulary = Vocabulary(limit=3)
    first = vocabulary.numbers("a b c", room=ROOM)
    assert first[2] == NONE
    assert first[:2] == vocabulary.numbers("a b", room=ROOM)


def test_room_keeps_the_rest_for_others() -> None:
    vocabulary = Vocabulary(limit=10)
    assert vocabulary.numbers("a b", room=2)[1] == NONE
    assert vocabulary.numbers("b", room=10) != [NONE]


def test_words_that_begin_alike_come_by_frequency() -> None:
    vocabulary = Vocabulary()
    vocabulary.numbers("alpha beta alps alps almost", room=ROOM)
    assert [vocabulary.text(number) for number in vocabulary.words(" al", 2)] == [" alps", " almost"]
    assert vocabulary.words("x", 2) == []


@given(WHITE, WHITE, st.integers(0, 2))
def test_a_line_start_is_rendered_as_it_was(above: str, indentation: str, blank: int) -> None:
    assert rendered(line_start(above, indentation, blank), above) == ("\n" * (blank + 1) + indentation, indentation)


@pytest.mark.parametrize("unit", ["  ", "    ", "\t"])
def test_a_block_is_the_same_at_any_depth(unit: str) -> None:
    vocabulary = Vocabulary()
    block = ["if a:", f"{unit}b()", "c()"]
    flat = list(encoded(block, vocabulary, room=ROOM))
    assert list(encoded([f"{unit}{line}" for line in block], vocabulary, unit, room=ROOM)) == flat


def test_blank_lines_are_part_of_the_next_line_start() -> None:
    vocabulary = Vocabulary()
    _, nothing, after = encoded(["a", "", "b"], vocabulary, room=ROOM)
    assert nothing == []
    assert vocabulary.text(after[0]) == "\n\n+"
    assert vocabulary.is_line_start(after[0])
