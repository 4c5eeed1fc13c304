"""Choose pieces of other files of a package that help with a place in one file.

What the language server does for a person's workspace, imitated for training: pieces that share rare identifiers with
the place, so that copying from the context pays.
"""

from __future__ import annotations

import random
import re

from core.wire import ContextPiece
from training.documents import Document

_IDENTIFIER = re.compile(r"[A-Za-z_]\w{3,}")
_CANDIDATES = 12
_MAX_PIECES = 3


def related_pieces(
    document: Document, at: int, others: list[Document], rng: random.Random, budget_bytes: int
) -> tuple[ContextPiece, ...]:
    """Up to three pieces of `others` (never of `document`) within the budget, the most related last, near the file.

    `at` is the place in characters. Candidates are drawn by `rng`; one without a shared identifier is not taken.
    """
    wanted = set(_IDENTIFIER.findall(document.text[max(0, at - 600) : at + 600]))
    scored: list[tuple[float, int, ContextPiece]] = []
    for number in range(_CANDIDATES if len(others) > 1 else 0):
        other = rng.choice(others)
        if other.path == document.path:
            continue
        text = _window(other.text, rng, max(200, budget_bytes // rng.choice((1, 2, 3))))
        names = set(_IDENTIFIER.findall(text))
        score = sum(len(name) for name in names & wanted) / (8 + len(names)) ** 0.5
        if score > 0 and len(text.encode()) + len(other.path) + 2 <= budget_bytes:
            scored.append((score, number, ContextPiece(path=other.path, text=text)))
    chosen: list[ContextPiece] = []
    for _, _, piece in sorted(scored, key=lambda item: (-item[0], item[1])):
        size = len(piece.text.encode()) + len(piece.path) + 2
        if len(chosen) < _MAX_PIECES and size <= budget_bytes and piece.path not in {p.path for p in chosen}:
            chosen.append(piece)
            budget_bytes -= size
    return tuple(reversed(chosen))


def _window(text: str, rng: random.Random, size: int) -> str:
    """Whole lines of `text`, about `size` characters at most, from a random line on."""
    start = text.rfind("\n", 0, rng.randrange(max(1, len(text)))) + 1
    end = text.rfind("\n", start, start + size)
    return text[start : end if end > start else start + size]
