"""From sequences to rows on disk, which a training reads by number.

Best-fit decreasing packing (Ding et al., arXiv 2404.10830), by TRL: a sequence is never cut where it fits into a row,
and rows are nearly full. Sequences lie beside each other in a row but do not see each other: `Rows` gives positions
that begin anew at each, from which transformers makes a block mask (flash attention: borders), and no loss is taken on
a sequence's first token, which its neighbour would predict.

What comes out depends on the sequences and the seed alone. Memory does not grow with their number.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset as TorchDataset

from core.errors import TrainingError
from core.files import write_atomically
from training.fitting.sequences import IGNORED, TokenSequence

_WINDOW = 2000
"""Sequences that are packed together."""
_ROWS, _SUMMARY = "rows", "rows.json"

Batch = dict[str, torch.Tensor]


class Rows(TorchDataset[dict[str, Any]]):
    """Rows in their order; `rows[i]` has `input_ids`, `labels` and `position_ids`, lists of one length."""

    def __init__(self, folder: Path) -> None:
        from datasets import load_from_disk

        self._rows = load_from_disk(str(folder / _ROWS))
        self.lengths = np.array([sum(lengths) for lengths in self._rows["seq_lengths"]], dtype=np.int64)
        self._ends = self.lengths.cumsum()

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, number: int) -> dict[str, Any]:
        row = self._rows[int(number)]
        positions = [position for length in row["seq_lengths"] for position in range(length)]
        labels = [label if position else IGNORED for label, position in zip(row["labels"], positions, strict=True)]
        return {"input_ids": row["input_ids"], "labels": labels, "position_ids": positions}

    @property
    def tokens(self) -> int:
        """Of all rows, padding not counted."""
        return self.tokens_in(len(self))

    def tokens_in(self, count: int) -> int:
        """Of the first so many rows, or of all where there are not so many, padding not counted."""
        return int(self._ends[min(count, len(self)) - 1]) if count else 0


def write_rows(
    sequences: Callable[[int], Iterable[TokenSequence]], epochs: int, row_tokens: int, seed: int | None, folder: Path
) -> dict[str, int]:
    """Pack `sequences(epoch)` of every epoch into `folder`; counts of what came out.

    The rows of an epoch are shuffled by `seed`; where it is `None`, they stay about as the sequences came.

    Rows that lie there whole are left. Longer sequences than a row are cut. Raises `TrainingError` where nothing can
    be learned.
    """
    if (folder / _SUMMARY).exists():
        found: dict[str, int] = json.loads((folder / _SUMMARY).read_text(encoding="utf-8"))
        return found
    from datasets import concatenate_datasets, disable_progress_bars

    disable_progress_bars()
    shutil.rmtree(folder, ignore_errors=True)
    work = folder / "work"
    work.mkdir(parents=True)
    packed = [_packed(sequences(epoch), row_tokens, work / str(epoch)) for epoch in range(epochs)]
    parts = [part for part in packed if part is not None]
    if not parts:
        raise TrainingError("there is nothing to learn: not one sequence of two tokens came out of the documents")
    if seed is not None:
        parts = [part.shuffle(seed=seed + epoch, keep_in_memory=True) for epoch, part in enumerate(parts)]
    rows = concatenate_datasets(parts)
    rows.save_to_disk(str(folder / _ROWS))
    tokens = int(sum(sum(lengths) for lengths in rows["seq_lengths"]))
    summary = {"rows": len(rows), "tokens": tokens, "sequences": sum(len(lengths) for lengths in rows["seq_lengths"])}
    del rows, parts, packed
    shutil.rmtree(work)
    os.sync()
    write_atomically(folder / _SUMMARY, json.dumps(summary) + "\n")
    return summary


def _packed(sequences: Iterable[TokenSequence], row_tokens: int, cache: Path) -> Any:
    from datasets import Dataset, Features, List, Value
    from datasets.arrow_writer import ArrowWriter
    from trl.data_utils import pack_dataset

    cache.mkdir()
    features = Features({"input_ids": List(Value("int32")), "labels": List(Value("int32"))})
    with ArrowWriter(path=str(cache / "loose.arrow"), features=features, writer_batch_size=_WINDOW) as writer:
        for sequence in sequences:
            for start in range(0, len(sequence.input_ids), row_tokens):
                ids = sequence.input_ids[start : start + row_tokens]
                if len(ids) > 1:
                    writer.write({"input_ids": ids, "labels": sequence.labels[start : start + row_tokens]})
        count, _ = writer.finalize()
    if not count:
        return None
    loose = Dataset.from_file(str(cache / "loose.arrow"))
    options = {"batch_size": _WINDOW, "cache_file_name": str(cache / "packed.arrow"), "writer_batch_size": 200}
    return pack_dataset(loose, row_tokens, "bfd", options)


def collate(rows: list[dict[str, Any]], pad_id: int, length: int | None = None) -> Batch:
    """A batch `[rows, tokens]`, padded to `length`, or to the longest of them."""
    length = length or max(len(row["input_ids"]) for row in rows)

    def filled(name: str, filler: Callable[[int], list[int]]) -> torch.Tensor:
        return torch.tensor([row[name] + filler(length - len(row[name])) for row in rows])

    return {
        "input_ids": filled("input_ids", lambda count: [pad_id] * count),
        "labels": filled("labels", lambda count: [IGNORED] * count),
        "position_ids": filled("position_ids", lambda count: list(range(count))),
    }
