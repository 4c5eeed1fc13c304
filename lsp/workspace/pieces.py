"""From what the index knows to pieces of context for one place, within a budget, the least volatile first.

Shares of the budget are fixed, so that a change of one kind does not move another: the manual gets at most a quarter;
of the rest declarations get half and similar code three tenths, edits 15 %, diagnostics 5 %; similar code may take what
declarations leave. Text is cut at lines only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from completion.declarations.words import words
from core.languages import LanguageSpec
from core.wire import ContextPiece, PieceKind
from lsp.context import Budget, piece_bytes
from lsp.documents import Document, Place
from lsp.workspace.blocks import Hit, different
from lsp.workspace.choosing import Chosen

MANUAL_SHARE = 0.25
DECLARATION_SHARE, SIMILAR_SHARE, EDIT_SHARE, DIAGNOSTIC_SHARE = 0.5, 0.3, 0.15, 0.05
MOST_SIMILAR, MOST_EDITS, MOST_DIAGNOSTICS = 4, 6, 3
WINDOW_LINES = 20
"""Lines above the cursor, which say what one is at; a few below say what it is for."""
BELOW_LINES = 8
LINE_CHARACTERS = 400
DIAGNOSTIC_LINES = 3
MARGIN_LINES = 10
"""By which lines may have moved since a document was last indexed."""

Diagnostic = tuple[int, str]
"""Line, from 0, and message."""


def near_words(document: Document, place: Place) -> list[tuple[str, float]]:
    """The words around a line, each once with its nearness: 1 right above the line and on it, falling to 0.2.

    Of the line itself what stood there when it was come to is looked at, of long lines what is next to the cursor.
    """
    found: dict[str, float] = {}
    first, last = max(place.line - WINDOW_LINES, 0), min(place.line + BELOW_LINES, len(document.lines) - 1)
    for row in sorted(range(first, last + 1), key=lambda row: (abs(row - place.line), row)):
        distance = abs(row - place.line)
        nearness = max(1.0 - distance / (WINDOW_LINES if row <= place.line else BELOW_LINES), 0.2)
        for word in words(line_near(document, row, place)):
            found.setdefault(word, nearness)
    return list(found.items())


def words_above(document: Document, place: Place) -> dict[str, float]:
    """The words of the lines above the cursor's, with their nearness: 1 for the line above, falling to 0.2."""
    found: dict[str, float] = {}
    for row in range(place.line - 1, max(place.line - WINDOW_LINES, 0) - 1, -1):
        nearness = max(1.0 - (place.line - 1 - row) / WINDOW_LINES, 0.2)
        for word in words(line_near(document, row, place)):
            found.setdefault(word, nearness)
    return found


def line_near(document: Document, row: int, place: Place) -> str:
    """A line, or of a long one the part at the cursor's column."""
    line = document.lines[row]
    if len(line) <= LINE_CHARACTERS:
        return line
    start = max(place.column - LINE_CHARACTERS, 0) if row == place.line else 0
    return line[start : start + LINE_CHARACTERS]


def visible_lines(document: Document, place: Place, budget: Budget) -> range:
    """The lines that a request for `place` may hold, and a margin."""
    first, left = place.line, budget.prefix_bytes
    while first > 0 and left > 0:
        first -= 1
        left -= len(document.lines[first])
    last, left = place.line, budget.suffix_bytes
    while last < len(document.lines) - 1 and left > 0:
        last += 1
        left -= len(document.lines[last])
    return range(max(first - MARGIN_LINES, 0), last + 1 + MARGIN_LINES)


def manual(spec: LanguageSpec, budget_bytes: int) -> tuple[ContextPiece, ...]:
    """The language's short manual, where its file has one and it fits."""
    note = spec.note.strip()
    piece = ContextPiece(kind=PieceKind.MANUAL, path=f"{spec.name}.md", text=note)
    return (piece,) if note and piece_bytes(piece) <= budget_bytes * MANUAL_SHARE else ()


def declared(chosen: Sequence[Chosen]) -> tuple[ContextPiece, ...]:
    """One piece for each run of declarations of one file."""
    runs = groupby(chosen, key=lambda one: one.path)
    return tuple(
        ContextPiece(kind=PieceKind.DECLARATION, path=path, text="\n".join(one.text for one in run))
        for path, run in runs
    )


def kept_in_order(before: Sequence[Hit], found: Sequence[Hit]) -> list[Hit]:
    """The hits to show: those shown before that are still half as good as the best, in their order, then new ones."""
    now = {hit.key: hit for hit in found}
    best = found[0].share if found else 0.0
    kept = [now[hit.key] for hit in before if hit.key in now and now[hit.key].share >= best / 2]
    keys = {hit.key for hit in kept}
    return [*kept, *(hit for hit in found if hit.key not in keys)][:MOST_SIMILAR]


def similar(hits: Sequence[Hit], budget_bytes: int) -> tuple[ContextPiece, ...]:
    """Similar code, none nearly twice; what goes beyond the budget is cut at a line."""
    pieces: list[ContextPiece] = []
    for hit in hits:
        if not different([piece.text for piece in pieces], hit.text):
            continue
        text = cut(hit.text, budget_bytes - len(hit.path.encode()) - 2)
        if not text.strip():
            break
        pieces.append(ContextPiece(kind=PieceKind.SIMILAR, path=hit.path, text=text))
        budget_bytes -= piece_bytes(pieces[-1])
    return tuple(pieces)


def edited(changes: Iterable[tuple[str, str]], budget_bytes: int) -> tuple[ContextPiece, ...]:
    """Recent edits, path and diff, given the latest first and shown the latest last; each is shown whole or not."""
    pieces: list[ContextPiece] = []
    for path, text in changes:
        piece = ContextPiece(kind=PieceKind.EDIT, path=path, text=text)
        if piece_bytes(piece) <= budget_bytes:
            budget_bytes -= piece_bytes(piece)
            pieces.append(piece)
        if len(pieces) == MOST_EDITS:
            break
    return tuple(reversed(pieces))


def diagnosed(path: str, line: int, diagnostics: Sequence[Diagnostic], budget_bytes: int) -> tuple[ContextPiece, ...]:
    """What is wrong at the cursor's line and those next to it, the nearest first."""
    beside = [(abs(row - line), row, message) for row, message in diagnostics if abs(row - line) <= DIAGNOSTIC_LINES]
    near = sorted(beside)[:MOST_DIAGNOSTICS]
    lines = [f"line {row + 1}: {' '.join(valid(message).split())[:200]}" for _, row, message in near]
    text = cut("\n".join(lines), budget_bytes - len(path.encode()) - 2)
    return (ContextPiece(kind=PieceKind.DIAGNOSTIC, path=path, text=text),) if text else ()


def cut(text: str, budget_bytes: int) -> str:
    """The first lines of `text` that fit."""
    return "\n".join(_fitting_lines(text, budget_bytes))


def valid(text: str) -> str:
    """`text` as the wire can carry it: half a surrogate pair becomes `?`."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _fitting_lines(text: str, budget_bytes: int) -> Iterator[str]:
    for line in text.split("\n"):
        budget_bytes -= len(line.encode()) + 1
        if budget_bytes < -1:
            return
        yield line
