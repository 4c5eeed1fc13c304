"""Lexemes, the back-off n-gram and the most similar earlier line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion import ngram, similar_line
from completion.lexemes import NOTHING, is_line_start, last_lexeme, lexemes

CODE = st.text(alphabet="ab_1 \t\n\r.=->(){}é𝄞\u0301'\"", max_size=80)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("let x = f(a, 10)", ["let", " x", " =", " f", "(", "a", ",", " 10", ")"]),
        ("a\n    b\r\n\tc", ["a", "\n    ", "b", "\r\n\t", "c"]),
        ("x->y::z", ["x", "->", "y", "::", "z"]),
        ("é𝄞 _x1", ["é", "𝄞", " _x1"]),
        ("a  ", ["a", "  "]),
        ("", []),
    ],
)
def test_lexemes(text: str, expected: list[str]) -> None:
    assert lexemes(text) == expected


@given(CODE | st.text(max_size=60))
def test_lexemes_lose_nothing(text: str) -> None:
    assert "".join(lexemes(text)) == text


@given(CODE)
def test_the_last_lexeme_is_that_of_the_whole_text(text: str) -> None:
    found = lexemes(text)
    assert last_lexeme(text) == (found[-1] if found else "")


def test_line_starts() -> None:
    assert [is_line_start(lexeme) for lexeme in ("\n  ", "\r\n", " ", "a")] == [True, True, False, False]


FILE = """\
fn first(self) -> Int {
  self.items.length()
}

fn second(self) -> Int {
  self.items.capacity()
}

fn third(self) -> Int {
"""


def test_the_ngram_goes_on_as_the_file_did() -> None:
    assert ngram.propose("let value = read()\nlet value = re", "\n").text == "ad()"
    assert ngram.propose(FILE + "  self.it", "\n}\n").text.startswith("ems.")


def test_the_half_word_is_part_of_the_answer() -> None:
    """Healing: after `le` only what begins with `le` may come, though `let` never followed a bracket."""
    assert ngram.propose("let abc = 1\nlet abd = 2\n(le", "\n").text == "t abd = 2"


def test_lines_after_the_cursor_count_as_well() -> None:
    assert ngram.propose("x = alp", "\ny = alpha_beta(1)\n").text.startswith("ha_beta(1)")


def test_learned_counts_are_asked_where_the_file_knows_nothing() -> None:
    learned = ngram.LexemeIndex()
    learned.learn(lexemes("import numpy as np\n" * 3 + "import nothing\n"))
    proposal = ngram.propose("import nu", "\n", learned)
    assert proposal.text == "mpy as np"
    assert 0 < proposal.confidence <= 1
    assert ngram.propose("\nimport numpy as num\nimport nu", "\n", learned).text == "mpy as num", "the file's own first"


def test_several_lines_end_before_a_line_end() -> None:
    text = "begin\n  one()\n  two()\nend\n" * 3 + "begin\n"
    assert ngram.propose(text, "", lines=3).text == "  one()\n  two()\nend"


def test_nothing_known_is_nothing_proposed() -> None:
    assert ngram.propose("", "") == NOTHING
    assert ngram.propose("qqq", "") == NOTHING
    assert similar_line.propose("") == NOTHING
    assert similar_line.propose("qqq") == NOTHING


@given(
    st.lists(st.sampled_from(["a", "b", " c", "\n"]), max_size=30),
    st.lists(st.sampled_from(["a", "b", " c"]), max_size=4),
)
def test_the_index_counts_like_a_plain_search(text: list[str], context: list[str]) -> None:
    index = ngram.LexemeIndex()
    index.learn(text)
    expected: dict[str, int] = {}
    for start in range(len(text) - len(context)):
        if text[start : start + len(context)] == context:
            following = text[start + len(context)]
            expected[following] = expected.get(following, 0) + 1
    assert dict(index.after(context)) == expected


def test_texts_do_not_run_into_each_other() -> None:
    index = ngram.LexemeIndex()
    index.learn(["a"])
    index.learn(["b"])
    assert index.after(["a"]) == {}


def test_the_line_with_the_most_in_common_wins() -> None:
    text = "foo(alpha, 1)\nbar(alpha, 2)\nfoo(beta, 3)\nbar(al"
    assert similar_line.propose(text).text == "pha, 2)"


def test_a_new_line_goes_on_as_after_the_most_similar_line() -> None:
    text = "if ready {\n  start()\n}\nwhile busy {\n  wait()\n}\nif ready {\n  "
    assert similar_line.propose(text).text == "start()"
    assert similar_line.propose(text, lines=2).text == "start()\n}"


def test_a_match_does_not_begin_inside_a_word() -> None:
    assert similar_line.propose("unread(x)\nre") == NOTHING


@given(CODE, CODE)
def test_proposals_are_sane_for_any_text(prefix: str, suffix: str) -> None:
    for proposal in (ngram.propose(prefix, suffix), similar_line.propose(prefix)):
        assert 0.0 <= proposal.confidence <= 1.0 + 1e-9
        assert "\n" not in proposal.text
        assert (proposal == NOTHING) == (not proposal.text.strip())
