"""The model folder: transformers loads it, the manifest names its files, and a changed file is found out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from core.checkpoint import read_manifest, verify
from core.errors import CheckpointError, RecipeError
from training.documents import Document, shuffled
from training.from_nothing.export import export_model
from training.from_nothing.manifest import write_manifest
from training.from_nothing.measure import HeldOut
from training.from_nothing.pretrain import new_model
from training.from_nothing.recipe import CorpusStage, PretrainStage, Recipe, SourceGroup
from training.from_nothing.runner import _claim
from training.plot import plot_curve


@pytest.fixture
def folder(stage: PretrainStage, tokenizer: Tokenizer, tmp_path: Path) -> Path:
    model = new_model(stage.model, tokenizer, seed=1)
    export_model(model, tokenizer, tmp_path / "model")
    run = tmp_path / "run"
    (run / "corpus").mkdir(parents=True)
    (run / "pretrain").mkdir()
    (run / "corpus" / "corpus.json").write_text(
        json.dumps({"files_sha256": {"a": "b"}, "counts": {"python": {"train_bytes": 5, "heldout_files": 2}}})
    )
    lines = [{"tokens": i * 512, "step": i, "bits_per_byte": {"python": 3.0 - i / 10}} for i in range(9)]
    (run / "pretrain" / "curve.jsonl").write_text("\n".join(map(json.dumps, lines)))
    recipe_file = tmp_path / "recipe.yaml"
    recipe_file.write_text("name: small\n")
    group = SourceGroup(registry="pypi", language="python", suffixes=(".py",), packages=("a==1",))
    recipe = Recipe(name="small", corpus=CorpusStage(seed=1, sources=(group,), licences=("MIT",)), pretrain=stage)
    write_manifest(tmp_path / "model", recipe_file, recipe, model, run, {"all": 3.6, "python": 3.6}, 8 * 512)
    return tmp_path / "model"


def test_transformers_loads_it(folder: Path, stage: PretrainStage, tokenizer: Tokenizer) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    reference = new_model(stage.model, tokenizer, seed=1)
    ids = torch.tensor([[20, 21, 22]])
    torch.testing.assert_close(model(ids).logits, reference(ids).logits, atol=2e-2, rtol=0)
    assert model.config.tie_word_embeddings
    text = "def f(x):\n    return x"
    assert AutoTokenizer.from_pretrained(folder)(text).input_ids == tokenizer.encode(text).ids


def test_the_manifest_holds_what_the_server_asks_for(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert (manifest.name, manifest.template, manifest.bytes_per_token) == ("small", "embedded-spm", 3.6)
    assert manifest.complete
    assert manifest.curve[-1].bits_per_byte["python"] == pytest.approx(2.2)
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(manifest.files_sha256)
    verify(folder)


def test_a_changed_or_missing_file_is_found_out(folder: Path) -> None:
    config = folder / "config.json"
    config.write_text(config.read_text() + " ")
    with pytest.raises(CheckpointError, match=r"config\.json"):
        verify(folder)
    config.unlink()
    with pytest.raises(CheckpointError, match="missing"):
        verify(folder)


@pytest.mark.parametrize("content", ["{", "{}", '{"format": 1, "nmae": "x"}'])
def test_a_malformed_manifest_is_one_line(folder: Path, content: str) -> None:
    (folder / "vernacular.json").write_text(content)
    with pytest.raises(CheckpointError) as caught:
        verify(folder)
    assert "\n" not in str(caught.value)


def test_a_run_folder_of_another_training_is_refused(stage: PretrainStage, tmp_path: Path) -> None:
    (tmp_path / "corpus.json").write_text('{"files_sha256": {}}')
    _claim(stage, tmp_path, tmp_path / "run")
    _claim(stage.model_copy(update={"total_tokens": 99_999}), tmp_path, tmp_path / "run")
    with pytest.raises(RecipeError, match="another name"):
        _claim(stage.model_copy(update={"seed": 99}), tmp_path, tmp_path / "run")


def test_bits_per_byte_of_a_uniform_model(
    documents: dict[str, list[Document]], tokenizer: Tokenizer, stage: PretrainStage
) -> None:
    model = new_model(stage.model, tokenizer, seed=1)
    with torch.no_grad():
        for parameter in model.get_input_embeddings().parameters():
            parameter.zero_()
    held_out = HeldOut.sample(documents, tokenizer, 64, files=3)
    tokens = sum(len(row) - 1 for row in held_out.rows["python"])
    expected = tokens * torch.log2(torch.tensor(float(tokenizer.get_vocab_size()))) / held_out.bytes["python"]
    assert held_out.bits_per_byte(model)["python"] == pytest.approx(float(expected), rel=1e-4)


def test_a_curve_is_drawn(tmp_path: Path) -> None:
    lines = [{"step": 1, "tokens": 5, "loss": 3.0}, {"step": 1, "tokens": 5, "bits_per_byte": {"lua": 2.0}}]
    (tmp_path / "curve.jsonl").write_text("\n".join(map(json.dumps, lines)))
    plot_curve(tmp_path / "curve.jsonl", tmp_path / "curve.svg")
    assert "</svg>" in (tmp_path / "curve.svg").read_text()


def test_shuffling_depends_on_the_seed_alone() -> None:
    assert shuffled(20, 1) == shuffled(20, 1)
    assert shuffled(20, 1) != shuffled(20, 2)
    assert sorted(shuffled(20, 1)) == list(range(20))
