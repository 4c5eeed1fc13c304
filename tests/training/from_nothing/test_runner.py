"""One command from local archives to a model folder; a user's mistake is one line and an exit status."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli.train import register
from core.checkpoint import read_manifest, verify
from core.errors import RecipeError, VernacularError
from training.from_nothing.runner import default_cache, export_checkpoint, run_recipe

RECIPE = """
name: tiny
versions: {torch: "0.0.1"}
corpus:
  seed: 1
  licences: [MIT]
  sources:
    - {registry: pypi, language: python, suffixes: [.py], packages: [a==1, b==2], held_out: [b]}
pretrain:
  seed: 1
  tokenizer: {vocabulary_tokens: 512, sample_bytes: 20_000}
  model: {hidden: 32, layers: 1, heads: 1, key_value_heads: 1, intermediate: 32, max_positions: 128}
  phases:
    - row_tokens: 128
      examples: {mix: {python: 1.0}, fim_rate: 0.5, spm_rate: 0.5, joint_rate: 0.5, line_rate: 0.5, block_rate: 0.2,
        context_rate: 0.3}
    - from_tokens: 512
      row_tokens: 128
      examples: {mix: {python: 1.0}, fim_rate: 1.0, spm_rate: 1.0, joint_rate: 0.5, line_rate: 1.0, block_rate: 0.0,
        context_rate: 0.0}
  optimizer: {warmup_steps: 1}
  total_tokens: 1024
  tokens_per_step: 256
  tokens_per_microstep: 128
  threads: 1
  compile: false
"""


def code(name: str) -> str:
    return "\n".join(f"def {name}_{i}({name}):\n    return {name} + {name}_value_{i * 7}" for i in range(40))


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    import zipfile

    for package, name in (("a%3D%3D1", "alpha"), ("b%3D%3D2", "beta")):
        folder = tmp_path / "cache" / "sources" / "pypi" / package
        folder.mkdir(parents=True)
        with zipfile.ZipFile(folder / f"{name}.whl", "w") as wheel:
            wheel.writestr("p-1.dist-info/METADATA", "Name: p\nLicense-Expression: MIT\n\n")
            wheel.writestr(f"{name}/x.py", code(name))
    path = tmp_path / "tiny.yaml"
    path.write_text(RECIPE)
    return path


def test_from_archives_to_a_model_folder(recipe: Path, tmp_path: Path) -> None:
    said: list[str] = []
    run_recipe(recipe, tmp_path / "model", tmp_path / "cache", say=said.append)
    assert any("made with torch 0.0.1" in line for line in said)
    manifest = read_manifest(tmp_path / "model")
    assert manifest.complete
    assert manifest.trained_tokens == 1024
    verify(tmp_path / "model")
    assert "# tiny" in (tmp_path / "model" / "README.md").read_text()
    assert (tmp_path / "cache" / "runs" / "tiny" / "pretrain" / "curve.png").stat().st_size > 1000
    said.clear()
    run_recipe(recipe, tmp_path / "again", tmp_path / "cache", say=said.append)
    assert {"corpus: unchanged", "pretrain: already complete"} <= set(said)
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("model", "again")]
    assert weights[0] == weights[1]
    export_checkpoint(recipe, tmp_path / "third", tmp_path / "cache")
    assert (tmp_path / "third" / "model.safetensors").read_bytes() == weights[0]


def test_a_phase_begins_where_the_recipe_says(recipe: Path, tmp_path: Path) -> None:
    from training.from_nothing.corpus import build_corpus, read_documents
    from training.from_nothing.examples import ExampleMaker
    from training.from_nothing.pretrain import Microsteps
    from training.from_nothing.recipe import load_recipe
    from training.from_nothing.tokenizer import special_id, train_tokenizer

    loaded = load_recipe(recipe)
    build_corpus(loaded.corpus, tmp_path / "cache" / "sources", tmp_path / "corpus", None)
    documents = {"python": read_documents(tmp_path / "corpus" / "train-python.jsonl")}
    first, second = loaded.pretrain.phases
    phases = (first, second.model_copy(update={"from_tokens": 20_480}))
    stage = loaded.pretrain.model_copy(update={"total_tokens": 40_960, "phases": phases})
    alone_stage = stage.model_copy(update={"phases": phases[:1]})
    tokenizer = train_tokenizer(stage.tokenizer, documents, 1)
    makers = [ExampleMaker(documents, tokenizer, phase.examples, 1) for phase in phases]
    steps, alone = Microsteps(stage, makers), Microsteps(alone_stage, makers[:1])
    middle = special_id(tokenizer, "<|fim_middle|>")
    early = [bool((steps[i]["input_ids"] == middle).any()) for i in range(160)]
    late = [bool((steps[i]["input_ids"] == middle).any()) for i in range(160, 320)]
    assert sum(early) < 140
    assert all(late)
    assert all((steps[i]["input_ids"] == alone[i]["input_ids"]).all() for i in range(160))


def test_without_a_checkpoint_there_is_nothing_to_export(recipe: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no checkpoint yet"):
        export_checkpoint(recipe, tmp_path / "model", tmp_path / "cache")


def test_the_command_hands_on_one_line(recipe: Path, tmp_path: Path) -> None:
    app = typer.Typer()
    register(app)
    recipe.write_text(RECIPE.replace("tokenizer:", "tokeniser:"))
    result = CliRunner().invoke(app, [str(recipe), "--cache", str(tmp_path / "cache")])
    assert isinstance(result.exception, VernacularError)
    assert "tokenizer" in str(result.exception)
    assert "\n" not in str(result.exception)


def test_the_cache_is_a_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VERNACULAR_CACHE", str(tmp_path))
    assert default_cache() == tmp_path
    monkeypatch.delenv("VERNACULAR_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert default_cache() == tmp_path / "x" / "vernacular"
