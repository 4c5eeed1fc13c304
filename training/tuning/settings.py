"""What a person may choose of tuning on instructions, and the job that a recipe makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from training.fitting.settings import FitSettings
from training.settings import SettingsModel


class TuneSettings(FitSettings):
    """Tuning on conversations; loss is taken on the answers only."""

    chat_template: Path | None = Field(
        default=None, description="Jinja file, for a model that has none; it is written into the result"
    )


class TuneJob(SettingsModel):
    """One run of it. The result lies in `folder` as a pre-training's does."""

    model: str = Field(description="folder or hub id of the model")
    conversations: Path = Field(
        description='JSON lines {"messages": [{"role", "content"}, ...]}, each ending with the assistant'
    )
    held_out: Path | None = Field(default=None, description="the same, only measured on")
    settings: TuneSettings = Field(description="how")
    folder: Path = Field(description="where it works")
    name: str = Field(default="", description="of the model, in its manifest; default: the folder's")


class PairSettings(SettingsModel):
    """Pairs of documentation and function that are mined from a corpus (the fine-tuning arm of arXiv 2606.16827)."""

    languages: tuple[str, ...] = Field(description="whose documents are read: names of language files", min_length=1)
    seed: int = Field(default=1, description="decides which pairs are taken where there are more, and their order")
    max_pairs: int | None = Field(default=None, description="pairs to train on at most; null: all", ge=1)
    max_held_out: int = Field(default=500, description="pairs to measure on at most", ge=0)
    min_documentation_bytes: int = Field(default=20, description="of what a comment says, its marks not counted", ge=1)
    max_documentation_bytes: int = Field(default=2000, description="longer documentation: no pair", ge=1)
    min_function_bytes: int = Field(default=20, description="of the function without its documentation", ge=1)
    max_function_bytes: int = Field(default=4000, description="longer functions: no pair", ge=1)
    context_bytes: int = Field(
        default=0,
        description="earlier definitions of the file that the function names are shown before it, the nearest first, "
        "up to so many bytes; 0: none",
        ge=0,
    )
    grammar: bool = Field(
        default=True, description="find functions by the grammar, where it is installed; else by layout alone"
    )

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        if self.min_documentation_bytes > self.max_documentation_bytes:
            raise ValueError("min_documentation_bytes is larger than max_documentation_bytes")
        if self.min_function_bytes > self.max_function_bytes:
            raise ValueError("min_function_bytes is larger than max_function_bytes")
        return self
