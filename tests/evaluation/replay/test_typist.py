"""The typist: the document ends as the text whatever is accepted, and the seed alone decides what happens where."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from evaluation.replay.buffer import Cause, Change
from evaluation.replay.rhythm import Rhythm
from evaluation.replay.script import script
from evaluation.replay.typist import Typist
from lsp.documents import Document

EVENTFUL = Rhythm(typos=0.2, jumps=0.4, thinking=0.5)
PLAIN = Rhythm(typos=0, jumps=0)

pieces = st.sampled_from(
    ["(", ")", "[", "]", "{", "}", '"', '"""', "\\", ":", "\n", "\n    ", "\n\t", "\n\n", " ", "word", "x", "ä", "𝛼"]
)
texts = st.lists(pieces, max_size=40).map("".join)


def played(typist: Typist, chooser: random.Random | None = None) -> list[Change]:
    """Every stroke until the end; with a chooser, now and then a part of what is expected is accepted."""
    changes: list[Change] = []
    while not typist.finished:
        if chooser and typist.expected and chooser.random() < 0.3:
            changes.append(typist.accept(chooser.randint(1, len(typist.expected))))
        else:
            assert typist.delay_s() > 0
            changes.append(typist.press())
        assert len(changes) < 10_000
    return changes


@given(texts, texts, texts, st.integers(0, 3))
def test_the_document_ends_as_the_text_between_what_stood_there(before: str, text: str, after: str, seed: int) -> None:
    typist = Typist(text, str(seed), EVENTFUL, before=before, after=after)
    played(typist)
    assert typist.buffer.text == before + text + after


@given(texts, st.integers(0, 20))
def test_accepting_on_the_way_changes_nothing_of_the_end(text: str, seed: int) -> None:
    typist = Typist(text, "seed", EVENTFUL)
    played(typist, random.Random(seed))
    assert typist.buffer.text == text


@given(texts, texts)
def test_what_the_protocol_is_told_gives_the_same_document(text: str, after: str) -> None:
    typist = Typist(text, "seed", EVENTFUL, after=after)
    document = Document.of("file:///x", after)
    for change in played(typist):
        if change.is_edit:
            start, end = (document.place(at.line, at.column, "utf-16") for at in (change.start, change.end))
            document = document.replaced(start, end, change.text)
    assert document.text == text + after


@given(texts)
def test_the_same_seed_gives_the_same_strokes_and_times(text: str) -> None:
    def strokes() -> list[tuple[float, Change]]:
        typist = Typist(text, "seed", EVENTFUL)
        found = []
        while not typist.finished:
            found.append((typist.delay_s(), typist.press()))
        return found

    assert strokes() == strokes()


def test_a_place_takes_the_same_time_after_an_acceptance_before_it() -> None:
    typed, helped = Typist("value = compute(value)\n", "seed", PLAIN), Typist("value = compute(value)\n", "seed", PLAIN)
    helped.accept(8)
    while typed.place != helped.place:
        typed.press()
    assert typed.delay_s() == helped.delay_s()


@given(texts, st.integers(0, 5))
def test_a_script_ends_as_the_text(text: str, seed: int) -> None:
    plan = script(text, str(seed), 0.5)
    assert plan.result == text
    dues = [insertion.due for insertion in plan.insertions]
    assert dues == sorted(dues)
    assert all(insertion.anchor < insertion.due for insertion in plan.insertions)


def steps(text: str, rhythm: Rhythm = PLAIN) -> list[str]:
    """The document after each stroke, the cursor as a bar."""
    typist = Typist(text, "seed", rhythm)
    seen = []
    while not typist.finished:
        typist.press()
        seen.append(f"{typist.buffer.before}|{typist.buffer.after}")
    return seen


def test_a_bracket_is_closed_by_the_editor_and_typed_over() -> None:
    assert steps("f(x)") == ["f|", "f(|)", "f(x|)", "f(x)|"]


def test_a_quote_too_but_not_a_bracket_that_never_closes() -> None:
    assert steps('("a') == ["(|", '("|', '("a|']
    assert steps('"a"') == ['"|"', '"a|"', '"a"|']


def test_between_brackets_a_new_line_puts_the_closing_one_below() -> None:
    assert steps("{\n    a\n}\n")[1:] == ["{\n    |\n}", "{\n    a|\n}", "{\n    a\n}|", "{\n    a\n}\n|"]


def test_the_editors_indentation_is_taken_back_where_the_text_has_less() -> None:
    assert steps("  a\nb") == ["  |", "  a|", "  a\n  |", "  a\n|", "  a\nb|"]


def test_a_blank_line_keeps_no_indentation() -> None:
    assert steps("  a\n\n  b")[2:] == ["  a\n  |", "  a\n\n  |", "  a\n\n  b|"]


def test_a_typo_is_typed_and_taken_back() -> None:
    typist = Typist("word", "seed", Rhythm(typos=1, jumps=0))
    causes = [change.cause for change in played(typist)]
    assert typist.buffer.text == "word"
    assert causes.count(Cause.ERASED) >= 4
    assert causes.count(Cause.TYPED) == 4 + causes.count(Cause.ERASED)


def test_nothing_is_expected_while_a_typo_stands_there() -> None:
    typist = Typist("word", "seed", Rhythm(typos=1, jumps=0))
    assert typist.expected == "word"
    typist.press()
    assert typist.expected == ""


def test_what_is_expected_ends_where_the_editors_bracket_stands() -> None:
    typist = Typist("f(x, y) + 1", "seed", PLAIN)
    typist.press()
    typist.press()
    assert typist.expected == "x, y"
    typist = Typist("{\n  a\n  b\n}", "seed", PLAIN)
    typist.press()
    assert typist.expected == "\n  a\n  b"


def test_a_line_that_was_left_out_is_inserted_from_elsewhere() -> None:
    text = "\n".join(f"local value_{number} = {number}" for number in range(40))
    typist = Typist(text, "seed", Rhythm(typos=0, jumps=0.5))
    moves = [change for change in played(typist) if change.cause is Cause.MOVED]
    assert len(moves) >= 10  # there and back
    assert typist.buffer.text == text
