"""What a person may choose of tuning on instructions, and the job that a recipe makes of it."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

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
