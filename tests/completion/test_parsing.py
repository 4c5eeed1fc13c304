"""Parsing in a process that can be left behind: real grammars, and stubs that hang, crash and fail."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from completion.parsing import MAX_BYTES, Parsing, SyntaxTree, Unparsed
from core.language_files import load_languages
from core.languages import TEXT, Grammar, LanguageSpec

STUBS = {
    # A regular expression that backtracks for years: native code that holds the interpreter's lock.
    "stub_hangs": 'import re\ndef language():\n    re.match(r"(a|a)+$", "a" * 64 + "b")\n',
    "stub_crashes": "import os\ndef language():\n    os.abort()\n",
    "stub_fails": 'def language():\n    raise RuntimeError("built for another version")\n',
    "stub_prints": (
        "import os, tree_sitter_lua\n"
        "def language():\n"
        '    print("noise", flush=True)\n    os.write(1, b"more noise")\n    return tree_sitter_lua.language()\n'
    ),
}


@pytest.fixture
def parsing(tmp_path: Path) -> Iterator[Parsing]:
    for name, text in STUBS.items():
        (tmp_path / f"{name}.py").write_text(text)
    parsing = Parsing([tmp_path])
    yield parsing
    parsing.close()


def stub(name: str) -> LanguageSpec:
    return LanguageSpec(name="stub", display_name="Stub", grammar=Grammar(package=f"tree-sitter-{name}", module=name))


def real(name: str) -> LanguageSpec:
    pytest.importorskip(f"tree_sitter_{name}")
    return load_languages([], {}).named(name)


def test_a_real_tree(parsing: Parsing) -> None:
    text = "-- é 𝄞\nlocal x = 1\n"
    tree = parsing.parse(real("lua"), text, limit_s=30)
    assert isinstance(tree, SyntaxTree)
    assert not tree.has_errors
    nodes = list(tree)
    assert [(node.type, node.depth) for node in nodes[:2]] == [("chunk", 0), ("comment", 1)]
    pieces = {node.type: text.encode()[node.start_byte : node.end_byte].decode() for node in nodes}
    assert pieces["comment"] == "-- é 𝄞"
    assert pieces["identifier"] == "x"
    assert next(node.start_row for node in nodes if node.type == "identifier") == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("moonbit", "///|\npub fn add(a : Int, b : Int) -> Int {\n  a + b\n}\n"),
        ("python", "def f(x):\n    return x\n"),
    ],
)
def test_each_built_in_grammar_parses(parsing: Parsing, name: str, text: str) -> None:
    tree = parsing.parse(real(name), text, limit_s=30)
    assert isinstance(tree, SyntaxTree)
    assert not tree.has_errors
    assert len(tree) > 3


def test_broken_code_has_a_tree_with_errors(parsing: Parsing) -> None:
    tree = parsing.parse(real("lua"), "local = = (", limit_s=30)
    assert isinstance(tree, SyntaxTree)
    assert tree.has_errors
    assert any(node.is_error or node.is_missing for node in tree)


def test_an_empty_text_and_deep_nesting(parsing: Parsing) -> None:
    assert isinstance(parsing.parse(real("lua"), "", limit_s=30), SyntaxTree)
    deep = parsing.parse(real("lua"), "x = " + "(" * 5000 + "1" + ")" * 5000, limit_s=30)
    assert isinstance(deep, SyntaxTree | Unparsed)


def test_a_parse_that_never_returns_is_left_behind(parsing: Parsing) -> None:
    lua = real("lua")
    assert isinstance(parsing.parse(lua, "x = 1", limit_s=30), SyntaxTree)
    started = time.monotonic()
    assert parsing.parse(stub("stub_hangs"), "x = 1", limit_s=0.3) == Unparsed(
        "tree-sitter-stub_hangs took longer than 0.3 s"
    )
    assert time.monotonic() - started < 20, "a bound for a busy machine; 0.35 s on a quiet one"
    assert isinstance(parsing.parse(lua, "x = 1", limit_s=30), SyntaxTree), "the next question is answered"


def test_a_grammar_that_keeps_hanging_is_not_asked_again(parsing: Parsing) -> None:
    for _ in range(3):
        parsing.parse(stub("stub_hangs"), "x", limit_s=0.1)
    assert parsing.parse(stub("stub_hangs"), "x", limit_s=0.1) == Unparsed(
        "tree-sitter-stub_hangs is not asked any more: 3 times in a row it took longer than 0.1 s"
    )


def test_a_crash_is_told_from_a_hang(parsing: Parsing) -> None:
    assert parsing.parse(stub("stub_crashes"), "x", limit_s=30) == Unparsed("tree-sitter-stub_crashes crashed")


def test_what_a_grammar_raises_is_a_reason(parsing: Parsing) -> None:
    assert parsing.parse(stub("stub_fails"), "x", limit_s=30) == Unparsed(
        "tree-sitter-stub_fails failed: RuntimeError: built for another version"
    )


def test_what_a_grammar_prints_disturbs_nothing(parsing: Parsing) -> None:
    pytest.importorskip("tree_sitter_lua")
    assert isinstance(parsing.parse(stub("stub_prints"), "x = 1", limit_s=30), SyntaxTree)


def test_reasons_that_need_no_process() -> None:
    parsing = Parsing()
    assert parsing.parse(TEXT, "x") == Unparsed("text has no grammar")
    assert parsing.parse(stub("nowhere"), "x") == Unparsed(
        "tree-sitter-nowhere is not installed; pip install tree-sitter-nowhere"
    )
    for module in ("nowhere.grammar", ".nowhere"):
        assert parsing.parse(stub(module), "x") == Unparsed(
            f"tree-sitter-{module} is not installed; pip install tree-sitter-{module}"
        )
    assert parsing.parse(real("lua"), "\ud800") == Unparsed("the text holds half a surrogate pair")
    assert parsing.parse(real("lua"), "x" * (MAX_BYTES + 1)) == Unparsed(
        f"the text has {MAX_BYTES + 1} bytes, more than {MAX_BYTES}"
    )


def test_nothing_is_imported_from_the_work_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lua = real("lua")
    for name in ("json", "array", "tree_sitter", "tree_sitter_lua"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'owned')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.fspath(tmp_path))
    parsing = Parsing()
    assert isinstance(parsing.parse(lua, "x = 1", limit_s=30), SyntaxTree)
    parsing.close()
    assert not (tmp_path / "owned").exists()
