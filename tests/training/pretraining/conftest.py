"""A small corpus in a made-up language, and models of the families with their tokens of holes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.training.small_models import save_model

QWEN_TOKENS = ("<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>")


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def write_corpus(folder: Path, language: str, train: int = 12, held_out: int = 3, word: str = "price") -> Path:
    """A folder as `vernacular corpus build` leaves it, with documents of 30 to 300 bytes, and a page of text."""
    folder.mkdir(parents=True, exist_ok=True)
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for part, number in (("train", train), ("heldout", held_out)):
        for kind, count in ((language, number), ("text", 1 if train else 0)):
            documents = [
                {
                    "language": kind,
                    "package": f"tariffs/{i % 3}",
                    "path": f"{part}{i}.x",
                    "text": "".join(f"rule {word}-{i}-{n} gives {n * 7} EUR.\n" for n in range(1 + 3 * i % 10)),
                }
                for i in range(count)
            ]
            lines = "".join(json.dumps(document) + "\n" for document in documents)
            (folder / f"{part}-{kind}.jsonl").write_text(lines, encoding="utf-8")
            size = sum(len(document["text"]) for document in documents)
            counts.setdefault(kind, {})[part] = {"files": count, "bytes": size}
    summary = {"languages": counts, "files_sha256": {"train-levy.jsonl": word, "origins.jsonl": word}}
    (folder / "corpus.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus") / "levy", "levy")


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the Qwen2 shape whose tokenizer has Qwen2.5-Coder's tokens."""
    return save_model(tmp_path_factory.mktemp("models") / "qwen2.5-coder-tiny", "Qwen2", added=QWEN_TOKENS)
