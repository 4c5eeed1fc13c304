"""From a request to a prompt: which text, in which order, within which budget.

Pure: `(request, template, budget) -> Prompt`. The order is the template's; pieces of other files come before the
file, the least volatile kind first, so that typing changes the prompt's tail only. The budget is in UTF-8 bytes,
because a layout must not need a tokenizer; whoever has one derives the budget from it.

Guarantees: the rendered text never exceeds the budget plus the template's literals; what is cut is cut at a line
where one is near; the text next to the cursor is the last to go, the most volatile piece the first. Cut in steps
(`in_steps`), what is cut stays the same from key stroke to key stroke, but for one in some hundreds; training examples
have no key strokes, and use their budget to the end.
"""

from __future__ import annotations

from dataclasses import dataclass

from completion.segments import Segment, Special, Text, merged
from completion.templates import FimTemplate, Layout, Slot
from core.wire import CompletionRequest, ContextPiece, PartOrigin, PieceKind

SUFFIX_SHARE = 0.25
CONTEXT_SHARE = 0.35
STEP_SHARE = 0.125
"""Of the budget: how far a cut moves at once, where it moves in steps."""

_ORDER = {kind: place for place, kind in enumerate(PieceKind)}


@dataclass(frozen=True, slots=True)
class Part:
    """A segment of a layout, and where it comes from. `path` is that of a piece's file."""

    segment: Segment
    origin: PartOrigin = PartOrigin.TEMPLATE
    path: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt and what of the request went into it.

    `segments` alternate text and special tokens; `prefix` and `suffix` are the parts of the document that were
    kept; `pieces` are the pieces of other files that found room. `prefix_segment` is the index of the text segment
    that ends at the cursor, whose last tokens may be healed; `None` where there is no text before the cursor.
    `typed` is the end of the prefix that stands by itself, in a layout for typing. `parts` are the segments before
    neighbouring texts were joined.
    """

    segments: tuple[Segment, ...]
    prefix: str
    suffix: str
    pieces: tuple[ContextPiece, ...]
    prefix_segment: int | None = None
    typed: str = ""
    parts: tuple[Part, ...] = ()

    @property
    def at_cursor(self) -> str:
        """The text whose end may be healed: no literal of the layout, and nothing that stands elsewhere."""
        return self.typed or self.prefix


def build_prompt(
    request: CompletionRequest, template: FimTemplate, budget_bytes: int, *, in_steps: bool = False
) -> Prompt:
    """Lay out `request` for `template` within `budget_bytes` of UTF-8 text.

    The document comes first: the suffix gets at most a quarter, pieces of other files at most 35 %, the prefix
    all the rest; what one leaves unused, the prefix may take. Pieces are taken whole, in order, until one does not
    fit; the names of repository and file, which go with them, count as theirs. Raises `ValueError` if
    `budget_bytes` is not positive.

    With `in_steps`, shares and cuts move by an eighth of the budget at once, so that up to a quarter stays unused.
    """
    if budget_bytes <= 0:
        raise ValueError(f"budget_bytes must be positive, not {budget_bytes}")
    step = max(int(budget_bytes * STEP_SHARE), 1) if in_steps else 0
    suffix_budget = int(budget_bytes * SUFFIX_SHARE)
    suffix = keep_start(request.suffix, suffix_budget)
    left = budget_bytes - _in_steps(_size(suffix), step, suffix_budget)
    prefix_wish = _in_steps(min(_size(request.prefix), left), step, left)
    context_budget = max(left - prefix_wish, int(budget_bytes * CONTEXT_SHARE))
    names = _size(request.repository) + _size(request.path)
    ordered = tuple(sorted(request.context, key=lambda piece: _ORDER[piece.kind]))
    pieces = _fitting(ordered, context_budget - names) if template.context_piece else ()
    taken = names + sum(_piece_size(piece) for piece in pieces) if pieces else 0
    prefix = keep_end(request.prefix, left - taken, step)
    above, typed = _split(prefix) if template.typed_is_apart else (prefix, "")
    document = {Slot.PREFIX: above, Slot.SUFFIX: suffix, Slot.TYPED: typed}
    parts = _parts(template, request.repository, request.path, pieces, document)
    segments = merged(part.segment for part in parts)
    place = _prefix_segment(template, segments, typed) if prefix else None
    return Prompt(segments, prefix, suffix, pieces, place, typed, parts)


_ORIGINS = {Slot.PREFIX: PartOrigin.PREFIX, Slot.TYPED: PartOrigin.PREFIX, Slot.SUFFIX: PartOrigin.SUFFIX}


def _parts(
    template: FimTemplate, repository: str, path: str, pieces: tuple[ContextPiece, ...], document: dict[Slot, str]
) -> tuple[Part, ...]:
    """A template's slots, filled. With no pieces, neither the repository nor the path is named."""
    values = {Slot.REPOSITORY: repository, Slot.PATH: path, **document}
    parts = _filled(template.start, values)
    if pieces and template.context_piece:
        parts += _filled(template.context_head, values)
        for piece in pieces:
            piece_values = {Slot.PATH: piece.path, Slot.PIECE: piece.text.rstrip("\n")}
            parts += _filled(template.context_piece, piece_values, piece)
        parts += _filled(template.file_head, values)
    return parts + _filled(template.hole, values)


def keep_end(text: str, budget_bytes: int, step_bytes: int = 0) -> str:
    """The end of `text` within `budget_bytes` of UTF-8, from a line's start on where that costs at most half.

    With `step_bytes`, the beginning is cut off up to the first line at or behind a multiple of it, counted from the
    start of `text`: a place that appending to `text` seldom moves. Where no line starts near, at the multiple itself.
    """
    if step_bytes > 0:
        return _end_in_steps(text, budget_bytes, step_bytes)
    kept = text.encode()[-budget_bytes:].decode(errors="ignore") if budget_bytes > 0 else ""
    if len(kept) == len(text) or text[len(text) - len(kept) - 1] == "\n":
        return kept
    line_start = kept.find("\n") + 1
    return kept[line_start:] if 0 < line_start <= len(kept) // 2 else kept


def _end_in_steps(text: str, budget_bytes: int, step_bytes: int) -> str:
    data = text.encode()
    excess = len(data) - budget_bytes
    if excess <= 0:
        return text
    cut = -(-excess // step_bytes) * step_bytes
    if cut >= len(data):
        return keep_end(text, budget_bytes)
    line_start = data.find(b"\n", cut - 1, min(cut + step_bytes, len(data))) + 1
    return data[line_start or cut :].decode(errors="ignore")


def keep_start(text: str, budget_bytes: int) -> str:
    """The start of `text` within `budget_bytes` of UTF-8, up to a line's end where that costs at most half."""
    kept = text.encode()[: max(budget_bytes, 0)].decode(errors="ignore")
    if len(kept) == len(text):
        return text
    line_end = kept.rfind("\n") + 1
    return kept[:line_end] if line_end >= len(kept) // 2 and line_end > 0 else kept


def _filled(layout: Layout, values: dict[Slot, str], piece: ContextPiece | None = None) -> tuple[Part, ...]:
    parts: list[Part] = []
    for each in layout:
        if isinstance(each, Special | Text):
            parts.append(Part(each))
        elif each is Slot.PIECE and piece is not None:
            parts.append(Part(Text(values[each]), PartOrigin(piece.kind.value), piece.path))
        else:
            parts.append(Part(Text(values[each]), _ORIGINS.get(each, PartOrigin.TEMPLATE)))
    return tuple(parts)


def _split(prefix: str) -> tuple[str, str]:
    """The lines above the cursor's, and what is typed on its own, with the line end before it.

    The line end goes with the line, as most tokenizers join it with the indentation behind it.
    """
    start = max(prefix.rfind("\n"), 0)
    return prefix[:start], prefix[start:]


def _prefix_segment(template: FimTemplate, segments: tuple[Segment, ...], typed: str) -> int:
    """Right behind the special token that stands before the prefix in the hole; the last one where none does."""
    if typed:
        return len(segments) - 1
    place = template.hole.index(Slot.PREFIX)
    before = template.hole[place - 1] if place else None
    return len(segments) - segments[::-1].index(before) if isinstance(before, Special) else len(segments) - 1


def _in_steps(size: int, step: int, most: int) -> int:
    """`size`, which is at most `most`, up to the next multiple of `step`; as it is where there are no steps."""
    return min(-(-size // step) * step, most) if step else size


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
