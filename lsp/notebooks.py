"""The order of notebooks' cells, of which each is a document of its own.

From `notebookDocument/` messages where the editor sends them, else the order in which the cells were opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lsp.documents import Document
from lsp.uris import is_cell, notebook_of

MOST_CHARACTERS = 100_000
"""So much of the cells above is looked at."""


class Notebooks:
    """The notebooks that are open."""

    def __init__(self) -> None:
        self._cells: dict[str, list[str]] = {}
        self._notebooks: dict[str, str] = {}

    def opened(self, notebook: str, cells: Sequence[str]) -> None:
        """A notebook was opened with these cells."""
        self.closed(notebook)
        self._cells[notebook] = list(cells)
        self._notebooks |= dict.fromkeys(cells, notebook)

    def changed(self, notebook: str, start: int, deleted: int, cells: Sequence[str]) -> None:
        """Cells were put in, in place of others."""
        order = self._cells.setdefault(notebook, [])
        for gone in order[start : start + deleted]:
            self._notebooks.pop(gone, None)
        order[start : start + deleted] = cells
        self._notebooks |= dict.fromkeys(cells, notebook)

    def closed(self, notebook: str) -> None:
        """A notebook was closed."""
        for cell in self._cells.pop(notebook, ()):
            self._notebooks.pop(cell, None)

    def above(self, document: Document, opened: Mapping[str, Document]) -> str:
        """The text of the cells above a cell, in its language; empty for what is no cell.

        `opened` are the documents by URI, in the order in which they were opened.
        """
        known = self._notebooks.get(document.uri)
        if known is None and not is_cell(document.uri):
            return ""
        found: list[str] = []
        size = 0
        for cell in self._before(document.uri, known, opened):
            if cell.language_id == document.language_id and size < MOST_CHARACTERS:
                text = cell.text.rstrip()
                size += len(text)
                found.append(f"{text}\n\n" if text else "")
        return "".join(reversed(found))

    def _before(self, uri: str, known: str | None, opened: Mapping[str, Document]) -> Iterator[Document]:
        """The cells above one, the nearest first."""
        if known is None:
            order: Iterable[str] = [each for each in opened if notebook_of(each) == notebook_of(uri)]
        else:
            order = self._cells[known]
        order = list(order)
        for each in reversed(order[: order.index(uri)] if uri in order else order):
            if each in opened:
                yield opened[each]
