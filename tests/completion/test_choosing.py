"""Choosing among candidates: confidence, agreement, syntax errors, thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion.choosing import Choice, Option, Proposer, SyntaxCheck, Thresholds, agree, choose
from completion.parsing import Parsing
from core.language_files import load_languages
from core.languages import LanguageSpec

PLAIN = Thresholds(lines_lift=0.0, model=0.0, lines=0.0)


def lines(text: str, confidence: float) -> Option:
    return Option(text, confidence, Proposer.LINES)


def texts(choices: list[Choice]) -> list[str]:
    return [choice.option.text for choice in choices]


def brackets(text: str) -> int:
    """A grammar of brackets: how many are left over."""
    return abs(text.count("(") - text.count(")"))


def test_the_surest_comes_first() -> None:
    options = [Option("a", 0.2), lines("b", 0.6), Option("c", 0.4)]
    assert texts(choose(options, thresholds=PLAIN)) == ["b", "c", "a"]


def test_each_text_once_and_nothing_blank() -> None:
    options = [Option("a", 0.2), Option("a", 0.6), Option(" \n", 0.9), Option("", 0.9)]
    assert choose(options, thresholds=PLAIN) == [Choice(Option("a", 0.6), "the model alone")]


def test_two_that_agree_are_surer_than_each_alone() -> None:
    options = [Option("read(path)", 0.4), lines("read(path, mode)", 0.5), Option("write()", 0.6)]
    first, second, third = choose(options, thresholds=Thresholds(0.0, 0.0, 0.0, agreement=0.5))
    assert (first.option.text, first.option.confidence) == ("read(path, mode)", 0.75)
    assert (second.option.text, second.option.confidence) == ("read(path)", 0.7)
    assert first.reason == second.reason == "model and lines agree"
    assert third.option.text == "write()"


def test_candidates_of_one_proposer_do_not_confirm_each_other() -> None:
    choices = choose([Option("read(path)", 0.4), Option("read(path, mode)", 0.5)], thresholds=PLAIN)
    assert [choice.option.confidence for choice in choices] == [0.5, 0.4]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("read(path)", "read(path, mode)", True),
        ("read(p)", "read(q)", False),
        ("rea", "read(q)", True),
        ("", "x", False),
        ("  x", "x", True),
    ],
)
def test_agreement(one: str, other: str, expected: bool) -> None:
    assert agree(one, other, 8) is expected
    assert agree(other, one, 8) is expected


def test_what_breaks_the_syntax_comes_later() -> None:
    choices = choose([Option("g(", 0.6), Option("g()", 0.5)], "f(", ")", count_errors=brackets, thresholds=PLAIN)
    assert texts(choices) == ["g()", "g("]
    assert choices[1].option.confidence == pytest.approx(0.3)
    assert choices[1].reason == "the model alone, but it leaves syntax errors"


def test_errors_that_are_there_already_are_not_the_candidates() -> None:
    choices = choose([Option("a", 0.6), Option("b", 0.5)], "f((", ")", count_errors=brackets, thresholds=PLAIN)
    assert [choice.option.confidence for choice in choices] == [0.6, 0.5]


def test_nothing_is_parsed_where_it_could_change_nothing() -> None:
    def never(_: str) -> int:
        raise AssertionError

    choose([Option("a", 0.6)], count_errors=never, thresholds=PLAIN)
    choose([Option("a", 0.6), Option("b", 0.2)], count_errors=never, thresholds=PLAIN)
    choose([], count_errors=never, thresholds=PLAIN)


def test_where_nobody_can_say_confidence_decides() -> None:
    options = [Option("g(", 0.6), Option("g()", 0.5)]
    assert texts(choose(options, count_errors=lambda _: None, thresholds=PLAIN)) == ["g(", "g()"]


def test_unsure_ones_are_hidden_while_typing_alone() -> None:
    options = [Option("a", 0.3), lines("b", 0.3)]
    thresholds = Thresholds(lines_lift=0.0, model=0.2, lines=0.4)
    assert texts(choose(options, thresholds=thresholds)) == ["a"]
    assert texts(choose(options, thresholds=thresholds, automatic=False)) == ["a", "b"]


OPTIONS = st.builds(
    Option, st.text(alphabet="ab( )", max_size=6), st.floats(0, 1), st.sampled_from([Proposer.MODEL, Proposer.LINES])
)


@given(st.lists(OPTIONS, max_size=6))
def test_choices_are_sorted_different_and_sane(options: list[Option]) -> None:
    choices = choose(options, "f(", ")", count_errors=brackets, thresholds=PLAIN)
    confidences = [choice.option.confidence for choice in choices]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 <= confidence <= 1 for confidence in confidences)
    assert len({text.rstrip() for text in texts(choices)}) == len(choices)
    assert {option.text.rstrip() for option in options if option.text.strip()} == {t.rstrip() for t in texts(choices)}


@pytest.fixture
def parsing() -> Iterator[Parsing]:
    parsing = Parsing()
    yield parsing
    parsing.close()


@pytest.fixture
def lua() -> LanguageSpec:
    return load_languages((), {}).named("lua")


def test_a_grammar_counts_errors(parsing: Parsing, lua: LanguageSpec) -> None:
    check = SyntaxCheck(parsing, lua, limit_s=10.0)
    assert check("local x = f(1)\n") == 0
    broken = check("local x = f(1\n")
    assert broken is not None
    assert broken > 0
    options = [Option("f(1", 0.6), Option("f(1)", 0.5)]
    assert texts(choose(options, "local x = ", "\n", count_errors=check, thresholds=PLAIN)) == ["f(1)", "f(1"]


def test_without_time_or_grammar_nobody_can_say(parsing: Parsing, lua: LanguageSpec) -> None:
    assert SyntaxCheck(parsing, lua, limit_s=0.0)("x = 1\n") is None
    assert SyntaxCheck(parsing, LanguageSpec(name="levy", display_name="Levy"))("x = 1\n") is None


def test_the_lines_confidence_is_lifted_to_compare_it() -> None:
    options = [Option("a", 0.5), Option("b", 0.4, Proposer.LINES)]
    assert texts(choose(options, thresholds=PLAIN)) == ["a", "b"]
    first, _ = choose(options, thresholds=replace(PLAIN, lines_lift=0.2))
    assert (first.option.text, round(first.option.confidence, 3)) == ("b", 0.6)
