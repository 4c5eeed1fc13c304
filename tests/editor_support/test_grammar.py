"""Parsers out of sources: the query that comes with them or is written for them; grammars that crash or hang."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from core.languages import LanguageSpec
from editor_support import grammar
from editor_support.grammar import NoParser, Parser, find_parser

GRAMMAR = Path(__file__).resolve().parents[2] / "examples" / "levy" / "grammar"
GENERATED = "(rule_definition name: (_) @function parameters: (_))"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Levy's grammar, to be changed."""
    (tmp_path / "queries").mkdir()
    shutil.copytree(GRAMMAR / "src", tmp_path / "src")
    return tmp_path


def found(spec: LanguageSpec, sources: Path) -> Parser:
    parser = find_parser(spec, sources)
    assert isinstance(parser, Parser), parser
    return parser


def native(folder: Path, body: str) -> Path:
    """A grammar's folder with a parser whose function does `body`."""
    (folder / "src").mkdir(exist_ok=True)
    text = "#include <stdlib.h>\ntypedef struct TSLanguage TSLanguage;\n"
    (folder / "src" / "parser.c").write_text(f"{text}const TSLanguage *tree_sitter_levy(void) {{ {body} }}\n")
    return folder


@pytest.mark.parametrize(
    "query",
    [
        '"rule" @keyword\n((identifier) @constant (#match? @constant "^x"))\n',
        '((identifier) @variable (#not-any-of? @variable "a)") (#set! priority 90))\n',
        '((comment) @comment (#set! @comment url "x"))\n',
    ],
)
def test_the_grammars_own_query_is_kept(levy: LanguageSpec, sources: Path, query: str) -> None:
    (sources / "queries" / "highlights.scm").write_text(query)
    assert found(levy, sources).highlights == f"; The grammar's own query.\n{query}"


@pytest.mark.parametrize(
    "query",
    [
        "((identifier) @variable (#is-not? local))\n",
        "((identifier) @variable (#select-adjacent! @variable @variable))\n",
        "(no_such_node) @keyword\n",
        "(identifier @variable\n",
    ],
)
def test_one_that_neovim_would_stumble_over_is_not(levy: LanguageSpec, sources: Path, query: str) -> None:
    (sources / "queries" / "highlights.scm").write_text(query)
    assert GENERATED in found(levy, sources).highlights


def test_what_the_language_file_says_tells_the_nodes(levy: LanguageSpec, sources: Path) -> None:
    parser = found(levy, sources)
    assert parser.name == "levy"
    assert {"rule", "or-else", "=>"} <= set(parser.tokens)
    lines = parser.highlights.splitlines()
    for line in ("(text) @string", "(comment) @comment @spell", "(clock) @number", "(constant) @constant.builtin"):
        assert line in lines
    (keywords,) = [part for part in parser.highlights.split("\n\n") if part.endswith("@keyword")]
    assert '"or-else"' in keywords
    assert '"yes"' not in keywords


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("abort();", "the grammar cannot be loaded: it ended with status -6"),
        ("return NULL;", "the grammar cannot be loaded: "),
        ("for (;;) {}", "the grammar did not answer within 2 s"),
    ],
)
def test_a_grammar_that_misbehaves_is_left_out(
    levy: LanguageSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, reason: str
) -> None:
    monkeypatch.setattr(grammar, "PROBE_LIMIT_S", 2)
    parser = find_parser(levy, native(tmp_path, body))
    assert isinstance(parser, NoParser)
    assert parser.reason.startswith(reason)
    assert "\n" not in parser.reason


def test_without_the_library_it_says_what_to_install(
    levy: LanguageSpec, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    parser = find_parser(levy, sources)
    assert isinstance(parser, NoParser)
    assert parser.reason.endswith("pip install tree-sitter")


def test_a_language_without_a_grammar_has_nothing_to_say(levy: LanguageSpec) -> None:
    assert find_parser(levy.model_copy(update={"grammar": None}), None) == NoParser("")
