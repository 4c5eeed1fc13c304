"""The stages that fit: `pretrain/`, `tune/`, `pretrain-instruct/`; and `merged/`, adapters merged into their models."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from core.checkpoint import MANIFEST, read_manifest
from core.files import write_atomically
from core.language_files import load_languages
from training.fitting.settings import FitSettings
from training.pipeline.orphans import end_orphans
from training.pipeline.stage import Stage, key_of
from training.pipeline.tools import Kind
from training.pipeline.work import Work, fit_inputs
from training.pretraining.settings import PretrainJob, PretrainSettings
from training.tuning.settings import PairSettings, TuneJob, TuneSettings

_OWN = {"conversations", "held_out", "pairs"}
"""Keys of the recipe's part that are none of the tuning's settings."""
_FILES = 2
"""Rises when merging a tuned adapter gives other files beside the weights."""


def stages(work: Work) -> list[Stage]:
    """Those that the recipe has, and a merging for each adapter whose model somebody asks."""
    recipe = work.recipe
    found: list[Stage] = []
    if recipe.pretrain:
        found += [_pretraining(work, "pretrain", "base", recipe.pretrain)]
        found += _merging(work, "pretrained", "pretrain", "base", recipe.pretrain)
    if recipe.tune:
        found += [_mining(work, recipe.tune.pairs)] if recipe.tune.pairs else []
        found += [_tuning(work), *_merging(work, "tuned", "tune", "instruct", recipe.tune)]
    if recipe.pretrain and recipe.pretrain_instruct:
        found += [_pretraining(work, "pretrain-instruct", "instruct", recipe.pretrain)]
        found += _merging(work, "instruct-pretrained", "pretrain-instruct", "instruct", recipe.pretrain)
    return found


def merge(work: Work, adapter: Path, onto: Path, output: Path) -> None:
    """Merge an adapter into a model."""
    from training.transfer.request import Request, prepare
    from training.transfer.run import carry_out

    prepared = prepare(Request(parents={"adapter": adapter, "instruct": onto}))
    with work.tools.bytes_show("merge", prepared.bytes) as advance:
        carry_out(prepared, output, overwrite=True, name=work.recipe.name, advance=advance)


def say_corpus(work: Work, model: Path) -> None:
    """Write into a merged model's manifest which corpus its adapter was trained on, so that the gate can ask."""
    from training.pretraining.documents import corpus_record

    corpus = corpus_record(work.run.stage("corpus"))
    manifest = read_manifest(model).model_copy(update={"corpus": corpus, "template": work.template})
    write_atomically(model / MANIFEST, manifest.model_dump_json(indent=1) + "\n")


def _pretraining(work: Work, name: str, model: str, settings: PretrainSettings) -> Stage:
    folder = work.run.stage(name)
    job = PretrainJob(
        model=str(work.parents[model]),
        corpus=work.run.stage("corpus"),
        replay=work.run.stage("replay") if settings.replay_share else None,
        settings=settings.model_copy(
            update={"fim": settings.fim.model_copy(update={"template": work.template or None})}
        ),
        folder=folder,
        name=f"{work.recipe.name}-{name}",
    )
    corpora = ("corpus", "replay") if job.replay else ("corpus",)

    def inputs() -> dict[str, Any]:
        return {
            model: work.hashes.model(work.parents[model]),
            "settings": fit_inputs(job.settings),
        }

    return Stage(
        name=name,
        group=name,
        inputs=inputs,
        run=partial(_fit, work, "pretrain", job),
        after=corpora,
        made=(folder / ("adapter" if settings.lora else "model"), folder / "fit.json"),
        shows={"model": model, "learns": _learns(settings)},
    )


def _mining(work: Work, settings: PairSettings) -> Stage:
    """The pairs that are tuned on, out of the corpus."""
    folder, corpus = work.run.stage("pairs"), work.recipe.corpus
    assert corpus is not None
    registry = load_languages([Path(path) for path in corpus.language_folders])
    files = (folder / "train.jsonl", folder / "heldout.jsonl")

    def run() -> None:
        from training.tuning.mining import mine

        counts = mine(work.run.stage("corpus"), registry, settings, folder)
        work.tools.say(f"pairs: {counts.get('train', 0)} to train on, {counts.get('heldout', 0)} held out")

    specs = {name: key_of(json.loads(registry.named(name).model_dump_json())) for name in settings.languages}
    return Stage(
        name="pairs",
        group="tune",
        inputs=lambda: {"settings": settings.model_dump(mode="json"), "languages": specs},
        run=run,
        after=("corpus",),
        made=files,
        content=lambda: key_of({path.name: work.hashes.file(path) for path in files}),
        shows={"languages": ", ".join(settings.languages)},
    )


def _tuning(work: Work) -> Stage:
    part = work.recipe.tune
    assert part is not None
    folder = work.run.stage("tune")
    settings = TuneSettings(**part.model_dump(exclude=_OWN))
    mined = part.pairs is not None
    conversations = work.run.stage("pairs") / "train.jsonl" if mined else part.conversations
    held_out = work.run.stage("pairs") / "heldout.jsonl" if mined else part.held_out
    assert conversations is not None

    def run() -> None:
        measured = held_out if held_out and held_out.exists() and held_out.stat().st_size else None
        job = TuneJob(
            model=str(work.parents["instruct"]),
            conversations=conversations,
            held_out=measured,
            settings=settings,
            folder=folder,
            name=f"{work.recipe.name}-tune",
        )
        _fit(work, "tune", job)

    def inputs() -> dict[str, Any]:
        found = {
            "instruct": work.hashes.model(work.parents["instruct"]),
            "settings": fit_inputs(settings.model_copy(update={"chat_template": None})),
            "chat_template": work.hashes.file(settings.chat_template) if settings.chat_template else "",
        }
        if not mined:
            found["conversations"] = work.hashes.file(conversations)
            found["held_out"] = work.hashes.file(held_out) if held_out else ""
        return found

    return Stage(
        name="tune",
        group="tune",
        inputs=inputs,
        run=run,
        after=("pairs",) if mined else (),
        made=(folder / ("adapter" if settings.lora else "model"), folder / "fit.json"),
        shows={"model": "instruct", "learns": _learns(settings)},
    )


def _merging(work: Work, model: str, stage: str, onto: str, settings: FitSettings) -> list[Stage]:
    """The model that an adapter makes with what it was trained on, where somebody asks for it."""
    if settings.lora is None or not wanted(work, model):
        return []
    name = f"merged/{model}"
    output, tuned = work.folder_of(model), stage == "tune"

    def run() -> None:
        merge(work, work.run.stage(stage) / "adapter", work.parents[onto], output)
        if not tuned:
            say_corpus(work, output)

    return [
        Stage(
            name=name,
            group=stage,
            inputs=lambda: {onto: work.hashes.model(work.parents[onto]), **({"files": _FILES} if tuned else {})},
            run=run,
            after=(stage,),
            made=(output,),
            shows={"model": f"the adapter of {stage}, merged into {onto}"},
        )
    ]


def wanted(work: Work, model: str) -> bool:
    """Whether an arm asks a model, or the transfer needs it."""
    recipe = work.recipe
    if model == "pretrained" and recipe.transfer and not recipe.transfer.plain:
        return True
    return any(arm.model == model for arm in (recipe.evaluate.arms.values() if recipe.evaluate else ()))


def _fit(work: Work, kind: Kind, job: PretrainJob | TuneJob) -> None:
    end_orphans(job.folder / "job.json", work.tools.say)
    work.tools.fit(kind, job)


def _learns(settings: FitSettings) -> str:
    what = f"an adapter of rank {settings.lora.rank}" if settings.lora else "all weights"
    return f"{what}, {settings.epochs} epochs"


def fit_record(folder: Path) -> dict[str, Any]:
    """What `fit.json` says; empty where there is none."""
    try:
        return dict(json.loads((folder / "fit.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}
