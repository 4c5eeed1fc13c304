"""Both editors colour Levy's whole corpus alike: VS Code by words and delimiters, Neovim by the parsed tree."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tree_sitter import Language, Query, QueryCursor
from tree_sitter import Parser as TreeParser

from core.languages import LanguageSpec
from editor_support.grammar import Parser, find_parser
from editor_support.probe import load
from editor_support.textmate import textmate_grammar
from editor_support.vocabulary import Vocabulary
from tests.editor_support.conftest import ROOT, node

LEVY = ROOT / "examples" / "levy"
KINDS = {
    "comment": "comment",
    "string": "string",
    "constant.character.escape": "string",
    "keyword": "keyword",
    "storage.type": "keyword",
    "constant.numeric": "number",
    "number": "number",
    "constant.language": "constant",
    "constant.builtin": "constant",
    "entity.name.type": "type",
    "support.type": "type",
    "type": "type",
    "entity.name.function": "function",
    "function": "function",
}
"""What both call it, by the beginning of a scope or of a capture."""


def kind(name: str) -> str:
    return next((kind for start, kind in KINDS.items() if name.startswith(start)), "")


def by_words(spec: LanguageSpec, text: str, modules: str, folder: Path) -> Iterator[tuple[int, int, str, str]]:
    """Line, column, text and kind of each word of the text."""
    file = folder / "grammar.json"
    file.write_text(json.dumps(textmate_grammar(Vocabulary(spec))))
    for number, tokens in enumerate(node("tokenise.mjs", modules, file, text=text)):
        column = 0
        for token, scopes in tokens:
            for word in re.finditer(r"[\w-]+", token):
                yield number, column + word.start(), word[0], kind(scopes[0]) if scopes else ""
            column += len(token)


@pytest.fixture
def by_tree(levy: LanguageSpec, tmp_path: Path) -> tuple[Language, Query]:
    parser = find_parser(levy, LEVY / "grammar")
    assert isinstance(parser, Parser)
    library = tmp_path / "levy.so"
    library.write_bytes(parser.library)
    language = Language(load(str(library), "tree_sitter_levy"))
    return language, Query(language, parser.highlights)


def test_the_editors_agree_on_every_word(
    levy: LanguageSpec, by_tree: tuple[Language, Query], modules: str, tmp_path: Path
) -> None:
    text = "".join(file.read_text() for file in sorted((LEVY / "corpus").glob("*/*.levy")))
    assert text.isascii(), "columns are bytes"
    language, query = by_tree
    kinds: dict[tuple[int, int], str] = {}
    captures = QueryCursor(query).captures(TreeParser(language).parse(text.encode()).root_node)
    for name, (row, start), (last, end) in (
        (name, each.start_point, each.end_point) for name, nodes in captures.items() for each in nodes if kind(name)
    ):
        assert row == last
        kinds |= {(row, column): kind(name) for column in range(start, end)}
    words = list(by_words(levy, text, modules, tmp_path))
    compared = Counter((word, shown, kinds.get((row, column), "")) for row, column, word, shown in words)
    assert compared.total() > 5000
    assert {(word, one, other) for word, one, other in compared if one != other} == set()
