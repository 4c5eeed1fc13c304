"""What files declare: with a grammar, by keywords, by shape."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion.declarations import MAX_DECLARATIONS, Declaration, declarations
from completion.declarations.words import spellings, words
from completion.parsing import Parsing, SyntaxTree
from core.language_files import load_languages
from core.languages import TEXT, LanguageSpec

LEVY = Path(__file__).parent.parent.parent / "examples" / "levy"
REGISTRY = load_languages([LEVY / "languages"], {})

PYTHON = '''\
import os

LIMIT: int = 3

@decorated(LIMIT)
class Store(Base):
    """Doc."""

    def put(self, key: str,
            value: int) -> None:
        inner = 1
        def hidden(): pass

    @property
    def size(self) -> int: return 1

@dataclass
class Point:
    x: int
    y: int

async def fetch(url):
    return url
'''
LUA = """\
local M = {}
local function helper(a)
  local inner = 1
  return a
end
function M.open(path, mode)
end
M.close = function(handle) end
return M
"""
MOONBIT = """\
///|
pub(all) struct Point {
  x : Int
  y : Int
} derive(Show)

///|
pub fn Point::new(x : Int) -> Point {
  { x, y: x }
}

///|
pub enum Shape { Dot; Circle(Int) }

///|
impl Show for Point with output(self, logger) {
  logger.write_string("x")
}

///|
test "points" {
  inspect(1)
}
"""
BUSINESS = """\
; For business clients.

use "../shared/taxes.levy".

record Contract has
  client: Text,
  rebate: Number?.

choice Format is packet, small-packet.

;; What a month costs.
rule month-invoice(contract: Contract, shipments: [Mass]): Money
  let rebate be rebate-of(contract)
  gives sum(shipments) * (1 - rebate).

fixed bakery is Contract(client: "Sauer", rebate: none).

test "a month"
  expect month-invoice(bakery, []) = 0 EUR.
"""


@pytest.fixture(scope="module")
def parsing() -> Iterator[Parsing]:
    parsing = Parsing()
    yield parsing
    parsing.close()


def parsed(parsing: Parsing, language: str, text: str) -> tuple[Declaration, ...]:
    spec = REGISTRY.named(language)
    assert spec.grammar is not None
    pytest.importorskip(spec.grammar.module)
    tree = parsing.parse(spec, text, limit_s=30)
    assert isinstance(tree, SyntaxTree), tree
    return declarations(spec, text, tree)


def texts(found: tuple[Declaration, ...]) -> dict[str, str]:
    return {declaration.name: declaration.text for declaration in found}


def test_python_by_its_grammar(parsing: Parsing) -> None:
    found = parsed(parsing, "python", PYTHON)
    assert texts(found) == {
        "LIMIT": "LIMIT: int = 3",
        "Store": "class Store(Base):",
        "put": "def put(self, key: str,\n        value: int) -> None:",
        "size": "def size(self) -> int:",
        "Point": "class Point:\n    x: int\n    y: int",
        "fetch": "async def fetch(url):",
    }
    assert {found.name: found.line for found in found}["put"] == 8


def test_python_by_its_keywords() -> None:
    assert texts(declarations(REGISTRY.named("python"), PYTHON)) == {
        "Store": "class Store(Base):",
        "put": "def put(self, key: str,\n        value: int) -> None:",
        "size": "def size(self) -> int: return 1",
        "Point": "class Point:\n    x: int\n    y: int",
        "fetch": "async def fetch(url):",
    }


def test_lua_by_its_grammar(parsing: Parsing) -> None:
    assert texts(parsed(parsing, "lua", LUA)) == {
        "M": "local M = {}",
        "helper": "local function helper(a)",
        "open": "function M.open(path, mode)",
        "close": "M.close = function(handle) end",
    }


def test_lua_by_its_keywords() -> None:
    assert texts(declarations(REGISTRY.named("lua"), LUA)) == {
        "M": "local M = {}",
        "helper": "local function helper(a)",
        "open": "function M.open(path, mode)",
    }


@pytest.mark.parametrize("grammar", [True, False])
def test_moonbit(parsing: Parsing, grammar: bool) -> None:
    found = parsed(parsing, "moonbit", MOONBIT) if grammar else declarations(REGISTRY.named("moonbit"), MOONBIT)
    heads = {name: text.removesuffix(" {") for name, text in texts(found).items()}
    assert heads == {
        "Point": "pub(all) struct Point {\n  x : Int\n  y : Int\n} derive(Show)",
        "new": "pub fn Point::new(x : Int) -> Point",
        "Shape": "pub enum Shape { Dot; Circle(Int) }",
        "output": "impl Show for Point with output(self, logger)",
    }


LEVY_DECLARES = {
    "Contract": "record Contract has\n  client: Text,\n  rebate: Number?.",
    "Format": "choice Format is packet, small-packet.",
    "month-invoice": "rule month-invoice(contract: Contract, shipments: [Mass]): Money",
    "bakery": 'fixed bakery is Contract(client: "Sauer", rebate: none).',
}


def test_an_in_house_language_by_its_keywords() -> None:
    assert texts(declarations(REGISTRY.named("levy"), BUSINESS)) == LEVY_DECLARES


def test_an_in_house_language_by_its_grammar(parsing: Parsing) -> None:
    assert texts(parsed(parsing, "levy", BUSINESS)) == LEVY_DECLARES


def test_an_in_house_language_that_nobody_described() -> None:
    assert texts(declarations(TEXT, BUSINESS)) == LEVY_DECLARES


def test_a_broken_tree_gives_way_to_keywords_that_find_more(parsing: Parsing) -> None:
    text = "def one(\n\n" + "".join(f"def name_{number}(a):\n    return a\n" for number in range(20))
    assert {"one", "name_19"} <= set(texts(parsed(parsing, "python", text)))


def test_shapes_of_common_languages_without_a_description() -> None:
    text = "int add(int a, int b) {\n  return a;\n}\nlimit = 3\nif (x) {\n}\nreturn x\n"
    assert texts(declarations(TEXT, text)) == {"add": "int add(int a, int b) {", "limit": "limit = 3"}


def test_line_ends_of_other_systems() -> None:
    spec = REGISTRY.named("python")
    assert declarations(spec, PYTHON.replace("\n", "\r\n")) == declarations(spec, PYTHON)


def test_a_file_has_so_many_declarations_at_most() -> None:
    text = "".join(f"def name_{number}():\n    pass\n" for number in range(MAX_DECLARATIONS + 100))
    assert len(declarations(REGISTRY.named("python"), text)) == MAX_DECLARATIONS


def test_a_long_declaration_is_cut_at_lines() -> None:
    members = "".join(f"  field-{number}: Text,\n" for number in range(200))
    (found,) = declarations(REGISTRY.named("levy"), f"record Wide has\n{members}")
    assert found.text == "record Wide has"


@given(text=st.text(st.sampled_from("def class(:)=\n \t{}éx\ud800\x00\u2028.")))
@pytest.mark.parametrize(
    "spec", [TEXT, REGISTRY.named("python"), REGISTRY.named("moonbit")], ids=lambda spec: spec.name
)
def test_nothing_raises_and_lines_are_the_files(spec: LanguageSpec, text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for found in declarations(spec, text):
        assert found.name in lines[found.line]
        assert lines[found.line].strip()[:50].startswith(found.text.split("\n")[0][:50])


def test_words_of_languages_with_hyphens() -> None:
    assert list(words("when cash-rounded(a - b) is empty? 3x")) == [
        "when",
        "cash-rounded",
        "a",
        "b",
        "is",
        "empty?",
        "x",
    ]
    assert spellings("next-day?") == ("next-day?", "next-day", "next", "day")
