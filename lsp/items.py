"""Proposals as ordinary completion items, for editors that have no ghost text.

An item replaces the word before the cursor by that word and the proposal, because editors filter items by what was
typed of the word. Its label is its first line; it sorts before other servers' items.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lsprotocol import types

from lsp.documents import Document, Place
from lsp.positions import Encoding

TRIGGERS = (
    " ",
    ".",
    ",",
    ":",
    ";",
    "=",
    "(",
    "[",
    "{",
    "<",
    ">",
    "+",
    "-",
    "*",
    "/",
    "|",
    "&",
    '"',
    "'",
    "@",
    "#",
    "\n",
)
"""After a letter editors ask anyway, but after these only where they are told to."""
LABEL_CHARACTERS = 60
_WORD = re.compile(r"\w*\Z")


def completion_list(
    document: Document, place: Place, texts: Sequence[str], command: types.Command | None, encoding: Encoding
) -> types.CompletionList:
    """The items for a place, the best first. Incomplete, so that the editor asks again for each key."""
    typed = document.line(place.line)[: place.column]
    found = _WORD.search(typed)
    word = found[0] if found else ""
    start = Place(place.line, place.column - len(word))
    edges = [types.Position(each.line, document.units(each, encoding)) for each in (start, place)]
    span = types.Range(*edges)
    items = [_item(document, word, text, span, number, command) for number, text in enumerate(texts)]
    return types.CompletionList(is_incomplete=True, items=items)


def _item(
    document: Document, word: str, text: str, span: types.Range, number: int, command: types.Command | None
) -> types.CompletionItem:
    whole = word + text
    label = _label(whole)
    documentation = None
    if len(label) < len(whole.strip()) or "\n" in whole.strip():
        code = f"```{document.language_id}\n{whole}\n```"
        documentation = types.MarkupContent(types.MarkupKind.Markdown, code)
    return types.CompletionItem(
        label=label,
        kind=types.CompletionItemKind.Text,
        detail="Vernacular",
        documentation=documentation,
        filter_text=whole.split("\n")[0] or label,
        sort_text=f"!{number:02}",
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs,
        text_edit=types.TextEdit(span, whole),
        command=command,
    )


def _label(text: str) -> str:
    """The first line that is not blank; an ellipsis stands for what it leaves out."""
    lines = text.strip().split("\n")
    first = lines[0].rstrip()
    cut = first[: LABEL_CHARACTERS - 1].rstrip() if len(first) > LABEL_CHARACTERS else first
    return cut if cut == first and len(lines) == 1 else f"{cut}\N{HORIZONTAL ELLIPSIS}"
