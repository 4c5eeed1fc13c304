"""Colours in VS Code: generated grammars under VS Code's own tokeniser, line by line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.language_files import load_languages
from core.languages import LanguageSpec
from editor_support.textmate import textmate_grammar
from editor_support.vocabulary import Vocabulary

Tokenise = Callable[[dict[str, Any], str], list[dict[str, str]]]
BUILT_IN = [x.spec for x in load_languages([], {}).languages if x.spec.name != "text"]
OPEN, CLOSE = "punctuation.definition.{}.begin", "punctuation.definition.{}.end"


def scopes(tokenised: Tokenise, spec: LanguageSpec, text: str) -> list[dict[str, str]]:
    return tokenised(textmate_grammar(Vocabulary(spec)), text)


def test_levy_line_by_line(tokenised: Tokenise, levy: LanguageSpec) -> None:
    text = """\
;; The fee, by "the" night.
rule shore-power(used: Energy, or-elsewhere: Post): Money/Energy
  when used > 1.5 kWh refuse "too \\"much\\"; sorry" ; really
  otherwise gives dear-rule(used, yes) or-else none.
record Post has
test "fees"
  expect fee(2) = 2026-05-01"""
    assert scopes(tokenised, levy, text) == [
        {";": "punctuation.definition.comment", '; The fee, by "the" night.': "comment.line"},
        {
            "rule": "storage.type",
            "shore-power": "entity.name.function",
            "Energy": "support.type",
            "Post": "entity.name.type",
            "Money": "support.type",
        },
        {
            "when": "keyword.control",
            "1.5": "constant.numeric",
            "refuse": "keyword.control",
            '"': "punctuation.definition.string.end",
            "too ": "string.quoted",
            '\\"': "constant.character.escape",
            "much": "string.quoted",
            "; sorry": "string.quoted",
            ";": "punctuation.definition.comment",
            " really": "comment.line",
        },
        {
            "otherwise": "keyword.control",
            "gives": "keyword.control",
            "dear-rule": "entity.name.function",
            "yes": "constant.language",
            "or-else": "keyword.control",
            "none": "constant.language",
        },
        {"record": "storage.type", "Post": "entity.name.type", "has": "keyword.control"},
        {"test": "storage.type", '"': "punctuation.definition.string.end", "fees": "string.quoted"},
        {
            "expect": "storage.type",
            "fee": "entity.name.function",
            "2": "constant.numeric",
            "2026-05-01": "constant.numeric",
        },
    ]


def test_signs_that_mean_something_to_regular_expressions(tokenised: Tokenise, brew: LanguageSpec) -> None:
    text = "set! set!x a.b aXb => BREW ale-2 brew! heat boiling stir 'it''s' x2 7"
    (line,) = scopes(tokenised, brew, text)
    assert line == {
        "set!": "keyword.control",
        "a.b": "keyword.control",
        "=>": "keyword.control",
        "BREW": "storage.type",
        "ale-2": "variable.other.definition",
        "heat": "keyword.control",
        "boiling": "constant.language",
        "stir": "support.function",
        "'": "punctuation.definition.string.end",
        "it": "string.quoted",
        "s": "string.quoted",
        "7": "constant.numeric",
    }


def test_odd_comments(tokenised: Tokenise, brew: LanguageSpec) -> None:
    text = "rem heat\nREMOTE x\nheat -- heat\n--[[ heat\n-- heat ]] heat\n{* a {* b *}\nheat *} heat\n'open heat\nheat"
    begin, end = OPEN.format("comment"), CLOSE.format("comment")
    assert scopes(tokenised, brew, text) == [
        {"rem": "punctuation.definition.comment", " heat": "comment.line"},
        {},
        {"heat": "keyword.control", "--": "punctuation.definition.comment", " heat": "comment.line"},
        {"--[[": begin, " heat": "comment.block"},
        {"-- heat ": "comment.block", "]]": end, "heat": "keyword.control"},
        {"{*": begin, " a ": "comment.block", " b ": "comment.block", "*}": end},
        {"heat ": "comment.block", "*}": end, "heat": "keyword.control"},
        {"'": OPEN.format("string"), "open heat": "string.quoted"},
        {"heat": "keyword.control"},
    ]


def test_a_string_over_lines_with_an_escape_of_its_own(tokenised: Tokenise, brew: LanguageSpec) -> None:
    assert scopes(tokenised, brew, "^(a\nheat ~)$ b)$ heat") == [
        {"^(": OPEN.format("string"), "a": "string.quoted"},
        {
            "heat ": "string.quoted",
            "~)": "constant.character.escape",
            "$ b": "string.quoted",
            ")$": CLOSE.format("string"),
            "heat": "keyword.control",
        },
    ]


@pytest.mark.parametrize("spec", BUILT_IN, ids=lambda spec: spec.name)
def test_every_built_in_language_has_a_grammar_that_ends(tokenised: Tokenise, spec: LanguageSpec) -> None:
    """Its own fixture program comes out of all comments and strings again, so that a keyword behind it is one."""
    (fixture,) = (Path(__file__).resolve().parents[2] / "languages" / "fixtures" / spec.name).glob("passes.*")
    word = spec.syntax.keywords[:1] or spec.definition_keywords[:1]
    last = scopes(tokenised, spec, f"{fixture.read_text()}\n{''.join(word)}")[-1]
    assert set(last.values()) <= {"keyword.control", "storage.type"}
    assert list(last) == list(word)


def test_a_pattern_that_the_tokeniser_does_not_take_fails_these_tests(tokenised: Tokenise, levy: LanguageSpec) -> None:
    grammar = textmate_grammar(Vocabulary(levy))
    grammar["repository"]["numbers"]["patterns"][0]["match"] = "(?<!"
    with pytest.raises(AssertionError):
        tokenised(grammar, "rule 7")


def test_the_grammar_is_json_that_stays_small(levy: LanguageSpec) -> None:
    assert len(json.dumps(textmate_grammar(Vocabulary(levy)))) < 10_000
