"""The memory of files is bounded, and forgets."""

from __future__ import annotations

import pytest

from completion.lines import memory
from completion.lines.memory import Memory
from completion.lines.vocabulary import Vocabulary

PAIR = "only_{0}(value_{0})\n"


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary()


def learn(files: Memory, vocabulary: Vocabulary, name: str, text: str, language: str = "levy") -> None:
    for _ in files.learning(name, text, language, vocabulary, 40_000):
        pass


def knows(files: Memory, vocabulary: Vocabulary, number: int, language: str = "levy") -> bool:
    first, second, *_ = vocabulary.numbers(PAIR.format(number).strip())
    return any(log.places(first, second, 100) for log in files.logs(language))


def test_a_file_is_known_under_its_language_alone(vocabulary: Vocabulary) -> None:
    files = Memory(1000)
    learn(files, vocabulary, "a", PAIR.format(1))
    assert knows(files, vocabulary, 1)
    assert not knows(files, vocabulary, 1, "lua")


def test_a_file_that_changed_is_known_as_it_is_now(vocabulary: Vocabulary) -> None:
    files = Memory(1000)
    learn(files, vocabulary, "a", PAIR.format(1))
    learn(files, vocabulary, "a", PAIR.format(2))
    assert not knows(files, vocabulary, 1)
    assert knows(files, vocabulary, 2)
    files.forget("a")
    files.forget("a")
    assert not knows(files, vocabulary, 2)


def test_the_oldest_go_when_there_is_no_room(vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "SHARD_LEXEMES", 100)
    files = Memory(500)
    for number in range(200):
        learn(files, vocabulary, str(number), PAIR.format(number) * 4)
        assert len(files) <= 500
    assert not knows(files, vocabulary, 0)
    assert "0" not in files
    assert knows(files, vocabulary, 199)


def test_a_long_file_gives_way_again_and_again(vocabulary: Vocabulary) -> None:
    files = Memory(100_000)
    assert sum(1 for _ in files.learning("a", "f(x)\n" * 1000, "levy", vocabulary, 100)) >= 10
    assert "a" in files


def test_a_file_of_any_length_is_learned_in_part(vocabulary: Vocabulary) -> None:
    files = Memory(100_000)
    learn(files, vocabulary, "a", "f(x)" * 1_000_000)
    assert len(files) <= memory.MOST_CHARACTERS + 10
