"""What a model learns: token ids, with a label for each that it has to predict."""

from __future__ import annotations

from dataclasses import dataclass

IGNORED = -100
"""The label of a token that no loss is taken on; transformers' own number."""


@dataclass(frozen=True, slots=True)
class TokenSequence:
    """One sequence, which attends to itself alone. Both lists have the same length, 2 at least."""

    input_ids: list[int]
    labels: list[int]
