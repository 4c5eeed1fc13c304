"""The schema of a training recipe.

A recipe is one YAML file. Everything that decides the result stands in it: packages with their versions, seeds,
sizes, rates. An unknown key is refused with file, line and the nearest right key. Two recipes with equal text give
equal corpora; on one machine and one set of library versions also equal weights.

Stages are optional fields of `Recipe`, run in the order of their declaration; a later stage is one more field.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from core.errors import RecipeError
from core.yaml import load_yaml_model
from training.settings import OptimizerPart, SettingsModel, Share

Language = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]


class SourceGroup(SettingsModel):
    """Packages of one registry that hold code of one language."""

    registry: Literal["pypi", "npm", "apt"] = Field(description="whose client fetches the packages")
    language: Language = Field(description="language of the files that are taken")
    suffixes: tuple[str, ...] = Field(description="file name endings that are taken, such as `.py`", min_length=1)
    layout: Literal["files", "moonpad"] = Field(
        default="files",
        description="`files`: the archive holds the files; `moonpad`: MoonBit's core library in a bundle",
    )
    packages: tuple[str, ...] = Field(description="NAME==VERSION, one exact version each", min_length=1)
    held_out: tuple[str, ...] = Field(
        default=(),
        description="names of packages that are only measured on; with `moonpad`, directories of the core library",
    )

    @model_validator(mode="after")
    def _exact_versions(self) -> SourceGroup:
        for package in self.packages:
            name, _, version = package.rpartition("==")
            if not name or not version:
                raise ValueError(f"package {package!r} has no exact version; write NAME==VERSION")
        names = {package.rpartition("==")[0] for package in self.packages}
        if self.layout == "files" and (unknown := sorted(set(self.held_out) - names)):
            raise ValueError(f"held_out names no package of this group: {', '.join(unknown)}")
        return self


class CorpusStage(SettingsModel):
    """Which files become training and held-out documents."""

    seed: int = Field(description="decides which files are kept where a package is larger than its cap")
    sources: tuple[SourceGroup, ...] = Field(description="packages, by registry and language", min_length=1)
    licences: tuple[str, ...] = Field(description="SPDX identifiers that are accepted; all others are left out")
    min_file_bytes: int = Field(default=200, description="shorter files are dropped", ge=1)
    max_file_bytes: int = Field(default=200_000, description="longer files are dropped", ge=1)
    max_line_bytes: int = Field(default=400, description="files with a longer line are dropped", ge=40)
    max_package_bytes: int = Field(default=1_500_000, description="a package gives at most so much text", ge=1)
    near_duplicate_similarity: Share = Field(
        default=0.7, description="estimated Jaccard similarity from which two files count as near-duplicates"
    )
    minhash_permutations: int = Field(default=64, description="length of a MinHash signature", ge=16, le=256)


class TokenizerPart(SettingsModel):
    """A byte-level BPE tokenizer, trained on the training documents."""

    vocabulary_tokens: int = Field(description="size of the vocabulary with the special tokens", ge=512, le=65_536)
    sample_bytes: int = Field(description="text that the merges are learned from, over all languages", ge=10_000)
    repeats: dict[Language, int] = Field(
        default={}, description="how often a language's sample is counted, so that a small one's words become tokens"
    )


class ModelPart(SettingsModel):
    """Shape of the model (Llama architecture, tied embeddings)."""

    hidden: int = Field(description="width of the residual stream", ge=32)
    layers: int = Field(description="number of decoder layers", ge=1)
    heads: int = Field(description="query heads", ge=1)
    key_value_heads: int = Field(description="key and value heads", ge=1)
    intermediate: int = Field(description="width of the feed-forward layer", ge=32)
    max_positions: int = Field(default=2048, description="longest context in tokens", ge=64)
    rope_theta: float = Field(default=10_000.0, description="base of the rotary position encoding", gt=0)

    @model_validator(mode="after")
    def _divisible(self) -> ModelPart:
        if self.hidden % self.heads or self.heads % self.key_value_heads:
            raise ValueError("hidden must be a multiple of heads, and heads of key_value_heads")
        return self


class ExamplesPart(SettingsModel):
    """How documents become examples. Rates are shares of examples."""

    mix: dict[Language, float] = Field(description="share of each language, by tokens; shares are normalised")
    fim_rate: Share = Field(description="examples with a hole; the others are read left to right")
    spm_rate: Share = Field(description="of those with a hole: suffix-prefix-middle; the others prefix-suffix-middle")
    joint_rate: Share = Field(
        description="of suffix-prefix-middle: prefix and middle tokenized as one text, as token healing sees them"
    )
    line_rate: Share = Field(description="of those with a hole: the middle lies within one line")
    block_rate: Share = Field(description="of those with a hole: the middle is a few whole lines")
    context_rate: Share = Field(description="examples with pieces of other files of the package before the file")
    short_rate: Share = Field(default=0.25, description="examples that get only a part of the room, so that rows mix")

    @model_validator(mode="after")
    def _shares(self) -> ExamplesPart:
        if self.line_rate + self.block_rate > 1:
            raise ValueError("line_rate and block_rate together are above 1")
        if not self.mix or min(self.mix.values()) < 0 or sum(self.mix.values()) <= 0:
            raise ValueError("mix needs at least one share above 0, and none below")
        return self


class Phase(SettingsModel):
    """A part of the training, up to where the next one begins: what it is shown, in rows of which length."""

    from_tokens: int = Field(default=0, description="tokens after which the phase begins", ge=0)
    row_tokens: int = Field(default=512, description="length of a row", ge=32)
    examples: ExamplesPart = Field(description="how documents become examples")


class PretrainStage(SettingsModel):
    """Training from nothing on the corpus."""

    seed: int = Field(description="decides the first weights, and each example")
    tokenizer: TokenizerPart = Field(description="the tokenizer")
    model: ModelPart = Field(description="the model's shape")
    phases: tuple[Phase, ...] = Field(description="what the model is shown; the first phase begins at 0", min_length=1)
    optimizer: OptimizerPart = Field(default=OptimizerPart(), description="optimizer and schedule")
    template: Literal["embedded-psm", "embedded-spm"] = Field(
        default="embedded-spm", description="fill-in-the-middle template that the model is served with"
    )
    total_tokens: int = Field(description="tokens to train on, padding counted", ge=1)
    restarts_at_tokens: tuple[int, ...] = Field(
        default=(), description="where the learning rate, having fallen to 0 as at the end, rises to its peak again"
    )
    tokens_per_step: int = Field(default=8192, description="tokens of one optimizer step", ge=64)
    tokens_per_microstep: int = Field(default=2048, description="tokens of one forward pass", ge=64)
    evaluate_every_tokens: int = Field(default=1_000_000, description="tokens between held-out measurements", ge=1)
    save_every_tokens: int = Field(default=500_000, description="tokens between checkpoints", ge=1)
    threads: int = Field(default=2, description="CPU threads", ge=1)
    compile: bool = Field(default=True, description="use torch.compile (needs a C++ compiler)")

    @model_validator(mode="after")
    def _whole_rows(self) -> PretrainStage:
        if self.tokens_per_step % self.tokens_per_microstep:
            raise ValueError("tokens_per_step must be a multiple of tokens_per_microstep")
        for phase in self.phases:
            if self.tokens_per_microstep % phase.row_tokens:
                raise ValueError("tokens_per_microstep must be a multiple of each phase's row_tokens")
            if phase.row_tokens > self.model.max_positions:
                raise ValueError("rows must not be longer than model.max_positions")
        begins = [phase.from_tokens for phase in self.phases]
        if begins[0] != 0 or begins != sorted(set(begins)):
            raise ValueError("the first phase begins at 0, and each later one after the one before it")
        if any(a >= b for a, b in pairwise((0, *self.restarts_at_tokens, self.total_tokens))):
            raise ValueError("restarts_at_tokens must rise, and stay between 0 and total_tokens")
        return self

    @property
    def total_steps(self) -> int:
        """Optimizer steps, at least 1."""
        return max(1, self.total_tokens // self.tokens_per_step)

    @property
    def cycle_steps(self) -> tuple[int, ...]:
        """Step (from 0) before which each fall of the learning rate ends; the last is `total_steps`."""
        return (*(tokens // self.tokens_per_step for tokens in self.restarts_at_tokens), self.total_steps)


class Recipe(SettingsModel):
    """One recipe: a name, the library versions it was made with, and its stages."""

    name: str = Field(description="name of the model", pattern=r"^[A-Za-z0-9._-]+$")
    versions: dict[str, str] = Field(
        default={}, description="library versions that the recipe was run with; others are warned about"
    )
    corpus: CorpusStage = Field(description="which files become documents")
    pretrain: PretrainStage = Field(description="training from nothing")


def load_recipe(path: Path) -> Recipe:
    """Read a recipe. Raises `RecipeError` with one line: file, line, key, and what would be right."""
    return load_yaml_model(path, Recipe, RecipeError)
