"""Small siblings of every architecture, each trained once: all weights, and an adapter; then transferred."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.pretraining.conftest import QWEN_TOKENS, write_corpus
from tests.training.small_models import save_model
from training.fitting.record import FitRecord
from training.pretraining.run import pretrain
from training.pretraining.settings import PretrainJob, PretrainSettings
from training.transfer.request import Request, prepare
from training.transfer.run import carry_out

STARCODER = ("<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<repo_name>", "<file_sep>")
DEEPSEEK = ("<｜begin▁of▁sentence｜>", "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", "<｜end▁of▁sentence｜>")
CODELLAMA = ("<s>", "▁<PRE>", "▁<SUF>", "▁<MID>", "▁<EOT>", "</s>")
CODESTRAL = ("<s>", "[SUFFIX]", "[PREFIX]", "</s>")
CHAT_TOKENS = ("<|im_start|>", "<|im_end|>")
ROW = 64
IDS = torch.tensor([[5, 60, 200, 7, 61, 62, 9]])


@dataclass(frozen=True)
class Family:
    """An architecture, and the model family whose layout of holes it is tried with; `marks` in their order."""

    name: str
    shape: str
    template: str | None
    tokens: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: Path, seed: int, **options: Any) -> Path:
        """A checkpoint in float32, so that sums agree far below what training changes."""
        chosen = {"vocab_size": 272, "dtype": torch.float32, "added": self.tokens, **self.options, **options}
        return save_model(folder, self.shape, seed, **chosen)


_QWEN = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|endoftext|>")
_DEEPSEEK = ("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", "<｜end▁of▁sentence｜>")
FAMILIES = (
    Family("qwen2", "Qwen2", "qwen2.5-coder", QWEN_TOKENS, _QWEN, {"tie_word_embeddings": True}),
    Family("qwen3", "Qwen3", "qwen2.5-coder", QWEN_TOKENS, _QWEN),
    Family("llama", "Llama", "codellama", CODELLAMA, ("▁<PRE>", "▁<SUF>", "▁<MID>", "▁<EOT>")),
    Family("mistral", "Mistral", "codestral", CODESTRAL, ("[SUFFIX]", "[PREFIX]", "</s>"), {"sliding_window": 24}),
    Family("gemma", "Gemma", None),
    Family(
        "starcoder2",
        "Starcoder2",
        "starcoder2",
        STARCODER,
        ("<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<|endoftext|>"),
        {"sliding_window": 24},
    ),
    Family("deepseek-v3", "DeepseekV3", "deepseek-coder", DEEPSEEK, _DEEPSEEK),
    Family("deepseek-coder", "Llama", "deepseek-coder", DEEPSEEK, _DEEPSEEK),  # the first one has Llama's shape
)


@dataclass(frozen=True)
class Trained:
    """What was made of a family: parents in `parents`, fittings in `full` and `lora`."""

    family: Family
    folder: Path
    base: Path
    instruct: Path
    records: dict[str, FitRecord]

    @property
    def pretrained(self) -> Path:
        """The base, all weights of which learned."""
        return self.folder / "full" / "model"

    @property
    def adapter(self) -> Path:
        """The base's adapter."""
        return self.folder / "lora" / "adapter"

    def transferred(self, name: str, **parents: Path) -> Path:
        """A transfer from these parents."""
        out = self.folder / name
        carry_out(prepare(Request(parents=parents)), out, overwrite=True)
        return out


def settings(family: Family, **options: Any) -> PretrainSettings:
    """A few dozen steps of two rows; half of the documents get a hole."""
    chosen: dict[str, Any] = {
        "fim": {"rate": 0.5 if family.template else 0.0, "template": family.template}, "epochs": 4,
        "row_tokens": ROW, "tokens_per_step": 2 * ROW, "measure_every_steps": 100, "threads": 1,
        "optimizer": {"learning_rate": 3e-3},
    }  # fmt: skip
    return PretrainSettings(**(chosen | options))


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus") / "levy", "levy")


@pytest.fixture(scope="session", params=FAMILIES, ids=lambda family: family.name)
def trained(
    request: pytest.FixtureRequest, corpus: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Trained]:
    family: Family = request.param
    folder = tmp_path_factory.mktemp(family.name)
    base = family.save(folder / "base", 1)
    added = (*family.tokens, *CHAT_TOKENS)
    instruct = family.save(folder / "instruct", 2, start=base, added=added, chat=True)
    ways = {"full": settings(family), "lora": settings(family, lora={"rank": 4, "alpha": 8})}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        records = {
            name: pretrain(PretrainJob(model=str(base), corpus=corpus, settings=chosen, folder=folder / name))
            for name, chosen in ways.items()
        }
        yield Trained(family, folder, base, instruct, records)


def logits(folder: Path) -> torch.Tensor:
    """Of a few tokens, in float32."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        return torch.as_tensor(model(IDS).logits)
