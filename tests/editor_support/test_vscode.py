"""Indentation, words and pairs in VS Code: generated language configurations by JavaScript's regular expressions."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from core.language_files import load_languages
from core.languages import LanguageSpec
from editor_support.vocabulary import Vocabulary
from editor_support.vscode import language_configuration, package

Apply = Callable[[dict[str, Any], str], list[Any]]
BUILT_IN = {x.spec.name: x.spec for x in load_languages([], {}).languages}
NOTHING, DOCUMENTATION, MARGIN = -1, 0, 1


def marked(applied: Apply, spec: LanguageSpec, text: str) -> list[str]:
    """Each line of `text` with `>` behind it where the next stands deeper, `<` before where it stands less deep."""
    answers = applied(language_configuration(Vocabulary(spec)), text)
    lines = text.split("\n")
    return [
        f"{'<' if less else ' '}{line}{' >' if deeper else ''}"
        for line, (deeper, less, *_) in zip(lines, answers, strict=True)
    ]


def test_where_levys_lines_stand(applied: Apply, levy: LanguageSpec) -> None:
    assert marked(
        applied,
        levy,
        "rule fee(zone: Number): Money\n"
        "  let base be table zone\n"
        "    | 1 => f(\n"
        "      2)\n"
        "rule flat(): Money gives 3 EUR.  ; done.\n"
        'test "a rule; of (this"\n'
        "ruler x\n"
        '  expect f("(") = 1\n'
        "show 1. ; table (\n"
        "choice Post is a, b,\n"
        ")",
    ) == [
        " rule fee(zone: Number): Money >",
        "   let base be table zone >",
        "     | 1 => f( >",
        "       2)",
        " rule flat(): Money gives 3 EUR.  ; done.",
        ' test "a rule; of (this" >',
        " ruler x",
        '   expect f("(") = 1',
        " show 1. ; table (",
        " choice Post is a, b, >",
        "<)",
    ]


def test_what_enter_does_in_levy(applied: Apply, levy: LanguageSpec) -> None:
    configuration = language_configuration(Vocabulary(levy))
    assert [rule["action"] for rule in configuration["onEnterRules"]] == [
        {"indent": "none", "appendText": ";; "},
        {"indent": "none", "removeText": 1000},
    ]
    lines = {
        ";; Of all": DOCUMENTATION,
        ";;": NOTHING,
        "; no documentation": NOTHING,
        "  expect f(1) = 2.": MARGIN,
        "  expect f(1) = 2. ; so": MARGIN,
        '  expect f(1) = "2."': NOTHING,
        "  let x be 2": NOTHING,
        "show 1.": NOTHING,
    }
    assert [enter for _, _, enter, _ in applied(configuration, "\n".join(lines))] == list(lines.values())


def test_words_are_what_the_language_calls_words(applied: Apply, levy: LanguageSpec, brew: LanguageSpec) -> None:
    ((*_, words),) = applied(language_configuration(Vocabulary(levy)), "shore-power of Größe, 0.31 EUR/kWh.")
    assert words == ["shore-power", "of", "Größe", "0.31", "EUR", "kWh"]
    ((*_, words),) = applied(language_configuration(Vocabulary(brew)), "set! a_b? x.y ^z")
    assert words == ["set!", "a_b?", "x", "y", "z"]


def test_where_lines_of_lua_and_of_an_odd_language_stand(applied: Apply, brew: LanguageSpec) -> None:
    lua = (
        "local function f(x)\n  if x then -- (\n    g(function() return 1 end)\n  else\n  end\nend\nlocal ended = 'do'"
    )
    assert marked(applied, BUILT_IN["lua"], lua) == [
        " local function f(x) >",
        "   if x then -- ( >",
        "     g(function() return 1 end)",
        "<  else >",
        "<  end",
        "<end",
        " local ended = 'do'",
    ]
    assert marked(applied, brew, "heat do rem it\nUNDO\nelse\nend\nx =>\na recipe b\nrecipes") == [
        " heat do rem it >",
        " UNDO",
        "<else >",
        "<end",
        " x => >",
        " a recipe b >",
        " recipes",
    ]


def test_comments_and_pairs(levy: LanguageSpec) -> None:
    configuration = language_configuration(Vocabulary(levy))
    assert configuration["comments"] == {"lineComment": ";"}
    assert configuration["autoClosingPairs"] == [
        {"open": "(", "close": ")"},
        {"open": "[", "close": "]"},
        {"open": '"', "close": '"', "notIn": ["string", "comment"]},
    ]
    assert configuration["surroundingPairs"] == [["(", ")"], ["[", "]"], ['"', '"']]
    ocaml, lua = (language_configuration(Vocabulary(BUILT_IN[name])) for name in ("ocaml", "lua"))
    assert ocaml["comments"] == {"blockComment": ["(*", "*)"]}
    assert {"open": "(*", "close": " *)", "notIn": ["string", "comment"]} in ocaml["autoClosingPairs"]
    assert lua["comments"] == {"lineComment": "--", "blockComment": ["--[[", "]]"]}
    assert "--[[" not in {pair["open"] for pair in lua["autoClosingPairs"]}


def test_the_package(brew: LanguageSpec) -> None:
    written = package(Vocabulary(brew))
    (language,) = written["contributes"]["languages"]
    assert (language["extensions"], language["filenames"]) == ([".brew", ".recipe.brew"], ["Brewfile"])
    assert written["contributes"]["configurationDefaults"] == {
        "[brew]": {
            "editor.tabSize": 3,
            "editor.insertSpaces": True,
            "editor.wordSeparators": "`~@#$%^&*()=+[{]}\\|;:'\",.<>/",
        }
    }


def test_names_that_packages_and_vim_cannot_take() -> None:
    spec = LanguageSpec(name="c#_9", display_name="C#", extensions=(".cs",), editor_ids=("C#", "cs"))
    vocabulary = Vocabulary(spec)
    assert (vocabulary.slug, vocabulary.file_type, vocabulary.group) == ("csharp-9", "cs", "csharp9")
    written = package(vocabulary)
    assert (written["name"], written["contributes"]["languages"][0]["id"]) == ("csharp-9-language", "c#_9")
    assert written["contributes"]["grammars"][0]["scopeName"] == "source.csharp-9"


@pytest.mark.parametrize("name", sorted(set(BUILT_IN) - {"text"}))
def test_no_line_takes_long(applied: Apply, name: str) -> None:
    """A regular expression that backtracks would hold the editor's window."""
    lines = ["(" * 2000, "'" * 2001, "\\" * 2001, "if (" * 500, "a.b " * 500, "/*" * 1000, '"\\' * 1000, " " * 4000]
    begun = time.monotonic()
    applied(language_configuration(Vocabulary(BUILT_IN[name])), "\n".join(lines))
    assert time.monotonic() - begun < 5.0
