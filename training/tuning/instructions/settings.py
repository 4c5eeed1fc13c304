"""What a person may choose of the conversations that are written by program: a recipe file such as `instruct.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from core.errors import RecipeError, UnknownNameError
from core.yaml import load_yaml_model
from training.settings import SettingsModel, Share
from training.tuning.instructions.languages import PRINTERS


class Amounts(SettingsModel):
    """How many conversations to train on, by what they teach."""

    simple: int = Field(default=14_000, description="very short functions: names, numbers and texts to copy", ge=0)
    functions: int = Field(default=22_000, description="charges, cases, lists: sentences that become code", ge=0)
    edits: int = Field(default=4_000, description="code to be changed in one place, all else copied", ge=0)
    pairs: int = Field(default=8_000, description="documented functions of the corpus", ge=0)
    forms: int = Field(default=12_000, description="answers in a form that is asked for", ge=0)


class InstructionSettings(SettingsModel):
    """A recipe of instructions."""

    seed: int = Field(description="decides everything, together with the corpus")
    languages: dict[str, float] = Field(description="languages by their share; they need printers", min_length=1)
    amounts: Amounts = Field(default=Amounts(), description="how many conversations of each kind")
    held_out: int = Field(default=1_000, description="more conversations of all kinds, only measured on", ge=0)
    invented: Share = Field(default=0.4, description="share of names that hold an invented word")
    max_bytes: int = Field(
        default=1_500, description="texts of a conversation together; longer ones are left out", ge=400
    )
    max_function_bytes: int = Field(default=700, description="of a function that is taken from the corpus", ge=50)
    pairs_per_document: int = Field(default=3, description="functions that one document gives at most", ge=1)

    @model_validator(mode="after")
    def _printed(self) -> Self:
        for name, share in self.languages.items():
            if name not in PRINTERS:
                raise ValueError(str(UnknownNameError("language of instructions", name, PRINTERS)))
            if share <= 0:
                raise ValueError(f"the share of {name} is {share}; it must be more than 0")
        return self


def read_instruction_settings(path: Path) -> InstructionSettings:
    """Read a recipe. Raises `RecipeError`, one line with file, line and key."""
    return load_yaml_model(path, InstructionSettings, RecipeError)
