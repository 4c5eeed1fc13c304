"""The stage that learns from running what it writes: `reinforce/`; its adapter merged in `merged/reinforced/`."""

from __future__ import annotations

import json
from typing import Any

from core.checkpoint import MANIFEST, read_manifest
from core.files import write_atomically
from training.pipeline.orphans import end_orphans
from training.pipeline.parts import Reinforce
from training.pipeline.stage import Stage, key_of
from training.pipeline.stages.fitting import merge, wanted
from training.pipeline.work import Work
from training.reinforcement.settings import FREE, ReinforceJob, ReinforceSettings, TaskSource
from training.reinforcement.tasks import read_sources

_FILES = ("examples", "documentation")


def stages(work: Work) -> list[Stage]:
    """The one stage, where the recipe has it, and the merging of its adapter where somebody asks for that."""
    part = work.recipe.reinforce
    if part is None:
        return []
    found = [_reinforcing(work, part)]
    if part.lora is not None and wanted(work, "reinforced"):
        found.append(_merging(work, part))
    return found


def _reinforcing(work: Work, part: Reinforce) -> Stage:
    folder = work.run.stage("reinforce")
    settings = ReinforceSettings(**{name: getattr(part, name) for name in ReinforceSettings.model_fields})
    begins = work.stage_of(part.model)

    def run() -> None:
        job = ReinforceJob(
            model=str(work.folder_of(part.model)),
            tasks=part.tasks,
            held_out=part.held_out,
            language_folders=work.recipe.language_folders,
            settings=settings,
            folder=folder,
            name=f"{work.recipe.name}-reinforce",
        )
        end_orphans(folder / "job.json", work.tools.say)
        work.tools.fit("reinforce", job)

    def inputs() -> dict[str, Any]:
        chosen = settings.model_dump(mode="json", exclude={*FREE, "accelerate"})
        shown = [path for name in _FILES if (path := getattr(part.options, name)) is not None]
        found: dict[str, Any] = {
            "settings": {**chosen, "options": part.options.model_dump(mode="json", exclude=set(_FILES))},
            "shown": {path.name: work.hashes.content(path) for path in shown},
            "tasks": [_source(work, source) for source in part.tasks],
            "held_out": [_source(work, source) for source in part.held_out],
            "languages": {name: _language_key(work, name) for name in _languages(work, part)},
        }
        return found if begins else {**found, "model": work.hashes.model(work.folder_of(part.model))}

    return Stage(
        name="reinforce",
        group="reinforce",
        inputs=inputs,
        run=run,
        after=(begins,) if begins else (),
        made=(folder / ("adapter" if settings.lora else "model"), folder / "fit.json"),
        shows={
            "model": part.model,
            "learns": f"{settings.steps} steps of {settings.tasks_per_step} tasks x {settings.samples} answers",
            "rewards": ", ".join(f"{weight:g} {name}" for name, weight in settings.rewards.items()),
        },
    )


def _merging(work: Work, part: Reinforce) -> Stage:
    onto, output = work.folder_of(part.model), work.folder_of("reinforced")

    def run() -> None:
        merge(work, work.run.stage("reinforce") / "adapter", onto, output)
        before = read_manifest(onto) if (onto / MANIFEST).exists() else None
        if before is not None:
            model = read_manifest(output).model_copy(update={"corpus": before.corpus, "template": before.template})
            write_atomically(output / MANIFEST, model.model_dump_json(indent=1) + "\n")

    return Stage(
        name="merged/reinforced",
        group="reinforce",
        inputs=dict,
        run=run,
        after=("reinforce",),
        made=(output,),
        shows={"model": f"the adapter of reinforce, merged into {part.model}"},
    )


def _source(work: Work, source: TaskSource) -> dict[str, Any]:
    return {"file": work.hashes.file(source.file), "language": source.language, "where": source.where}


def _language_key(work: Work, name: str) -> str:
    return key_of(json.loads(work.languages.named(name).model_dump_json()))


def _languages(work: Work, part: Reinforce) -> list[str]:
    return sorted({task.language for task in read_sources((*part.tasks, *part.held_out), work.languages)})
