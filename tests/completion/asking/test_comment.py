"""Which comment asks for code at a cursor (`‸`), what it says, and where the code goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion.asking.comment import Asked, asked_at
from core.language_files import load_languages

LANGUAGES = load_languages((), {})


def asked(text: str, language: str = "python") -> Asked | None:
    before, _, after = text.partition("‸")
    *above, last = before.split("\n")
    lines = (before + after).split("\n")
    return asked_at(lines, len(above), len(last), LANGUAGES.named(language))


def words(text: str, language: str = "python") -> str | None:
    found = asked(text, language)
    return found.instruction if found else None


@pytest.mark.parametrize(
    ("text", "language", "says"),
    [
        pytest.param("# sort the ‸list\n", "python", "sort the list", id="in a line comment"),
        pytest.param("# sort the list\n‸", "python", "sort the list", id="on the empty line below"),
        pytest.param("# sort the list\n\n\n‸", "python", "sort the list", id="two empty lines below"),
        pytest.param("# sort the list\n\n\n\n‸", "python", None, id="too far below"),
        pytest.param("# sort\n#\n# the list‸\n", "python", "sort\n\nthe list", id="several lines"),
        pytest.param("# a\n    # b‸\n", "python", "b", id="another depth is another comment"),
        pytest.param("x = 1  # twice x‸\n", "python", "twice x", id="behind code, in it"),
        pytest.param("x‸ = 1  # twice x\n", "python", None, id="behind code, before it"),
        pytest.param("x = 1  # twice x\n‸", "python", None, id="behind code, below it"),
        pytest.param("x = '# no comment'‸\n", "python", None, id="in a string"),
        pytest.param("#\n‸", "python", None, id="an empty comment"),
        pytest.param("x = 1\n‸", "python", None, id="no comment"),
        pytest.param('def f(a):\n    """Double a."""\n    ‸\n', "python", "Double a.", id="documentation"),
        pytest.param('def f(a):\n  r"""Twice.\n\n    And ‸more.\n    """\n', "python", "Twice.\n\nAnd more.", id="in"),
        pytest.param('x = """\n# no comment\n"""\n‸', "python", None, id="a string of three quotes"),
        pytest.param('x = """\n# no ‸comment\n"""\n', "python", None, id="within a string of three quotes"),
        pytest.param("# sum of a and b\ndef add(a, b):\n    ‸\n", "python", "sum of a and b", id="below a head"),
        pytest.param("# sum\ndef add(\n    a,\n):\n    ‸\nx = 1\n", "python", "sum", id="below a long head"),
        pytest.param("# sum\ndef add(a, b):‸\n", "python", "sum", id="on a head"),
        pytest.param("-- sort it‸\n", "lua", "sort it", id="Lua"),
        pytest.param("--[[ sort\n  it ]]\n‸", "lua", "sort\nit", id="a block comment of Lua"),
        pytest.param("--- Sorts it.\nlocal function s(t)\n  ‸\nend\n", "lua", "Sorts it.", id="a head of Lua"),
        pytest.param("/// One.\n///\n/// Twice.\nfn f(x : Int) {\n  ‸\n}\n", "moonbit", "One.\n\nTwice.", id="MoonBit"),
        pytest.param("/*\n * Sort it.\n * - in place\n */\n‸", "javascript", "Sort it.\n- in place", id="stars"),
        pytest.param("/* Sort it. */\n‸", "javascript", "Sort it.", id="a block on one line"),
        pytest.param("f(1) /* and\nmore‸ */\n", "javascript", "and\nmore", id="a block behind code"),
        pytest.param("(* sort it *)\n‸", "ocaml", "sort it", id="OCaml"),
        pytest.param("% sorted\n‸", "prolog", "sorted", id="Prolog"),
        pytest.param("// sort it\n‸", "text", "sort it", id="a language that nobody described"),
    ],
)  # fmt: skip
def test_what_asks(text: str, language: str, says: str | None) -> None:
    assert words(text, language) == says


def placed(text: str, language: str = "python") -> tuple[int, int, str, str]:
    found = asked(text, language)
    assert found
    return found.line, found.column, found.lead, found.indentation


def test_the_code_goes_into_the_empty_line_or_behind_the_comment() -> None:
    assert placed("# a\n‸\nx") == (1, 0, "", "")
    assert placed("# a\n\n‸\nx") == (2, 0, "", "")
    assert placed("x\n# a‸\ny") == (1, 3, "\n", "")
    assert placed("def f():\n    # a\n‸\n") == (2, 0, "    ", "    ")
    assert placed("def f():\n    # a\n  ‸\n") == (2, 2, "  ", "    ")
    assert placed("def f():\n    # a\n      ‸\n") == (2, 6, "", "      ")
    assert placed("def f():\n    # a‸\n") == (1, 7, "\n    ", "    ")
    assert placed("# a\ndef f():‸\n") == (1, 8, "\n    ", "    ")
    assert placed("if x:\n\ty\n# a\ndef f():\n\t‸\n") == (4, 1, "", "\t")


def test_what_is_given_is_the_comment_and_the_head_without_indentation() -> None:
    nested = asked('class A:\n    def f(self):\n        """Say a.\n\n        Twice.\n        """\n        ‸\n')
    assert nested
    assert nested.given == 'def f(self):\n    """Say a.\n\n    Twice.\n    """'
    assert (nested.first, nested.outer, nested.indentation) == (1, "    ", "        ")
    headed = asked("  # sum\n  def f(a):\n    ‸\n")
    assert headed
    assert (headed.given, headed.outer, headed.unit) == ("# sum\ndef f(a):", "  ", "  ")


def test_twenty_thousand_lines_are_quick() -> None:
    lines = ["x = 'a' + \"b\"  # c"] * 19_999 + ["# sort the list"]
    found = asked_at(lines, 19_999, 3, LANGUAGES.named("python"))
    assert found
    assert found.instruction == "sort the list"


PARTS = [
    "# a",
    "    # b",
    '"""',
    "'''",
    "def f(a):",
    "    ",
    "",
    "x = 1  # c",
    "/*",
    "*/",
    "--[[",
    "]]",
    "{",
    "}",
    "\t// d",
    "é",
]


@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=12), st.data())
def test_whatever_stands_there_the_code_has_a_place_in_it(lines: list[str], data: st.DataObject) -> None:
    line = data.draw(st.integers(0, len(lines) - 1))
    column = data.draw(st.integers(0, len(lines[line])))
    language = data.draw(st.sampled_from(["python", "lua", "javascript", "ocaml", "text"]))
    found = asked_at(lines, line, column, LANGUAGES.named(language))
    if found is None:
        return
    assert found.instruction.strip()
    assert 0 <= found.first <= found.line < len(lines)
    assert found.column == len(lines[found.line])
    assert found.given
    # Put in there, the code's first line has the indentation of the others.
    put = lines[found.line] + found.lead
    assert put.rpartition("\n")[2] == found.indentation
