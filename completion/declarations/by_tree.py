"""Declarations from a syntax tree, by what grammars commonly call their nodes: no grammar needs a query of its own.

A declaration is a node at a small depth whose type ends in a word such as `definition`, `declaration` or `function`;
its name is the first identifier in it, its head what comes before its body. What is declared inside a function is its
own affair; inside classes, modules and the like the walk goes on. A node around a declaration that ends where it ends
(a decorated or exported one) is passed through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from completion.declarations.headers import DATA, HEADER_LINES, LINE_CHARACTERS, MAX_LINES, Found
from completion.declarations.words import NAME, last_part
from completion.parsing import SyntaxTree

_DECLARING = re.compile(
    r"(?:^|_)(?:definition|declaration|item|defn?|decl|function|method|class|struct|enum|trait|interface|record|module"
    r"|macro|constructor|signature|binding|alias|typealias)(?:_(?:statement|definition|declaration|item))?$"
)
_ASSIGNING = re.compile(r"^assignment(?:_statement|_expression)?$")
_OTHER = re.compile(
    r"import|field|parameter|comment|test|use_|package|call|type_item|derive|visibility|expression_item"
)
_CONTAINER = re.compile(r"class|module|trait|interface|impl|namespace|object|instance|mod_item")
_BODY = re.compile(r"(?:^|_)(?:body|block|suite)(?:_|$)|compound_statement|declaration_list|statement_list")
_ASIDE = re.compile(r"decorator|attribute|annotation|visibility|modifier|type_parameters|comment")
_NAMING = re.compile(r"identifier|(?:^|_)name$|^variable$|^constant$|^word$|^symbol$")
_ENDING = re.compile(r"_(?:definition|declaration|item|statement|def|decl|binding)$")

_DEEPEST, _TOP, _MEMBERS, _NAME_DEPTH = 9, 3, 3, 4


@dataclass(frozen=True, slots=True)
class _Node:
    type: str
    start: int
    end: int
    first: int
    last: int
    depth: int


def found(tree: SyntaxTree, text: str) -> list[Found]:
    """The declarations of a tree, in the order of the text; `text` is what was parsed."""
    data = text.encode(errors="replace")
    nodes = _shallow(tree)
    places: list[Found] = []
    scopes: list[tuple[int, int]] = [(len(data) + 1, _TOP)]  # up to which byte, how deep to look
    index = 0
    while index < len(nodes):
        node = nodes[index]
        while node.start >= scopes[-1][0] and len(scopes) > 1:
            scopes.pop()
        inside = index + 1
        if not _declares(node) or node.depth > scopes[-1][1]:
            index = inside
            continue
        while inside < len(nodes) and nodes[inside].depth > node.depth:
            inside += 1
        members = nodes[index + 1 : inside]
        if not _passes_through(node, members) and (place := _found(node, members, data)):
            places.append(place)
            if not _CONTAINER.search(node.type) or place.whole:
                index = inside
                continue
            scopes.append((node.end, node.depth + _MEMBERS))
        index += 1
    return places


def _shallow(tree: SyntaxTree) -> list[_Node]:
    types = tree.types
    return [
        _Node(types[kind], start, end, first, last, depth)
        for kind, start, end, first, last, depth, _ in zip(*tree.columns, strict=True)
        if 0 < depth <= _DEEPEST
    ]


def _declares(node: _Node) -> bool:
    if _ASSIGNING.match(node.type):
        return node.depth <= 2
    return _DECLARING.search(node.type) is not None and _OTHER.search(node.type) is None


def _passes_through(node: _Node, members: list[_Node]) -> bool:
    """Whether a node only stands around a declaration: that ends where it ends, and it has no body of its own."""
    near = [other for other in members if other.depth <= node.depth + 2]
    if _ASSIGNING.match(node.type) or any(_BODY.search(m.type) for m in near if m.depth == node.depth + 1):
        return False
    return any(other.end == node.end and _declares(other) and not _ASSIGNING.match(other.type) for other in near)


def _found(node: _Node, members: list[_Node], data: bytes) -> Found | None:
    body = next((other for other in members if other.depth == node.depth + 1 and _BODY.search(other.type)), None)
    start = _name_start(node, members, body.start if body else node.end)
    name = NAME.match(data[start : start + 400].decode(errors="ignore")) if start is not None else None
    if name is None:
        return None
    kind = _ENDING.sub("", node.type).removesuffix("_item")
    container = _CONTAINER.search(node.type) is not None
    whole = (
        container
        and kind != "impl"
        and not any(_declares(other) and not _ASSIGNING.match(other.type) for other in members)
    )
    whole = whole or (kind in DATA and node.last - node.first < MAX_LINES)
    line_start = data.rfind(b"\n", 0, node.start) + 1
    if data[line_start : node.start].strip():
        line_start = node.start
    head = data[line_start : body.start].decode(errors="ignore").rstrip() if body else ""
    head = head if head.count("\n") < HEADER_LINES else ""
    last = node.last
    if _ASSIGNING.match(node.type) or kind == "variable":
        last, head = node.first, data[line_start : line_start + LINE_CHARACTERS].decode(errors="ignore").split("\n")[0]
    return Found(last_part(name[0]), kind, node.first, last, head, whole)


def _name_start(node: _Node, members: list[_Node], before: int) -> int | None:
    """The byte where the name begins: the first identifier, in C's manner inside a declarator if there is one."""
    declarator = next((m for m in members if "declarator" in m.type and m.depth == node.depth + 1), None)
    aside = declarator.start if declarator else 0
    name: int | None = None
    for other in members:
        if other.start >= before or ("parameters" in other.type and not _ASIDE.search(other.type)):
            break
        if other.start < aside or other.depth > node.depth + _NAME_DEPTH:
            continue
        if _ASIDE.search(other.type):
            aside = max(aside, other.end)
        elif _NAMING.search(other.type):
            name = other.start
            aside = other.end
            if not node.type.startswith("impl"):  # `impl A for B with name(`: the last before the parameters
                break
    return name
