"""A small base model, its tokenizer, and sequences to learn."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.training.small_models import save_model
from training.fitting.heldout import HeldOutTexts
from training.fitting.sequences import IGNORED, TokenSequence
from training.fitting.settings import FitSettings
from training.fitting.work import Work


def sequence(ids: list[int]) -> TokenSequence:
    return TokenSequence(ids, [IGNORED, *ids[1:]])


def sequences(epoch: int, count: int = 60) -> list[TokenSequence]:
    """Sequences of 3 to 60 tokens that count up, so that there is something to learn."""
    rng = random.Random(epoch)
    found = []
    for _ in range(count):
        start, length = rng.randrange(5, 90), rng.randrange(3, 60)
        found.append(sequence([start + i for i in range(length)]))
    return found


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of two layers, with tied embeddings and a context of 128 tokens."""
    return save_model(tmp_path_factory.mktemp("models") / "base", "Llama", tie_word_embeddings=True)


@pytest.fixture
def held_out() -> HeldOutTexts:
    """Two groups; a label stands for two bytes."""
    texts = {"levy": sequences(100, 4), "text": sequences(101, 3)}
    return HeldOutTexts(texts, {k: 2 * sum(len(s.labels) - 1 for s in v) for k, v in texts.items()})


def settings(**options: Any) -> FitSettings:
    """Ten steps of 128 tokens or so."""
    chosen: dict[str, Any] = {
        "epochs": 1, "row_tokens": 64, "rows_at_once": 2, "tokens_per_step": 256, "measure_every_steps": 3,
        "optimizer": {"learning_rate": 3e-3, "schedule": "linear"}, "threads": 1,
    }  # fmt: skip
    return FitSettings(**(chosen | options))


@pytest.fixture
def work(base: Path, held_out: HeldOutTexts, tmp_path: Path) -> Work:
    return Work(base, settings(), sequences, held_out, tmp_path / "fit", "small", inputs="test")
