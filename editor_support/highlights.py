"""The query by which tree-sitter gives colours, written from what a grammar is made of.

A grammar that brings a query of its own keeps it, if Neovim knows its predicates. Else: words are keywords; what stands
for a sample of a comment, a string or a number is one; nodes and fields with usual names mean what they usually mean.
Every pattern is tried on the grammar first, so the query as a whole is valid. Later patterns win in Neovim.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from core.languages import LanguageSpec

_COMPARISONS = ("eq", "match", "vim-match", "lua-match", "contains")
KNOWN_PREDICATES = frozenset(
    (*_COMPARISONS, *(f"any-{name}" for name in _COMPARISONS), "any-of", "has-ancestor", "has-parent")
)
"""Of Neovim 0.11, without `not-` and the question mark."""
KNOWN_DIRECTIVES = frozenset(("set", "offset", "gsub", "trim"))
"""The same of directives, without the exclamation mark."""

_PREDICATE = re.compile(r"""\(#(?:"(?:\\.|[^"\\])*"|[^()"])*\)""")
"""What is left of a query without them is looked at by the library; of these it knows other ones than Neovim."""

_NUMBERS = ("7", "1.5", "0x1F", "12%", "2026-01-31", "08:30")
_NAMED = (
    (r"identifier|variable_name|name", "@variable"),
    (r"(\w+_)?comment", "@comment"),
    (r"(\w+_)?(string|str|text)(_literal|_content)?|(\w+_)?heredoc\w*", "@string"),
    (r"(char|character|rune)(_literal)?", "@character"),
    (r"(\w+_)?(number|integer|int|decimal|numeric|hex|percent)(_literal|_constant)?", "@number"),
    (r"(\w+_)?(float|double|real)(_literal)?", "@number.float"),
    (r"true|false|bool(ean)?(_literal)?", "@boolean"),
    (r"nil|null|none|none_literal|constant|unit_literal", "@constant.builtin"),
    (r"escape_sequence|\w*_escape|escape", "@string.escape"),
    (r"type_identifier|type_name|type_constructor", "@type"),
    (r"(primitive|builtin|predefined)_type", "@type.builtin"),
    (r"field_identifier|property_identifier", "@variable.member"),
    (r"module_name|namespace_identifier|package_identifier", "@module"),
)
_FUNCTION = re.compile(r"function|method|procedure|subroutine|rule|macro")
_CALL = re.compile(r"(^|_)(call|application|invocation|apply)($|_)")
_MEMBER = re.compile(r"field|member|property|attribute")


@dataclass(frozen=True)
class Asked:
    """What a grammar says of itself: named nodes, anonymous tokens, which node a sample is, which queries are valid."""

    kinds: tuple[str, ...]
    tokens: tuple[str, ...]
    found: Mapping[str, str]
    valid: tuple[bool, ...] = ()


def samples(spec: LanguageSpec) -> list[str]:
    """Texts of one token each that tell which nodes are comments, strings, numbers and constants."""
    return [*_comments(spec), *_strings(spec), *_NUMBERS, *spec.syntax.constants, *spec.syntax.types[:1]]


def highlights(spec: LanguageSpec, asked: Asked, own: str, valid: Callable[[Sequence[str]], Sequence[bool]]) -> str:
    """The query; `own`: the grammar's own, or nothing; `valid`: for each query whether the grammar takes it."""
    if own and _fits(own) and all(valid([_PREDICATE.sub("", own)])):
        return f"; The grammar's own query.\n{own}"
    tokens = {token: _token_capture(spec, token) for token in asked.tokens}
    nodes = list(dict.fromkeys((*_nodes(asked), *_fields(asked), *_found(spec, asked))))
    right = valid([*(f"{_quoted(token)} @token" for token in tokens), *nodes])
    usable = [token for token, is_right in zip(tokens, right, strict=False) if is_right]
    lists = []
    for capture in dict.fromkeys(tokens[token] for token in usable):
        listed = " ".join(_quoted(token) for token in usable if tokens[token] == capture)
        lists += [*wrap(f"[ {listed} ] {capture}", 120, break_long_words=False, break_on_hyphens=False), ""]
    return "\n".join(
        [*lists, *(node for node, is_right in zip(nodes, right[len(tokens) :], strict=True) if is_right), ""]
    )


def _fits(query: str) -> bool:
    """Whether Neovim knows each predicate and directive of a query; an unknown one is an error at every redraw."""
    predicates, directives = re.findall(r"\(#([\w.-]+)\?", query), re.findall(r"\(#([\w.-]+)!", query)
    known = {name.removeprefix("not-") for name in predicates} <= KNOWN_PREDICATES
    return known and set(directives) <= KNOWN_DIRECTIVES


def _comments(spec: LanguageSpec) -> list[str]:
    blocks = [f"{each.open} a {each.close}" for each in spec.block_comments]
    return [*(f"{mark} a" for mark in spec.line_comments), *blocks]


def _strings(spec: LanguageSpec) -> list[str]:
    return [f"{each.open}a{each.close}" for each in spec.syntax.strings]


def _token_capture(spec: LanguageSpec, token: str) -> str:
    if token in spec.syntax.constants:
        return "@constant.builtin"
    if re.search(r"\w", token):
        return "@keyword"
    if token in {*"()[]{}", "[|", "|]", "#("}:
        return "@punctuation.bracket"
    if token in {",", ";", ".", ":", "::"}:
        return "@punctuation.delimiter"
    return "@string" if token in {'"', "'", "`", '"""', "'''"} else "@operator"


def _nodes(asked: Asked) -> Iterable[str]:
    for pattern, capture in _NAMED:
        for kind in asked.kinds:
            if re.fullmatch(pattern, kind):
                yield f"({kind}) {capture}"


def _fields(asked: Asked) -> Iterable[str]:
    """Names of definitions, parameters, members and calls."""
    for kind in asked.kinds:
        if "parameter" in kind:
            yield f"({kind} name: (_) @variable.parameter)"
        elif _MEMBER.search(kind):
            yield f"({kind} name: (_) @variable.member)"
            yield f"({kind} field: (_) @variable.member)"
        elif _CALL.search(kind):
            for field in ("function", "name", "callee"):
                yield f"({kind} {field}: (_) @function.call)"
        else:
            yield f"({kind} name: (_) @function parameters: (_))"
            if _FUNCTION.search(kind):
                yield f"({kind} name: (_) @function)"
    # A type is one wherever it stands, so it comes after what may hold it.
    yield "(type_identifier) @type"


def _found(spec: LanguageSpec, asked: Asked) -> Iterable[str]:
    captures = dict.fromkeys(_comments(spec), "@comment @spell")
    captures |= dict.fromkeys(_strings(spec), "@string")
    captures |= dict.fromkeys(_NUMBERS, "@number")
    captures |= dict.fromkeys(spec.syntax.constants, "@constant.builtin")
    generic = {"identifier", "name", "variable", "symbol", "atom", "word"}
    for sample, capture in captures.items():
        kind = asked.found.get(sample)
        if kind and kind not in generic:
            yield f"({kind}) {capture}"


def _quoted(token: str) -> str:
    escaped = token.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
