"""What is proposed from lines, at cursors that are shown as a bar."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion.lexemes import NOTHING
from completion.lines.open_text import OpenText
from completion.lines.proposing import Cursor, Found, propose
from completion.lines.vocabulary import Vocabulary
from completion.lines.voting import Source

BLOCK = """\
on error {
  log.write("failed", code, time.now())
  counter.increment(name, 1)
  return Result.failure(code)
}
"""


def found(document: str, most_lines: int = 1) -> Found | None:
    before, bar, after = document.partition("|")
    assert bar
    vocabulary = Vocabulary()
    lines = tuple((before + after).splitlines(keepends=True)) or ("",)
    number = before.count("\n")
    text = OpenText(vocabulary, 10_000)
    text.update(lines, min(number, len(lines) - 1))
    while text.advance(1000):
        pass
    cursor = Cursor(lines[:number], before[before.rfind("\n") + 1 :])
    return propose([Source([text.log], 1.0)], vocabulary, cursor, most_lines=most_lines)


def text_of(document: str, most_lines: int = 1) -> str:
    answer = found(document, most_lines)
    return answer.text if answer else ""


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("let value = read(path)\nlet value = re|\n", "ad(path)"),
        ("foo(alpha, 1)\nbar(alpha, 2)\nfoo(beta, 3)\nbar(al|\n", "pha, 2)"),
        ("x = alp|\ny = alpha_beta(1)\n", "ha_beta(1)"),
        ("f(a, b)\n    f(|\n", "a, b)"),
        ("unread(x)\nre|\n", ""),
        ("|", ""),
        ("qqq|\n", ""),
    ],
)
def test_one_line(document: str, expected: str) -> None:
    assert text_of(document) == expected


def test_a_new_line_goes_on_as_after_the_same_line() -> None:
    text = "if ready(x) {\n  start(x)\n}\nwhile busy {\n  wait()\n}\nif ready(x) {\n  |\n"
    assert text_of(text) == "start(x)"


def test_a_block_that_is_repeated_comes_whole_and_at_its_new_depth() -> None:
    deeper = "".join(f"    {line}\n" for line in BLOCK.splitlines()[:2])
    assert text_of(f"{BLOCK}fn f() {{\n{deeper}      |\n", 8).splitlines() == [
        "counter.increment(name, 1)",
        "      return Result.failure(code)",
        "    }",
    ]


def test_one_line_is_one_line() -> None:
    assert text_of(f"{BLOCK}\n{''.join(BLOCK.splitlines(keepends=True)[:2])}  |\n") == "counter.increment(name, 1)"


def test_what_differs_in_many_places_stays_one_line() -> None:
    blocks = "".join(BLOCK.replace("Result.failure", f"Other{n}.made") for n in range(4))
    assert "\n" not in text_of(f"{blocks}\n{''.join(BLOCK.splitlines(keepends=True)[:2])}  |\n", 8)


def test_a_repeated_line_is_surer_than_a_frequent_word() -> None:
    repeated = found("total = price * amount\n" * 3 + "total = pri|\n")
    word = found("a = price\nb = pride\nc = prize\nq(pri|\n")
    assert repeated
    assert word
    assert repeated.proposal.confidence > word.proposal.confidence + 0.2


CODE = st.text(alphabet="ab_1 \t\n\r.=->(){}é𝄞'\"", max_size=80)


@given(CODE, CODE)
def test_proposals_are_sane_for_any_text(before: str, after: str) -> None:
    answer = found(f"{before}|{after}")
    proposal = answer.proposal if answer else NOTHING
    assert 0.0 <= proposal.confidence <= 1.0
    assert "\n" not in proposal.text
    assert (proposal == NOTHING) == (not proposal.text.strip())
