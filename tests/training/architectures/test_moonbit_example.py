"""The recipes of `examples/moonbit`: they can be run, and the README's estimates are what `--dry-run` prints.

No hub here: a folder beside the recipe, named as the model's id, has the real model's configuration, without weights.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.training.pipeline.small import write_tasks
from tests.training.pretraining.conftest import QWEN_TOKENS
from tests.training.small_models import save_tokenizer
from training.pipeline.devices import processes_of
from training.pipeline.dry_run import dry_run
from training.pipeline.estimates import GPUS, memory
from training.pipeline.models import model_shape
from training.pipeline.recipe import load_recipe
from training.pipeline.tools import Tools

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "moonbit"
RECIPES = ("recipe-lora.yaml", "recipe.yaml", "recipe-8-gpus.yaml")
CORPUS_BYTES = 41_100_000
"""13.7 million tokens, as many as the paper had of MoonBit, at the 3 bytes that are assumed of a token."""
TABLE = re.compile(r"<!-- estimates -->\n(.*?)<!-- end -->", re.DOTALL)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example as it is once somebody has fetched code and made benchmarks, which stand-ins are here."""
    folder = tmp_path_factory.mktemp("moonbit") / "moonbit"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("repositories", "benchmarks", "runs"))
    for name in ("Qwen2.5-Coder-1.5B", "Qwen2.5-Coder-1.5B-Instruct"):
        write_qwen(folder / "Qwen" / name)
    (folder / "repositories" / "moonbit-docs").mkdir(parents=True)
    (folder / "repositories" / "moonbit-docs" / "README.md").write_text("# MoonBit\n\nA language.\n")
    (folder / "benchmarks").mkdir()
    for name in ("humaneval", "mbpp", "basics"):
        write_tasks(folder / "benchmarks" / f"{name}-moonbit.jsonl", {name: 6})
    return folder


def write_qwen(folder: Path) -> None:
    """Configuration as published (arXiv 2409.12186, table 1, and the model's card), and a tokenizer's outline."""
    from transformers import Qwen2Config

    config = Qwen2Config(
        vocab_size=151_936, hidden_size=1536, intermediate_size=8960, num_hidden_layers=28, num_attention_heads=12,
        num_key_value_heads=2, max_position_embeddings=32_768, tie_word_embeddings=True, dtype="bfloat16",
        architectures=["Qwen2ForCausalLM"], bos_token_id=151_643, eos_token_id=151_643,
    )  # fmt: skip
    save_tokenizer(folder, QWEN_TOKENS, chat=True)
    config.save_pretrained(folder)


def estimates(project: Path, run: Path, name: str) -> list[tuple[str, ...]]:
    """The rows of `--dry-run` that do not depend on this machine."""
    (run / "corpus").mkdir(parents=True)
    languages = {"moonbit": {"train": {"files": 9000, "bytes": CORPUS_BYTES}}}
    (run / "corpus" / "corpus.json").write_text(json.dumps({"languages": languages}))
    found = dry_run(project / name, run, Tools(say=lambda _: None))
    here = ("of memory are needed", "are free")  # what this machine lacks is no fault of the recipe
    assert [str(problem) for problem in found.problems if not any(word in str(problem) for word in here)] == []
    named = " ".join(stage for stage, _, _ in found.stages)
    assert all(stage in named for stage in ("corpus", "pretrain", "transfer", "transferred", "few-shot", "retrieval"))
    devices = {device.label for device in GPUS}
    return [(name, row.device, row.memory, row.time, row.fits) for row in found.rows if row.device in devices]


def test_the_readme_shows_what_a_dry_run_prints(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    rows = [row for name in RECIPES for row in estimates(project, tmp_path / name, name)]
    lines = ["| recipe | device | memory | time | fits |", "| --- | --- | --- | --- | --- |"]
    lines += ["| " + " | ".join((f"`{row[0]}`", *row[1:])) + " |" for row in rows]
    shown = TABLE.search((EXAMPLE / "README.md").read_text(encoding="utf-8"))
    assert shown is not None
    assert shown[1] == "\n".join(lines) + "\n"


def test_each_recipe_fits_where_it_is_meant_for(project: Path) -> None:
    shape = model_shape(project / "Qwen" / "Qwen2.5-Coder-1.5B")
    assert shape.parameters == 1_543_714_304
    for name, device in zip(RECIPES, GPUS, strict=True):
        settings = load_recipe(project / name).pretrain
        assert settings is not None
        assert memory(shape, settings, device).total < 0.9 * device.memory_bytes, name
        assert settings.tokens_per_step % (settings.row_tokens * settings.rows_at_once * device.count) == 0
        assert processes_of(settings.accelerate) == device.count


def test_memory_of_all_weights_by_hand(project: Path) -> None:
    """16 bytes a parameter for weights, gradients and AdamW in float32, 2 for the copies that products are made with.

    On eight devices an eighth of that, and one layer and the embeddings whole, with their gradients in bfloat16.
    """
    shape = model_shape(project / "Qwen" / "Qwen2.5-Coder-1.5B")
    one, eight = (load_recipe(project / name).pretrain for name in RECIPES[1:])
    assert one is not None
    assert eight is not None
    takes = memory(shape, one, GPUS[1])
    assert takes.sure == 18 * 1_543_714_304
    # a token of a layer: bfloat16 values, 8 hidden + 4 keys and values + 4 intermediate; 4 hidden in float32
    assert takes.parts["activations"] == 4096 * 28 * (2 * (8 * 1536 + 4 * 256 + 4 * 8960) + 4 * 4 * 1536)
    assert takes.parts["logits"] == 4096 * 151_936 * (2 + 4 + 4)
    whole = 4 * (1_543_714_304 // 28 + 151_936 * 1536)
    assert memory(shape, eight, GPUS[2]).sure == pytest.approx(18 * 1_543_714_304 / 8 + whole, abs=8)


def test_the_configuration_of_accelerate_is_one_and_checkpoints_are_whole() -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    found = load_config_from_file(str(EXAMPLE / "accelerate-fsdp.yaml"))
    assert found.distributed_type.value == "FSDP"
    assert found.fsdp_config["fsdp_state_dict_type"] == "FULL_STATE_DICT"
