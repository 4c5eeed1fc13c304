"""From a prompt's segments to token ids, healed at the cursor.

Special tokens come from segments alone: text is encoded as text, whatever it holds. Pure; the tokenizer is two
functions, so that this floor needs none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from completion.healing import VocabularyIndex
from completion.prompt import Prompt
from completion.segments import Special

_LOOK_BACK = 32
"""Tokens before the cursor that healing looks at; a run of more cannot be the beginning of one token."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """Token ids, and the bytes that the answer must begin with because healing took them from the prefix.

    `prompt` is what was rendered, where whoever made the ids had one.
    """

    ids: list[int]
    healed: bytes
    prompt: Prompt | None = None


def render(
    prompt: Prompt,
    encode: Callable[[str], Sequence[int]],
    special_id: Callable[[str], int],
    index: VocabularyIndex | None = None,
) -> Rendered:
    """Encode `prompt`; with an `index`, take back the unfinished token at the end of the prefix.

    `encode` must treat special tokens' texts as text; `special_id` gives the id of a special token. No more is taken
    back than the prefix holds, so a literal of the layout before it stays whole.
    """
    ids: list[int] = []
    healed = b""
    for number, segment in enumerate(prompt.segments):
        if isinstance(segment, Special):
            ids.append(special_id(segment.token))
            continue
        encoded = list(encode(segment.text))
        if index is not None and number == prompt.prefix_segment:
            tail = _tail(encoded, index, len(prompt.at_cursor.encode()))
            healing = index.take_back([index.tokens[token] for token in tail])
            encoded = encoded[: len(encoded) - len(tail) + healing.kept]
            healed = healing.healed
        ids += encoded
    return Rendered(ids, healed, prompt)


def _tail(ids: list[int], index: VocabularyIndex, most_bytes: int) -> list[int]:
    """The last tokens that lie within the last `most_bytes` bytes."""
    count = 0
    for token in reversed(ids[-_LOOK_BACK:]):
        most_bytes -= len(index.tokens[token])
        if most_bytes < 0:
            break
        count += 1
    return ids[len(ids) - count :]
