"""What to show for a place, remembered so that it holds from key stroke to key stroke.

For one line of a document the answer is worked out once, when the line is come to. While one types on it, a name that
was just finished, and that another file declares, adds its declaration; nothing else changes. From line to line what
was shown keeps its place as long as it is of use (`choosing.py`, `pieces.kept_in_order`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from completion.declarations.words import WORD
from core.wire import ContextPiece
from lsp.context import Budget, piece_bytes
from lsp.documents import Document, Place
from lsp.workspace import pieces
from lsp.workspace.blocks import Hit
from lsp.workspace.choosing import Chosen, arranged, candidates
from lsp.workspace.edits import Change
from lsp.workspace.imports import LOOKED_AT, imported
from lsp.workspace.indexing import Index

_REMEMBERED = 32


@dataclass(frozen=True, slots=True)
class Scene:
    """One place, and what bounds the answer: `room` bytes; `changes` are recent ones, the latest first."""

    document: Document
    place: Place
    own: str
    language: str
    budget: Budget
    room: int
    ready: int
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class _Shown:
    """What was last shown for a document, and for which line."""

    at: tuple[int, int, Budget]
    typed: frozenset[str]
    near: tuple[tuple[str, float], ...]
    head: tuple[str, ...]
    imports: tuple[int, ...]
    chosen: tuple[Chosen, ...]
    hits: tuple[Hit, ...]
    edits: tuple[ContextPiece, ...]
    pieces: tuple[ContextPiece, ...] = ()


class Composer:
    """Composes declarations, similar code and edits for places of documents."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._shown: dict[str, _Shown] = {}

    def forget(self, uri: str) -> None:
        """A document was closed."""
        self._shown.pop(uri, None)

    def pieces(self, scene: Scene) -> tuple[ContextPiece, ...]:
        """The pieces for a place, within `scene.room` bytes."""
        uri = scene.document.uri
        at = (scene.place.line, scene.ready, scene.budget)
        last = self._shown.pop(uri, None)
        typed = self._typed(scene)
        if last is None or last.at != at:
            last = self._at_line(scene, last, at, typed)
        elif not typed <= last.typed:
            near = tuple((word, 1.0) for word in sorted(typed))
            last = self._with_declarations(scene, replace(last, typed=last.typed | typed, near=(*near, *last.near)))
        self._shown[uri] = last
        if len(self._shown) > _REMEMBERED:
            del self._shown[next(iter(self._shown))]
        return (*last.pieces, *last.edits)

    def _at_line(self, scene: Scene, last: _Shown | None, at: tuple[int, int, Budget], typed: frozenset[str]) -> _Shown:
        document, place, index = scene.document, scene.place, self._index
        visible = pieces.visible_lines(document, place, scene.budget)
        head = document.lines[:LOOKED_AT]
        if last and last.head == head and last.at[1:] == at[1:]:
            imports = last.imports
        else:
            imports = tuple(imported(index.table, scene.language, scene.own, head))
        found = index.pool.search(scene.language, pieces.words_above(document, place), scene.own, visible)
        hits = tuple(pieces.kept_in_order(last.hits if last else (), found))
        edits = pieces.edited(_elsewhere(scene, visible), int(scene.room * pieces.EDIT_SHARE))
        near = tuple(pieces.near_words(document, place))
        return self._with_declarations(
            scene, _Shown(at, typed, near, head, imports, last.chosen if last else (), hits, edits)
        )

    def _with_declarations(self, scene: Scene, shown: _Shown) -> _Shown:
        table, room = self._index.table, int(scene.room * pieces.DECLARATION_SHARE)
        found = candidates(table, scene.language, scene.own, shown.near, shown.imports)
        chosen = arranged(table, shown.chosen, found, room)
        declarations = pieces.declared(chosen)
        left = max(room - sum(map(piece_bytes, declarations)), 0)
        similar = pieces.similar(shown.hits, int(scene.room * pieces.SIMILAR_SHARE) + left)
        return replace(shown, chosen=tuple(chosen), pieces=(*declarations, *similar))

    def _typed(self, scene: Scene) -> frozenset[str]:
        """The finished words of the line, up to the cursor, that some file declares."""
        line = scene.document.lines[scene.place.line]
        start = max(scene.place.column - pieces.LINE_CHARACTERS, 0)
        line = line[start : scene.place.column]
        finished = {found[0] for found in WORD.finditer(line) if found.end() < len(line)}
        return frozenset(word for word in finished if self._index.table.declaring(scene.language, word))


def _elsewhere(scene: Scene, visible: range) -> Iterator[tuple[str, str]]:
    """Changes of other documents, and those of this one that the request does not hold."""
    for change in scene.changes:
        if change.path != scene.own or change.end < visible.start or change.start >= visible.stop:
            yield change.path, change.text
