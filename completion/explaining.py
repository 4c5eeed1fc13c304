"""A prompt, part by part: where each comes from, how many tokens it has, how many of them the prefix cache had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from completion.prompt import Part
from completion.rendering import Rendered
from completion.segments import Special, Text
from core.wire import PartOrigin, PromptPart


def explained(
    rendered: Rendered, tokens: Sequence[bytes], names: Mapping[int, str], cached: int
) -> tuple[PromptPart, ...]:
    """The parts of a prompt, in order; neighbours of one origin are one.

    `tokens` are the vocabulary's bytes, `names` the control tokens by id; the first `cached` ids were in the cache. A
    token belongs to the part that it begins in. What healing took back is not in the prompt, and in no part; where it
    took back a part of a character, that character's rest is shown as U+FFFD.
    """
    if rendered.prompt is None:
        return ()
    runs = _runs(_without_healed(rendered))
    counts: list[int] = []
    at = 0
    for run in runs:
        if isinstance(run[0][0].segment, Special):
            counts.append(1)
            at += 1
            continue
        end = next((place for place in range(at, len(rendered.ids)) if rendered.ids[place] in names), len(rendered.ids))
        counts += _shares([data for _, data in run], [len(tokens[each]) for each in rendered.ids[at:end]])
        at = end
    found: list[PromptPart] = []
    for (part, data), count in zip((pair for run in runs for pair in run), counts, strict=True):
        _append(found, part, data, count)
    return tuple(_with_cached(found, cached))


def _without_healed(rendered: Rendered) -> list[tuple[Part, bytes]]:
    """Each part with its bytes in the prompt, those with none left out."""
    assert rendered.prompt is not None
    healed_of = _cursor_part(rendered) if rendered.healed else -1
    pairs: list[tuple[Part, bytes]] = []
    for number, part in enumerate(rendered.prompt.parts):
        segment = part.segment
        data = (segment.token if isinstance(segment, Special) else segment.text).encode()
        if number == healed_of:
            data = data[: len(data) - len(rendered.healed)]
        if data:
            pairs.append((part, data))
    return pairs


def _cursor_part(rendered: Rendered) -> int:
    """The number of the part that ends at the cursor: the last one of the prefix that is not empty."""
    assert rendered.prompt is not None
    return max(
        number
        for number, part in enumerate(rendered.prompt.parts)
        if part.origin is PartOrigin.PREFIX and part.segment != Text("")
    )


def _runs(pairs: list[tuple[Part, bytes]]) -> list[list[tuple[Part, bytes]]]:
    """Special tokens alone, neighbouring texts together, as they were encoded."""
    runs: list[list[tuple[Part, bytes]]] = []
    for pair in pairs:
        if isinstance(pair[0].segment, Special) or not runs or isinstance(runs[-1][0][0].segment, Special):
            runs.append([pair])
        else:
            runs[-1].append(pair)
    return runs


def _shares(texts: list[bytes], sizes: list[int]) -> list[int]:
    """How many of the tokens, given by their sizes in bytes, begin in each text; the last text has what is left."""
    counts = [0] * len(texts)
    number, end, at = 0, len(texts[0]), 0
    for size in sizes:
        while at >= end and number + 1 < len(texts):
            number += 1
            end += len(texts[number])
        counts[number] += 1
        at += size
    return counts


def _append(found: list[PromptPart], part: Part, data: bytes, tokens: int) -> None:
    text = data.decode(errors="replace")
    if found and (found[-1].origin, found[-1].path) == (part.origin, part.path):
        text, tokens = found[-1].text + text, found[-1].tokens + tokens
        found.pop()
    found.append(PromptPart(origin=part.origin, path=part.path, text=text, tokens=tokens, cached=0))


def _with_cached(parts: list[PromptPart], cached: int) -> list[PromptPart]:
    shown = []
    for part in parts:
        hits = min(part.tokens, cached)
        shown.append(part.model_copy(update={"cached": hits}))
        cached -= hits
    return shown
