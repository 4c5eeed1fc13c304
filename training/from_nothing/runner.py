"""Run a recipe, stage by stage, into one run folder.

    CACHE/sources/            fetched packages, shared by all recipes
    CACHE/runs/NAME/corpus/   documents
    CACHE/runs/NAME/pretrain/ tokenizer, checkpoints, curve

A stage whose part of the recipe has not changed is not run again; one that was interrupted goes on. A run folder that
holds another recipe's training is refused, never overwritten.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.errors import ConfigError, RecipeError
from training.from_nothing.recipe import PretrainStage, Recipe, load_recipe

STAGES = ("corpus", "pretrain")
Say = Callable[[str], None]

# What may change between two calls without making it another training.
_FREE = {"template", "evaluate_every_tokens", "save_every_tokens", "threads", "compile"}
# What may change until it begins: pretrain.py.
_LATER = {"total_tokens", "restarts_at_tokens", "phases"}


def default_cache() -> Path:
    """`$VERNACULAR_CACHE`, else `vernacular` in the user's cache folder."""
    if chosen := os.environ.get("VERNACULAR_CACHE"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "vernacular"


def run_recipe(
    recipe_file: Path, output: Path, cache: Path, until: str = STAGES[-1], say: Say = lambda _: None
) -> None:
    """Run the stages up to `until` and write the model folder `output`.

    Raises `RecipeError` for a wrong recipe or an unknown stage, before any work; `SourceError` for a package that
    cannot be fetched.
    """
    recipe = load_recipe(recipe_file)
    if until not in STAGES:
        raise RecipeError(f"there is no stage {until!r}; stages are {', '.join(STAGES)}")
    run = cache / "runs" / recipe.name
    _warn_of_versions(recipe, say)

    from training.from_nothing.corpus import build_corpus

    lock = recipe_file.with_suffix(".lock.json")
    build_corpus(recipe.corpus, cache / "sources", run / "corpus", lock, say)
    if until == "corpus":
        return
    _run_pretrain(recipe_file, recipe, run, output, say)


def export_checkpoint(
    recipe_file: Path, output: Path, cache: Path, report: Path | None = None, say: Say = lambda _: None
) -> None:
    """Write the run's newest checkpoint as a model folder, without training; it may be running meanwhile.

    `report`, what `vernacular heldout --output` wrote for it, goes into the manifest and the model card.
    """
    from transformers import LlamaForCausalLM
    from transformers.trainer_utils import get_last_checkpoint

    recipe = load_recipe(recipe_file)
    run = cache / "runs" / recipe.name
    folder = run / "pretrain"
    last = get_last_checkpoint(str(folder)) if folder.is_dir() else None  # type: ignore[no-untyped-call]
    if last is None:
        raise RecipeError(f"{recipe.name} has no checkpoint yet in {folder}; run the recipe first")
    steps = json.loads((Path(last) / "trainer_state.json").read_text(encoding="utf-8"))["global_step"]
    _write_folder(recipe_file, recipe, run, output, LlamaForCausalLM.from_pretrained(last), steps, say, report)


def _run_pretrain(recipe_file: Path, recipe: Recipe, run: Path, output: Path, say: Say) -> None:
    from training.from_nothing.corpus import read_documents
    from training.from_nothing.examples import ExampleMaker
    from training.from_nothing.measure import HeldOut
    from training.from_nothing.pretrain import pretrain
    from training.from_nothing.tokenizer import load_tokenizer, save_tokenizer, train_tokenizer
    from training.plot import plot_curve

    stage, corpus, folder = recipe.pretrain, run / "corpus", run / "pretrain"
    _claim(stage, corpus, folder)
    languages = {k for phase in stage.phases for k, v in phase.examples.mix.items() if v > 0}
    documents = {language: read_documents(corpus / f"train-{language}.jsonl") for language in sorted(languages)}
    if not (folder / "tokenizer.json").exists():
        say("pretrain: training the tokenizer")
        save_tokenizer(train_tokenizer(stage.tokenizer, documents, stage.seed), folder, stage.model.max_positions)
    tokenizer = load_tokenizer(folder)
    held_out = {path.stem.removeprefix("heldout-"): read_documents(path) for path in corpus.glob("heldout-*.jsonl")}
    rows = HeldOut.sample(held_out, tokenizer, stage.phases[0].row_tokens)
    makers = [ExampleMaker(documents, tokenizer, phase.examples, stage.seed) for phase in stage.phases]
    model = pretrain(stage, makers, tokenizer, rows, folder, say)
    plot_curve(folder / "curve.jsonl", folder / "curve.png")
    _write_folder(recipe_file, recipe, run, output, model, stage.total_steps, say)


def _write_folder(
    recipe_file: Path,
    recipe: Recipe,
    run: Path,
    output: Path,
    model: object,
    steps: int,
    say: Say,
    report: Path | None = None,
) -> None:
    from transformers import LlamaForCausalLM

    from training.from_nothing.card import write_card
    from training.from_nothing.corpus import read_documents
    from training.from_nothing.export import export_model
    from training.from_nothing.manifest import write_manifest
    from training.from_nothing.tokenizer import bytes_per_token, load_tokenizer

    assert isinstance(model, LlamaForCausalLM)
    tokenizer = load_tokenizer(run / "pretrain")
    texts = {
        path.stem.removeprefix("heldout-"): [d.text for d in read_documents(path)[:100]]
        for path in sorted((run / "corpus").glob("heldout-*.jsonl"))
    }
    measured = {language: bytes_per_token(tokenizer, items) for language, items in texts.items()}
    measured["all"] = bytes_per_token(tokenizer, [text for items in texts.values() for text in items])
    # Longer than what it was trained on last, a prompt makes the answers worse (docs/embedded-model.md).
    model.config.max_position_embeddings = recipe.pretrain.phases[-1].row_tokens
    export_model(model, tokenizer, output)
    scores = _read_report(report)
    tokens = steps * recipe.pretrain.tokens_per_step
    manifest = write_manifest(output, recipe_file, recipe, model, run, measured, tokens, scores)
    write_card(output, manifest, recipe, run, scores)
    say(f"model folder: {output}")


def _read_report(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        report = json.loads(path.read_bytes())
        if {"summaries", "comparisons", "rows"} <= report.keys():
            return dict(report)
    except (OSError, ValueError, AttributeError):
        pass
    raise ConfigError(f"{path}: is not a report of `vernacular heldout --output`")


def _claim(stage: PretrainStage, corpus: Path, folder: Path) -> None:
    """Remember what the folder is for; refuse one that was begun for something else."""
    parts = {
        "stage": stage.model_dump(mode="json", exclude=_FREE | _LATER),
        "first_phase": stage.phases[0].model_dump(mode="json"),
        "corpus": json.loads((corpus / "corpus.json").read_text(encoding="utf-8"))["files_sha256"],
    }
    key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    mark = folder / "stage.sha256"
    if mark.exists() and mark.read_text(encoding="utf-8").strip() != key:
        raise RecipeError(
            f"{folder} holds a training of another corpus or recipe of this name; "
            "give the recipe another name, or delete that folder to begin anew"
        )
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text(key + "\n", encoding="utf-8")


def _warn_of_versions(recipe: Recipe, say: Say) -> None:
    from importlib.metadata import PackageNotFoundError, version

    for name, wanted in recipe.versions.items():
        try:
            found = version(name).partition("+")[0]
        except PackageNotFoundError:
            found = "not installed"
        if found != wanted:
            say(f"warning: the recipe was made with {name} {wanted}, here it is {found}; weights will differ")
