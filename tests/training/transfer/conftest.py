"""Small random checkpoints of the real architectures, made on the spot."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.training.small_models import save_model
from training.transfer.request import Prepared, Request, prepare
from training.transfer.run import carry_out

Make = Callable[..., Path]


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")


class Trio:
    """Base, instruct and pretrained, and what is done with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parents: dict[str, Path] = {}

    def make(self, role: str, **options: Any) -> Path:
        """Add or replace a parent; others than base start at the base."""
        folder = self.folder / role
        if role != "base":
            options.setdefault("start", self.parents.get("base"))
        self.parents[role] = save_model(folder, seed=len(role), **options)
        return folder

    def write(self, role: str, tensors: dict[str, Tensor], **options: Any) -> Path:
        """A parent whose tensors are these; its configuration is the smallest that there is."""
        folder = self.folder / role
        folder.mkdir(parents=True, exist_ok=True)
        config = {"architectures": ["X"], "model_type": "llama", "max_position_embeddings": 8, **options}
        (folder / "config.json").write_text(json.dumps(config))
        tokenizer = {"model": {"vocab": {"a": 0, "b": 1}}, "added_tokens": []}
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
        save_file(tensors, str(folder / "model.safetensors"))
        self.parents[role] = folder
        return folder

    def prepare(self, **options: Any) -> Prepared:
        return prepare(Request(parents=dict(self.parents), **options))

    def run(self, **options: Any) -> dict[str, Tensor]:
        """Transfer into `out`; the output's tensors."""
        out = self.folder / "out"
        carry_out(self.prepare(**options), out, overwrite=True)
        return read(out)

    def read(self, role: str) -> dict[str, Tensor]:
        return read(self.parents[role])


def read(folder: Path) -> dict[str, Tensor]:
    """All tensors of a folder."""
    tensors: dict[str, Tensor] = {}
    for path in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(str(path))
        with safe_open(str(path), "pt") as file:
            assert file.metadata() == {"format": "pt"}
    return tensors


@pytest.fixture
def trio(tmp_path: Path) -> Trio:
    return Trio(tmp_path)


@pytest.fixture
def models_of() -> Callable[[Trio, str], Trio]:
    """Fill a trio with three models of a family; the instruct one has a chat template and its tokens."""

    def make(trio: Trio, family: str) -> Trio:
        trio.make("base", family=family)
        trio.make("instruct", family=family, added=("<|im_start|>", "<|im_end|>"), chat=True)
        trio.make("pretrained", family=family)
        return trio

    return make
