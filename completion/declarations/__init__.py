"""What a file declares: names with the lines that say what they are, bodies cut.

`declarations` works for any text, the better it is described: from a syntax tree where the language has a grammar, from
its definition keywords and the indentation where it has none, from the shape of its lines where nobody described it.

    words.py       identifiers in a text, of any language
    headers.py     how much of a declaration is shown
    by_tree.py     a walk over a syntax tree that needs no queries for the grammar
    by_keyword.py  lines that begin with a keyword, or look as if something were declared there

Pure. Nothing is promised for a text that is not code; nothing raises, whatever the text holds.
"""

from __future__ import annotations

from dataclasses import dataclass

from completion.declarations import by_keyword, by_tree
from completion.declarations.headers import Found, header
from completion.parsing import SyntaxTree
from core.languages import LanguageSpec

__all__ = ["MAX_DECLARATIONS", "Declaration", "declarations"]

MAX_DECLARATIONS = 400
"""Of one file; what comes later is left out."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """A name that a file gives to others.

    `kind` is the grammar's or the language's own word, such as `function` or `record`, and empty where nobody knows;
    `line` counts from 0; `text` has no trailing line end.
    """

    name: str
    kind: str
    line: int
    text: str


def declarations(spec: LanguageSpec, text: str, tree: SyntaxTree | None = None) -> tuple[Declaration, ...]:
    """The declarations of `text`, in its order; `tree` must be that of the same text.

    Line ends may be any. Of a tree with errors in it, keywords may know more: whichever finds more is taken.
    """
    if "\r" in text and tree is None:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    found = by_tree.found(tree, text) if tree is not None else []
    if not found or (tree is not None and tree.has_errors):
        found = max(found, by_keyword.found(spec.definition_keywords, lines), key=len)
    return tuple(_declared(lines, place) for place in found[:MAX_DECLARATIONS])


def _declared(lines: list[str], place: Found) -> Declaration:
    return Declaration(place.name, place.kind, place.first, header(lines, place))
