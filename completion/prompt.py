"""From a request to a prompt: which text, in which order, within which budget.

Pure: `(request, template, budget) -> Prompt`. The order is the template's; pieces of other files come before the
file, so that typing changes the prompt's tail only. The budget is in UTF-8 bytes, because a layout must not need
a tokenizer; whoever has one derives the budget from it.

Guarantees: the rendered text never exceeds the budget plus the template's literals; what is cut is cut at a line
where one is near; the text next to the cursor is the last to go.
"""

from __future__ import annotations

from dataclasses import dataclass

from completion.segments import Segment, Special, Text, merged
from completion.templates import FimTemplate, Layout, Slot
from core.wire import CompletionRequest, ContextPiece

SUFFIX_SHARE = 0.25
CONTEXT_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt and what of the request went into it.

    `segments` alternate text and special tokens; `prefix` and `suffix` are the parts of the document that were
    kept; `pieces` are the pieces of other files that found room. `prefix_segment` is the index of the text segment
    that ends with the prefix, whose last tokens may be healed; `None` where the prefix is empty.
    """

    segments: tuple[Segment, ...]
    prefix: str
    suffix: str
    pieces: tuple[ContextPiece, ...]
    prefix_segment: int | None = None


def build_prompt(request: CompletionRequest, template: FimTemplate, budget_bytes: int) -> Prompt:
    """Lay out `request` for `template` within `budget_bytes` of UTF-8 text.

    The document comes first: the suffix gets at most a quarter, pieces of other files at most 35 %, the prefix
    all the rest; what one leaves unused, the prefix may take. Pieces are taken whole, in order, until one does not
    fit; the names of repository and file, which go with them, count as theirs. Raises `ValueError` if
    `budget_bytes` is not positive.
    """
    if budget_bytes <= 0:
        raise ValueError(f"budget_bytes must be positive, not {budget_bytes}")
    suffix = keep_start(request.suffix, int(budget_bytes * SUFFIX_SHARE))
    left = budget_bytes - _size(suffix)
    prefix_wish = min(_size(request.prefix), left)
    context_budget = max(left - prefix_wish, int(budget_bytes * CONTEXT_SHARE))
    names = _size(request.repository) + _size(request.path)
    pieces = _fitting(request.context, context_budget - names) if template.context_piece else ()
    taken = names + sum(_piece_size(piece) for piece in pieces) if pieces else 0
    prefix = keep_end(request.prefix, left - taken)
    segments = lay_out(template, request.repository, request.path, pieces, prefix, suffix)
    return Prompt(segments, prefix, suffix, pieces, _prefix_segment(template, segments) if prefix else None)


def lay_out(
    template: FimTemplate,
    repository: str,
    path: str,
    pieces: tuple[ContextPiece, ...],
    prefix: str,
    suffix: str,
) -> tuple[Segment, ...]:
    """Fill a template's slots; used for requests and for training examples alike.

    With no pieces, neither the repository nor the path is named: the prompt begins with the hole.
    """
    values = {Slot.REPOSITORY: repository, Slot.PATH: path, Slot.PREFIX: prefix, Slot.SUFFIX: suffix}
    segments = _filled(template.start, values)
    if pieces and template.context_piece:
        segments += _filled(template.context_head, values)
        for piece in pieces:
            segments += _filled(template.context_piece, {Slot.PATH: piece.path, Slot.PIECE: piece.text.rstrip("\n")})
        segments += _filled(template.file_head, values)
    return merged(segments + _filled(template.hole, values))


def keep_end(text: str, budget_bytes: int) -> str:
    """The end of `text` within `budget_bytes` of UTF-8, from a line's start on where that costs at most half."""
    kept = text.encode()[-budget_bytes:].decode(errors="ignore") if budget_bytes > 0 else ""
    if len(kept) == len(text) or text[len(text) - len(kept) - 1] == "\n":
        return kept
    line_start = kept.find("\n") + 1
    return kept[line_start:] if 0 < line_start <= len(kept) // 2 else kept


def keep_start(text: str, budget_bytes: int) -> str:
    """The start of `text` within `budget_bytes` of UTF-8, up to a line's end where that costs at most half."""
    kept = text.encode()[: max(budget_bytes, 0)].decode(errors="ignore")
    if len(kept) == len(text):
        return text
    line_end = kept.rfind("\n") + 1
    return kept[:line_end] if line_end >= len(kept) // 2 and line_end > 0 else kept


def _filled(layout: Layout, values: dict[Slot, str]) -> tuple[Segment, ...]:
    return tuple(part if isinstance(part, Special | Text) else Text(values[part]) for part in layout)


def _prefix_segment(template: FimTemplate, segments: tuple[Segment, ...]) -> int:
    """Right behind the special token that stands before the prefix in the hole; the last one where none does."""
    place = template.hole.index(Slot.PREFIX)
    before = template.hole[place - 1] if place else None
    return len(segments) - segments[::-1].index(before) if isinstance(before, Special) else len(segments) - 1


def _fitting(pieces: tuple[ContextPiece, ...], budget_bytes: int) -> tuple[ContextPiece, ...]:
    fitting: list[ContextPiece] = []
    for piece in pieces:
        budget_bytes -= _piece_size(piece)
        if budget_bytes < 0:
            break
        fitting.append(piece)
    return tuple(fitting)


def _piece_size(piece: ContextPiece) -> int:
    return _size(piece.path) + _size(piece.text) + 2


def _size(text: str) -> int:
    return len(text.encode())
