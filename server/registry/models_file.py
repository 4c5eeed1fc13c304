"""`models.yaml`: which checkpoint or adapter serves which language, with limits.

::

    models:
      house-7b:
        checkpoint: /srv/models/house-7b      # a folder, or an id on the Hugging Face hub
        adapters:
          levy: /srv/adapters/levy            # served as house-7b/levy
      small:
        embedded: true
    default: small
    languages:
      levy: house-7b/levy
    canaries:
      levy: {candidate: house-7b, share: 0.1}

A model's name, or a model's and an adapter's with a slash between, is what languages and canaries point to.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from core.errors import did_you_mean
from core.yaml import load_yaml_model, parse_yaml_model

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Target = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(/[A-Za-z0-9][A-Za-z0-9._-]{0,63})?$")]
Language = Annotated[str, Field(min_length=1, max_length=64)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SmokePrompt(_Part):
    """A completion that a model must manage before it is put in service."""

    language: Language = Field(default="text", description="of the prompt")
    prefix: str = Field(description="text before the cursor", min_length=1)
    suffix: str = Field(default="", description="text after the cursor")
    expect: str = Field(default="", description="a regular expression that the answer must contain; empty: any answer")


DEFAULT_SMOKE = (SmokePrompt(prefix="# The sum of two numbers.\ndef add(a, b):\n    return "),)


class ModelEntry(_Part):
    """One model, with an engine of its own."""

    checkpoint: str | None = Field(default=None, description="a model folder, or an id on the Hugging Face hub")
    embedded: bool = Field(default=False, description="the model that comes with this server, in place of `checkpoint`")
    engine: str | None = Field(default=None, description="name of an engine; none: the server's")
    engine_options: dict[str, JsonValue] = Field(
        default_factory=dict, description="options of the engine, over the server's"
    )
    template: str | None = Field(default=None, description="fill-in-the-middle template; none: the model's own")
    typing_layout: Literal["prefix", "middle"] | None = Field(default=None, description="none: the model's own")
    healing: bool = Field(default=True, description="whether the token at the cursor is taken back")
    adapters: dict[Name, Path] = Field(default_factory=dict, description="name -> folder of a LoRA adapter")
    slots: int | None = Field(
        default=None,
        description="requests in the engine at once, more wait; none: as many as it computes at once",
        ge=1,
    )
    max_waiting: int = Field(default=256, description="requests that wait; more are refused", ge=0)
    wait_ms: float = Field(default=400, description="how long a typist's request waits at most", ge=0)
    batch_wait_s: float = Field(default=60, description="how long a batch's request waits at most", ge=0)
    smoke: tuple[SmokePrompt, ...] = Field(default=DEFAULT_SMOKE, description="what it must manage before it serves")

    @model_validator(mode="after")
    def _one_model(self) -> Self:
        if self.embedded == (self.checkpoint is not None):
            raise ValueError("give either checkpoint or embedded: true")
        return self


class CanaryPolicy(_Part):
    """A candidate that some users get, and when that ends. Error rates: see `server.registry.sequential`."""

    candidate: Target = Field(description="the model, or model/adapter, that is tried")
    share: float = Field(default=0.1, description="share of the users that get it", gt=0, le=0.5)
    decide: Literal["automatically", "by hand"] = Field(
        default="automatically", description="whether it is promoted or rolled back by itself once the test is sure"
    )
    alpha: float = Field(default=0.05, description="chance of a wrong decision, at most", gt=0, lt=0.5)
    margin: float = Field(
        default=0.02, description="promoted once its acceptance is surely above the incumbent's less this", ge=0, lt=1
    )
    slower: float = Field(
        default=1.25, description="rolled back where its median latency is surely above so many times"
    )
    since: str | None = Field(
        default=None, description="offers from this time on count, in ISO 8601; none: from the server's start"
    )
    least_offered: int = Field(default=200, description="offers to each side before anything is decided", ge=1)

    @field_validator("since")
    @classmethod
    def _a_time(cls, value: str | None) -> str | None:
        if value is not None:
            datetime.fromisoformat(value)
        return value

    def since_s(self, otherwise: float) -> float:
        """The time from which offers count, in seconds since 1970; without a zone it is UTC."""
        if self.since is None:
            return otherwise
        since = datetime.fromisoformat(self.since)
        return (since if since.tzinfo else since.replace(tzinfo=UTC)).timestamp()


class ModelsFile(_Part):
    """The whole file."""

    models: dict[Name, ModelEntry] = Field(description="name -> model", min_length=1)
    default: Target | None = Field(default=None, description="serves each language without an entry; none: the first")
    languages: dict[Language, Target] = Field(default_factory=dict, description="language -> model or model/adapter")
    canaries: dict[Language, CanaryPolicy] = Field(default_factory=dict, description="language -> candidate")

    @property
    def first(self) -> str:
        """What serves a language without an entry."""
        return self.default or next(iter(self.models))

    @property
    def targets(self) -> tuple[str, ...]:
        """Everything that can be pointed to."""
        return tuple(self._targets())

    def _targets(self) -> Iterator[str]:
        for name, entry in self.models.items():
            yield name
            yield from (f"{name}/{adapter}" for adapter in entry.adapters)

    @model_validator(mode="after")
    def _targets_exist(self) -> Self:
        known = self.targets
        wanted = {f"languages.{language}": target for language, target in self.languages.items()}
        wanted |= {f"canaries.{language}.candidate": canary.candidate for language, canary in self.canaries.items()}
        if self.default is not None:
            wanted["default"] = self.default
        for where, target in wanted.items():
            if target not in known:
                hint = did_you_mean(target, known) or f"; known: {', '.join(known)}"
                raise ValueError(f"{where} names {target!r}, which is no model here{hint}")
        return self


def read_models_file(path: Path) -> ModelsFile:
    """The file, relative folders being relative to it. Raises `ConfigError`."""
    return _resolved(load_yaml_model(path, ModelsFile), path.parent)


def parse_models_file(text: str, path: Path) -> ModelsFile:
    """As `read_models_file`, from the text that the file is to have."""
    return _resolved(parse_yaml_model(text, str(path), ModelsFile), path.parent)


def _resolved(file: ModelsFile, folder: Path) -> ModelsFile:
    def entry(found: ModelEntry) -> ModelEntry:
        checkpoint = found.checkpoint
        if checkpoint is not None and (checkpoint.startswith((".", "~")) or (folder / checkpoint).is_dir()):
            checkpoint = str((folder / Path(checkpoint).expanduser()).resolve())
        adapters = {name: (folder / path.expanduser()).resolve() for name, path in found.adapters.items()}
        return found.model_copy(update={"checkpoint": checkpoint, "adapters": adapters})

    return file.model_copy(update={"models": {name: entry(found) for name, found in file.models.items()}})
