"""The schema of `vernacular synthesise RECIPE.yaml`: who is asked, by which methods, and what is kept.

Paths are relative to the recipe's file. A method is run if its key is there; one that is not known is refused with its
line and the nearest right one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from core.errors import RecipeError, VernacularError
from core.sandbox import Limits
from core.yaml import load_yaml_model
from evaluation.running.evaluate import ModelChoice
from training.corpora.settings import Decontamination
from training.pipeline.parts import Execution, Name
from training.settings import SettingsModel, Share, path_at, with_paths
from training.synthesis.parts import Combine, Evolve, FromTasks, InverseInstruct, MultiplT, Reverse, Sample


class SynthesisError(VernacularError):
    """Nothing can be made: the model's answers are of no use, no source has anything, or the disk is full."""


class Prices(SettingsModel):
    """Money for a million tokens, in whatever currency."""

    input: float = Field(description="of prompts", ge=0)
    output: float = Field(description="of answers", ge=0)


class Synthesis(SettingsModel):
    """One recipe for data that runs."""

    name: Name = Field(description="name of the data")
    model: ModelChoice | None = Field(default=None, description="who is asked")
    prices: Prices | None = Field(default=None, description="what that costs")
    language_folders: tuple[Path, ...] = Field(default=(), description="folders with language files of one's own")
    seed: int = Field(default=1, description="of all that is drawn, and of what is held out")
    temperature: float = Field(default=0.8, description="0 is greedy", ge=0)
    max_new_tokens: int = Field(default=1024, description="upper bound on an answer's tokens", ge=1)
    concurrency: int = Field(default=32, description="answers asked for at once", ge=1)
    give_up_after: int = Field(
        default=32, description="stop where the first so many answers of a method hold no code", ge=1
    )
    sandbox: Literal["bubblewrap", "none"] = Field(default="bubblewrap", description="where programs run")
    limits: Execution = Field(default=Execution(), description="of each execution")
    sample: Sample | None = Field(default=None, description="answers to tasks, kept if they pass")
    multipl_t: MultiplT | None = Field(default=None, description="documented functions that pass written tests")
    inverse_instruct: InverseInstruct | None = Field(default=None, description="functions, and their instructions")
    reverse: Reverse | None = Field(default=None, description="programs, inputs, outputs, then the statement")
    evolve: Evolve | None = Field(default=None, description="tasks changed or made harder")
    combine: Combine | None = Field(default=None, description="two tasks made into one")
    similarity: float | None = Field(
        default=0.7,
        description="estimated Jaccard similarity from which two tasks are near duplicates; null: none are",
        gt=0.1,
        le=0.95,
    )
    decontamination: Decontamination = Field(default=Decontamination(), description="benchmarks to keep out")
    held_out: Share = Field(default=0.05, description="expected share of groups of tasks that are only measured on")

    @model_validator(mode="after")
    def _asks_somebody(self) -> Self:
        if not self.methods:
            raise ValueError(f"names no method; name one of {', '.join(METHODS)}")
        if self.model is None and self.asks:
            raise ValueError("nobody is named to be asked; write `model: {endpoint: URL}` or `model: {model: FOLDER}`")
        if self.sample and self.sample.benchmarks and self.sample.samples > 1 and self.temperature == 0:
            raise ValueError(f"{self.sample.samples} samples of a greedy answer are the same; set temperature, say 0.8")
        for name in ("evolve", "combine"):
            part: FromTasks | None = getattr(self, name)
            if part and not part.tasks and not (part.made and self.methods[0] != name):
                raise ValueError(
                    f"{name} has no tasks to begin with; name files as {name}.tasks, or a method before it"
                )
        return self

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods that are run, in their order."""
        return tuple(name for name in METHODS if getattr(self, name) is not None)

    @property
    def asks(self) -> bool:
        """Whether a model is needed."""
        return self.methods != ("sample",) or bool(self.sample and self.sample.benchmarks)

    def execution_limits(self) -> Limits:
        """What one execution may use."""
        return Limits(cpu_s=self.limits.cpu_s, wall_s=self.limits.wall_s, memory_mib=self.limits.memory_mib)


METHODS = ("sample", "multipl_t", "inverse_instruct", "reverse", "evolve", "combine")
"""Keys of the recipe that are methods, in the order in which they are run."""


def load_synthesis(path: Path) -> Synthesis:
    """Read a recipe and resolve its paths. Raises `RecipeError` with file, line and the nearest right key."""
    read = load_yaml_model(path, Synthesis, RecipeError)
    base = path.parent
    settings: Synthesis = with_paths(read, base)
    benchmarks = tuple(
        item.model_copy(update={"file": str(path_at(base, Path(item.file)))})
        for item in settings.decontamination.benchmarks
    )
    changes: dict[str, object] = {
        "decontamination": settings.decontamination.model_copy(update={"benchmarks": benchmarks})
    }
    if settings.model and settings.model.model and not settings.model.endpoint:
        folder = path_at(base, Path(settings.model.model))
        if folder.exists():
            changes["model"] = settings.model.model_copy(update={"model": str(folder)})
    return settings.model_copy(update=changes)
