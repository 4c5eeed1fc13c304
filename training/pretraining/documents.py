"""The documents of a built corpus, read one at a time, in an order of one's own."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.checkpoint import CorpusRecord
from core.errors import ConfigError
from training.corpora.writing import SUMMARY
from training.documents import Document


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """One file of documents, a line each; `starts` are the bytes at which lines begin."""

    path: Path
    language: str
    starts: NDArray[np.int64]

    @classmethod
    def opened(cls, path: Path) -> DocumentFile:
        """Look where the lines begin; 8 bytes a document stay in memory."""
        starts, at = [], 0
        with path.open("rb") as file:
            for line in file:
                starts.append(at)
                at += len(line)
        return cls(path, path.stem.partition("-")[2], np.array(starts, dtype=np.int64))

    def documents(self, numbers: Iterator[int] | NDArray[np.int64]) -> Iterator[Document]:
        """The documents of these numbers."""
        with self.path.open("rb") as file:
            for number in numbers:
                file.seek(int(self.starts[number]))
                yield Document(**json.loads(file.readline()))


def open_corpus(folder: Path, part: str) -> list[DocumentFile]:
    """The files of a corpus' part, `train` or `heldout`, by language. Raises `ConfigError` where there is no corpus."""
    if not (folder / SUMMARY).is_file():
        raise ConfigError(f"{folder} holds no corpus ({SUMMARY} is missing); build it with `vernacular corpus build`")
    return [DocumentFile.opened(path) for path in sorted(folder.glob(f"{part}-*.jsonl"))]


def in_random_order(files: list[DocumentFile], repeats: dict[str, int], seed: str) -> Iterator[Document]:
    """Every document of all files, as often as its language is repeated, mixed by the seed alone."""
    places = [
        np.stack([np.full(len(file.starts), number), np.arange(len(file.starts))], axis=1)
        for number, file in enumerate(files)
        for _ in range(repeats.get(file.language, 1))
    ]
    if not places:
        return
    mixed = np.concatenate(places)
    np.random.Generator(np.random.PCG64(random.Random(seed).getrandbits(63))).shuffle(mixed)  # noqa: S311
    streams = [file.documents(iter(mixed[mixed[:, 0] == number, 1])) for number, file in enumerate(files)]
    for number in mixed[:, 0]:
        yield next(streams[number])


def documents_sha256(summary: Mapping[str, Any]) -> dict[str, str]:
    """Of a corpus' files those that hold documents, with their hashes: what a training depends on."""
    files: dict[str, str] = summary["files_sha256"]
    return {name: digest for name, digest in files.items() if name.startswith(("train-", "heldout-"))}


def corpus_record(folder: Path) -> CorpusRecord:
    """What a checkpoint says of its corpus."""
    summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    languages = summary["languages"]
    return CorpusRecord(
        files_sha256=documents_sha256(summary),
        train_bytes={name: counts["train"]["bytes"] for name, counts in languages.items() if "train" in counts},
        held_out_files={name: counts["heldout"]["files"] for name, counts in languages.items() if "heldout" in counts},
    )
