"""What all stages of a run share: the recipe, the run's folder, the parents, and who does the work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from core.language_files import LanguageRegistry, load_languages
from training.fitting.settings import FREE, FitSettings
from training.pipeline.folder import RunFolder
from training.pipeline.hashes import Hashes
from training.pipeline.recipe import Recipe
from training.pipeline.tools import Tools
from training.reinforcement.settings import ReinforceSettings


@dataclass(frozen=True)
class Work:
    """`parents`: base, and instruct where the recipe has one. `template`: that of holes, where pre-training has any."""

    recipe: Recipe
    run: RunFolder
    parents: Mapping[str, Path]
    template: str
    hashes: Hashes
    tools: Tools

    @cached_property
    def languages(self) -> LanguageRegistry:
        """The languages that benchmarks are run in."""
        return load_languages(self.recipe.language_folders)

    def folder_of(self, model: str) -> Path:
        """Where a model lies, or will lie."""
        match model:
            case "base" | "instruct":
                return self.parents[model]
            case "transferred":
                return self.run.model
            case "pretrained":
                return self._fitted("pretrain", self.recipe.pretrain, model)
            case "instruct-pretrained":
                return self._fitted("pretrain-instruct", self.recipe.pretrain, model)
            case "tuned":
                return self._fitted("tune", self.recipe.tune, model)
            case "reinforced":
                return self._fitted("reinforce", self.recipe.reinforce, model)
        raise AssertionError(model)

    def stage_of(self, model: str) -> str:
        """The stage that makes a model; empty: it is there."""
        match model:
            case "base" | "instruct":
                return ""
            case "transferred":
                return "transfer"
        if self.folder_of(model).parent.parent.name == "merged":
            return f"merged/{model}"
        stages = {"instruct-pretrained": "pretrain-instruct", "tuned": "tune", "reinforced": "reinforce"}
        return {"pretrained": "pretrain", **stages}[model]

    def _fitted(self, stage: str, settings: FitSettings | ReinforceSettings | None, model: str) -> Path:
        if settings is not None and settings.lora is not None:
            return self.run.stage(f"merged/{model}") / "model"
        return self.run.stage(stage) / "model"


def fit_inputs(settings: FitSettings) -> dict[str, Any]:
    """The settings that decide a fitting's result."""
    return settings.model_dump(mode="json", exclude=set(FREE))
