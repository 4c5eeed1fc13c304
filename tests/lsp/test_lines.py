"""Lines of the workspace as a proposer, on documents as the editor has them."""

from __future__ import annotations

import pytest

from completion.lexemes import NOTHING, Proposal
from lsp.documents import Document, Place
from lsp.lines import Limits, Lines

URI = "file:///w/a.levy"


def at(text: str, uri: str = URI) -> tuple[Document, Place]:
    before, bar, after = text.partition("|")
    assert bar
    return Document.of(uri, before + after), Place(before.count("\n"), len(before) - before.rfind("\n") - 1)


def propose(lines: Lines, text: str, language: str = "levy", most_lines: int = 1) -> Proposal:
    return lines.propose(*at(text), language, most_lines=most_lines)


def test_a_learned_file_answers_in_its_own_language() -> None:
    lines = Lines()
    lines.learn("file:///w/b.levy", "plan basic costs 3 euro\n", "levy")
    assert propose(lines, "plan ba|\n").text == "sic costs 3 euro"
    assert propose(lines, "plan ba|\n", "lua") == NOTHING


def test_a_forgotten_file_answers_no_more() -> None:
    lines = Lines()
    lines.learn("file:///w/b.levy", "plan basic costs 3 euro\n", "levy")
    lines.forget("file:///w/b.levy")
    lines.forget("file:///w/none.levy")
    assert "costs" not in propose(lines, "plan ba|\n").text


def test_the_document_itself_is_louder_than_other_files() -> None:
    lines = Lines()
    for number in range(3):
        lines.learn(f"file:///w/{number}.levy", "plan basic costs 3 euro\n", "levy")
    assert propose(lines, "plan basic takes 4 days\nplan ba|\n").text == "sic takes 4 days"


def test_the_open_document_takes_the_place_of_its_file() -> None:
    lines = Lines()
    lines.learn(URI, "plan basic costs 3 euro\n", "levy")
    assert propose(lines, "plan ba|\n").text in ("", "sic")
    lines.learn(URI, "plan basic costs 3 euro\n", "levy")
    assert propose(lines, "plan ba|\n").text in ("", "sic")


def test_other_open_documents_are_asked_as_they_are_now() -> None:
    lines = Lines()
    other, place = at("plan basic costs 3 euro\n|", "file:///w/b.levy")
    lines.follow(other, "levy", place)
    lines.catch_up()
    assert propose(lines, "plan ba|\n").text == "sic costs 3 euro"
    changed, place = at("plan extra\n|", "file:///w/b.levy")
    lines.follow(changed, "levy", place)
    lines.catch_up()
    assert "costs" not in propose(lines, "plan ba|\n").text


def test_typing_a_line_proposes_what_is_left_of_it() -> None:
    lines = Lines()
    document, _ = at("let total = sum(items)\n|\n")
    for typed in range(1, len("let total = sum(items)")):
        line = "let total = sum(items)"[:typed]
        now = document.replaced(Place(1, 0), Place(1, typed - 1), line)
        proposal = lines.propose(now, Place(1, typed), "levy")
        document = now
        assert proposal.text == "let total = sum(items)"[typed:]


def test_what_stands_below_already_is_not_proposed() -> None:
    lines = Lines()
    assert propose(lines, "first(step)\n|\nsecond(step)\n") == NOTHING


def test_the_answer_is_cleaned_up() -> None:
    assert propose(Lines(), "call(alpha, beta)\ncall(al|)\n").text == "pha, beta"


def test_a_block_comes_whole_where_it_is_asked_for() -> None:
    block = "when late {\n  charge(account, fee, reason)\n  notify(account, letter, today())\n  close(account)\n}\n"
    text = f"{block}\nwhen late {{\n  charge(account, fee, reason)\n  |\n"
    assert propose(Lines(), text).text == "notify(account, letter, today())"
    assert propose(Lines(), text, most_lines=8).text == "notify(account, letter, today())\n  close(account)\n}"


def test_documents_without_end_are_left_alone() -> None:
    lines = Lines(Limits(document_lines=100))
    assert propose(lines, "f(x)\n" * 200 + "f(|\n") == NOTHING
    assert propose(lines, "x" * 1_000_000 + "|") == NOTHING


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_any_line_end(line_end: str) -> None:
    text = f"plan basic costs 3 euro{line_end}plan ba|{line_end}"
    before, _, after = text.partition("|")
    document = Document.of(URI, before + after)
    assert Lines().propose(document, Place(1, 7), "levy").text == "sic costs 3 euro"


def test_a_long_document_is_read_by_and_by() -> None:
    lines = Lines()
    document, place = at("far(away, from, here)\n" + "".join(f"line({n})\n" for n in range(3000)) + "far(aw|\n")
    lines.propose(document, place, "levy")
    while lines.catch_up(0.0001):
        pass
    assert lines.propose(document, place, "levy").text == "ay, from, here)"


def test_half_a_surrogate_pair_is_no_reason_to_fail() -> None:
    assert propose(Lines(), "say(\udc80, b)\nsay(|\n").text == "\udc80, b)"
