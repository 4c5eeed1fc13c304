"""Bits per byte on held-out texts, group by group (groups are languages, say).

Bits per byte do not depend on the tokenizer: the sum of the tokens' negative log2 probabilities divided by the UTF-8
bytes that they stand for. A sequence's tokens without a label are seen and not counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional
from transformers import PreTrainedModel

from training.fitting.sequences import IGNORED, TokenSequence


@dataclass(frozen=True, slots=True)
class HeldOutTexts:
    """For each group, sequences, and the bytes that their labels stand for."""

    sequences: Mapping[str, Sequence[TokenSequence]]
    bytes: Mapping[str, int]


@torch.no_grad()
def bits_per_byte(
    model: PreTrainedModel, texts: HeldOutTexts, rows_at_once: int = 4, forward: Callable[..., Any] | None = None
) -> dict[str, float]:
    """Group -> bits per byte. The model's training mode is kept.

    `forward` computes instead of the model's own: what wraps it where it is spread over several devices.
    """
    # By default `forward` and not the call: what is compiled for training would be compiled again for each length.
    compute = forward or model.forward
    training = model.training
    model.train(False)
    result: dict[str, float] = {}
    for group, sequences in texts.sequences.items():
        nats, ordered = 0.0, sorted(sequences, key=lambda sequence: len(sequence.input_ids))
        for start in range(0, len(ordered), rows_at_once):
            nats += _nats(compute, model.device, ordered[start : start + rows_at_once])
        result[group] = nats / math.log(2) / max(texts.bytes[group], 1)
    model.train(training)
    return result


def together(texts: HeldOutTexts, bits: dict[str, float]) -> float:
    """Bits per byte of all groups together; not a number where there is no text."""
    size = sum(texts.bytes.values())
    return sum(bits[group] * texts.bytes[group] for group in bits) / size if size else math.nan


def _nats(compute: Callable[..., Any], device: torch.device, sequences: Sequence[TokenSequence]) -> float:
    longest = max(len(sequence.input_ids) for sequence in sequences)
    ids = torch.zeros(len(sequences), longest, dtype=torch.long)
    labels = torch.full((len(sequences), longest), IGNORED)
    for number, sequence in enumerate(sequences):
        ids[number, : len(sequence.input_ids)] = torch.tensor(sequence.input_ids)
        labels[number, : len(sequence.labels)] = torch.tensor(sequence.labels)
    logits = compute(input_ids=ids.to(device), use_cache=False).logits.float()
    targets = labels[:, 1:].flatten().to(device)
    return float(functional.cross_entropy(logits[:, :-1].flatten(0, 1), targets, ignore_index=IGNORED, reduction="sum"))
