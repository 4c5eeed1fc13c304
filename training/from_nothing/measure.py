"""Bits per byte on held-out documents, language by language.

Bits per byte do not depend on the tokenizer: the sum of the tokens' negative log2 probabilities divided by the UTF-8
bytes that they stand for. Each document is read from its beginning, up to one row; its first token is not predicted
and its bytes are not counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import PreTrainedModel

from training.documents import Document, shuffled
from training.from_nothing.tokenizer import encode_text


@dataclass(frozen=True, slots=True)
class HeldOut:
    """For each language, rows of token ids, and the bytes that the predicted tokens of all rows stand for."""

    rows: dict[str, list[list[int]]]
    bytes: dict[str, int]

    @staticmethod
    def sample(
        documents: dict[str, list[Document]], tokenizer: Tokenizer, row_tokens: int, files: int = 40, seed: int = 0
    ) -> HeldOut:
        """The beginnings of at most `files` documents of each language, chosen by the seed."""
        rows: dict[str, list[list[int]]] = {}
        sizes: dict[str, int] = {}
        for language, items in sorted(documents.items()):
            chosen = [items[number] for number in shuffled(len(items), seed)[:files]]
            rows[language] = [encode_text(tokenizer, d.text[: row_tokens * 8])[:row_tokens] for d in chosen]
            sizes[language] = sum(len(tokenizer.decode(row[1:]).encode()) for row in rows[language])
        return HeldOut(rows, sizes)

    @torch.no_grad()
    def bits_per_byte(self, model: PreTrainedModel, batch: int = 4) -> dict[str, float]:
        """Language -> bits per byte. The model's training mode is kept."""
        training = model.training
        model.train(False)
        result: dict[str, float] = {}
        for language, rows in self.rows.items():
            nats = 0.0
            for start in range(0, len(rows), batch):
                nats += _nats(model, rows[start : start + batch])
            result[language] = nats / math.log(2) / max(self.bytes[language], 1)
        model.train(training)
        return result


def _nats(model: PreTrainedModel, rows: list[list[int]]) -> float:
    longest = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    targets = torch.full((len(rows), longest), -100)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
        targets[number, : len(row)] = torch.tensor(row)
    # `forward` and not the call: what is compiled for training would be compiled again for each length.
    ids, targets = ids.to(model.device), targets.to(model.device)
    logits = model.forward(input_ids=ids, use_cache=False).logits.float()
    return float(functional.cross_entropy(logits[:, :-1].flatten(0, 1), targets[:, 1:].flatten(), reduction="sum"))
