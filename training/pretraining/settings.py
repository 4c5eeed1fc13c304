"""What a person may choose of continued pre-training, and the job that a recipe makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from training.fitting.settings import FitSettings
from training.settings import SettingsModel, Share


class FimSettings(SettingsModel):
    """Fill in the middle at character level (Bavarian et al., arXiv 2207.14255), in the model family's template."""

    rate: Share = Field(default=0.5, description="share of code documents that get a hole; 0: none")
    template: str | None = Field(default=None, description="name of the template; null: by the model's own word")
    line_rate: Share = Field(default=0.4, description="of the holes: within one line")
    block_rate: Share = Field(default=0.2, description="of the holes: a few whole lines; the rest is any span")


class NewTokens(SettingsModel):
    """Tokens that are added to the vocabulary."""

    tokens: tuple[str, ...] = Field(description="their texts", min_length=1)
    start: Literal["pieces", "mean"] = Field(
        default="pieces", description="first value: the mean of the rows of its pieces, or of all rows"
    )


class PretrainSettings(FitSettings):
    """Continued pre-training."""

    fim: FimSettings = Field(default=FimSettings(), description="holes")
    repeats: dict[str, Annotated[int, Field(ge=0)]] = Field(
        default={},
        description="language -> times that its documents are seen in an epoch, 0: never; `text` is documentation",
    )
    replay_share: float = Field(default=0.0, description="share of the tokens from the replay corpus", ge=0, lt=1)
    new_tokens: NewTokens | None = Field(default=None, description="added to the vocabulary")


class PretrainJob(SettingsModel):
    """One run of it. The result lies in `folder`: `model/` or, with LoRA, `adapter/`; `curve.jsonl`, `fit.json`."""

    model: str = Field(description="folder or hub id of the model")
    corpus: Path = Field(description="folder that `vernacular corpus build` made")
    replay: Path | None = Field(default=None, description="the same of general code, to keep what the model knew")
    settings: PretrainSettings = Field(description="how")
    folder: Path = Field(description="where it works")
    name: str = Field(default="", description="of the model, in its manifest; default: the folder's")
