"""From a document and a place in it to a completion request.

Pure: `(document, place, origin, budget, ...) -> CompletionRequest`. Budgets are in UTF-8 bytes, because a laptop
has no tokenizer; the server's model card says how many bytes a token has.

Guarantees: the request is valid UTF-8 whatever the document holds (a lone surrogate becomes `?`); line ends are
`\\n`; prefix, suffix and context keep to their budgets together; and the prefix of a long file starts, and its suffix
ends, at a line that stays the same from key stroke to key stroke, moving only once in some kilobytes, so that the
engine finds the prompt in its prefix cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from completion.extent import CLOSERS
from completion.prompt import CONTEXT_SHARE, SUFFIX_SHARE
from core.wire import CompletionRequest, ContextPiece, ModelCard, Trigger
from lsp.documents import Document, Place

PATH_LIMIT, REPOSITORY_LIMIT, PIECES_LIMIT = 4096, 256, 64


@dataclass(frozen=True, slots=True)
class Budget:
    """How much to send, in UTF-8 bytes.

    `prefix_bytes` is what the prefix may have where nothing else is sent than a whole suffix: pieces of context take
    from it, and what the suffix leaves is added to it.
    """

    prefix_bytes: int = 6144
    suffix_bytes: int = 2048
    context_bytes: int = 2867

    @classmethod
    def for_model(cls, card: ModelCard | None, max_new_tokens: int) -> Budget:
        """The budget for a model: what its context holds beside the answer; a modest one for an unknown model.

        The shares are those of `completion/prompt.py`. A tenth is left for text that has fewer bytes a token than
        the average.
        """
        if card is None:
            return cls()
        tokens = max(card.context_tokens - max_new_tokens, card.context_tokens // 4, 1)
        total = int(tokens * card.bytes_per_token * 0.9)
        suffix = int(total * SUFFIX_SHARE)
        return cls(max(total - suffix, 1), suffix, int(total * CONTEXT_SHARE))

    def for_prefix(self, suffix_bytes: int, pieces_bytes: int) -> int:
        """What is left for the prefix beside a suffix and pieces of so many bytes, in steps that seldom move."""
        step = max(self.prefix_bytes // 8, 1)
        taken = pieces_bytes - (self.suffix_bytes - suffix_bytes)
        return max(self.prefix_bytes - -(-taken // step) * step, step)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document stands: its language's name, its path in the workspace, the workspace's name."""

    language: str
    path: str = ""
    repository: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of the server for every request alike."""

    session_id: str
    request_id: str
    trigger: Trigger
    max_new_tokens: int
    single_line: bool | None = None  # None: several lines, save in the middle of a line
    time_budget_ms: int | None = None


def completion_request(
    document: Document,
    place: Place,
    origin: Origin,
    budget: Budget,
    wish: Wish,
    pieces: Sequence[ContextPiece] = (),
    above: str = "",
) -> CompletionRequest:
    """The request for the ghost text at `place`, with pieces of context, the least volatile first.

    `above` stands before the document: a notebook's earlier cells.

    Pieces are taken in order until one has no room in `budget.context_bytes`.
    """
    context = fitting(pieces, budget.context_bytes)
    suffix = stable_start(plain(document.after(place)), budget.suffix_bytes)
    prefix_bytes = budget.for_prefix(len(suffix.encode()), sum(map(piece_bytes, context)))
    rest_of_line = document.line(place.line)[place.column :]
    in_the_middle = bool(rest_of_line.strip(CLOSERS))
    return CompletionRequest(
        request_id=wish.request_id,
        session_id=wish.session_id,
        language=origin.language,
        path=origin.path,
        repository=origin.repository,
        prefix=stable_end(plain(above + document.before(place)), prefix_bytes),
        suffix=suffix,
        context=context,
        trigger=wish.trigger,
        single_line=in_the_middle if wish.single_line is None else wish.single_line,
        max_new_tokens=wish.max_new_tokens,
        time_budget_ms=wish.time_budget_ms,
    )


def with_selection(document: Document, start: Place, end: Place, text: str) -> tuple[Document, Place]:
    """The document as if the completion menu's selected item were accepted, and the place after it."""
    changed = document.replaced(start, end, text)
    *above, last = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    column = len(last) if above else start.column + len(text)
    return changed, Place(start.line + len(above), column)


def located(origin: Origin, path: PurePath | None, folders: Sequence[PurePath]) -> Origin:
    """The origin with path and repository: those of the innermost workspace folder that holds the file.

    A file outside all of them is named by its own name alone: where a person keeps files is nobody's business.
    """
    if path is None:
        return origin
    holding = [folder for folder in folders if path.is_relative_to(folder)]
    if not holding:
        return replace(origin, path=plain(path.name)[:PATH_LIMIT])
    folder = max(holding, key=lambda folder: len(folder.parts))
    relative = plain(path.relative_to(folder).as_posix())
    return replace(origin, path=relative[:PATH_LIMIT], repository=plain(folder.name)[:REPOSITORY_LIMIT])


def stable_end(text: str, budget_bytes: int) -> str:
    """The end of `text` within `budget_bytes` of UTF-8, cut at a place that appending to `text` seldom moves.

    The cut is the first line start at or after a multiple of a quarter of the budget, counted from the start of
    the text; where no line starts in that quarter, the multiple itself. So at least half of the budget is used.
    """
    data = text.encode()
    excess = len(data) - budget_bytes
    if excess <= 0:
        return text
    step = max(budget_bytes // 4, 1)
    cut = -(-excess // step) * step
    line_start = data.find(b"\n", cut - 1, min(cut + step, len(data))) + 1
    return data[line_start or cut :].decode(errors="ignore")


def stable_start(text: str, budget_bytes: int) -> str:
    """The start of `text` within `budget_bytes` of UTF-8, cut where text that is put before it does not move the cut.

    The cut is the last line end at or before a multiple of a quarter of the budget, counted from the end of the text;
    where no line ends in that quarter, the multiple itself. So at least half of the budget is used.
    """
    data = text.encode()
    excess = len(data) - budget_bytes
    if excess <= 0:
        return text
    step = max(budget_bytes // 4, 1)
    cut = max(len(data) - -(-excess // step) * step, 0)
    line_end = data.rfind(b"\n", max(cut - step, 0), cut) + 1
    return data[: line_end or cut].decode(errors="ignore")


def fitting(pieces: Sequence[ContextPiece], budget_bytes: int) -> tuple[ContextPiece, ...]:
    """The pieces from the first to the last that has room in `budget_bytes`, as many as a request may have."""
    kept: list[ContextPiece] = []
    for piece in pieces[:PIECES_LIMIT]:
        budget_bytes -= piece_bytes(piece)
        if budget_bytes < 0:
            break
        kept.append(piece)
    return tuple(kept)


def piece_bytes(piece: ContextPiece) -> int:
    """What a piece takes of a budget: its text, its path, and what stands between pieces."""
    return len(piece.path.encode()) + len(piece.text.encode()) + 2


def plain(text: str) -> str:
    """Text as the wire carries it: `\\n` line ends, and valid UTF-8."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.isascii() else text.encode(errors="replace").decode()
