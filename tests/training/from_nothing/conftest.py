"""Small documents, a small tokenizer and a small recipe for tests of the training."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from training.documents import Document
from training.from_nothing.recipe import ExamplesPart, ModelPart, Phase, PretrainStage, TokenizerPart
from training.from_nothing.tokenizer import train_tokenizer
from training.settings import OptimizerPart

ROOT = Path(__file__).parents[3]


def _python_file(number: int) -> str:
    lines = ["import math", ""]
    for i in range(12):
        lines += [
            f"def area_{number}_{i}(width, height={i}):",
            f'    """Return the area of shape {number * 13 + i}."""',
            f"    return math.floor(width * height + {i * number})",
            "",
        ]
    return "\n".join(lines)


@pytest.fixture(scope="session")
def documents() -> dict[str, list[Document]]:
    """Four packages of five files each, in two languages."""
    return {
        language: [
            Document(language, f"package{number // 5}", f"src/file{number}.{language}", _python_file(number + offset))
            for number in range(10)
        ]
        for offset, language in enumerate(("python", "moonbit"))
    }


@pytest.fixture(scope="session")
def tokenizer(documents: dict[str, list[Document]]) -> Tokenizer:
    """A tokenizer of 512 tokens."""
    return train_tokenizer(TokenizerPart(vocabulary_tokens=512, sample_bytes=20_000), documents, seed=1)


@pytest.fixture(scope="session")
def part() -> ExamplesPart:
    """All kinds of examples."""
    return ExamplesPart(
        mix={"python": 0.6, "moonbit": 0.4},
        fim_rate=0.7,
        spm_rate=0.5,
        joint_rate=0.5,
        line_rate=0.5,
        block_rate=0.25,
        context_rate=0.6,
    )


@pytest.fixture(scope="session")
def stage(part: ExamplesPart) -> PretrainStage:
    """Eight steps of a two-layer model, the last two with long rows."""
    return PretrainStage(
        seed=3,
        tokenizer=TokenizerPart(vocabulary_tokens=512, sample_bytes=20_000),
        model=ModelPart(hidden=32, layers=2, heads=2, key_value_heads=1, intermediate=64, max_positions=256),
        phases=(Phase(row_tokens=128, examples=part), Phase(from_tokens=6 * 512, row_tokens=256, examples=part)),
        optimizer=OptimizerPart(warmup_steps=2, decay_share=0.25),
        total_tokens=8 * 512,
        tokens_per_step=512,
        tokens_per_microstep=256,
        evaluate_every_tokens=2048,
        save_every_tokens=1024,
        threads=1,
        compile=False,
    )
