"""`vernacular.json`: what a checkpoint was made from, how, how it scored, and what the gate said of it.

It lies in the model folder beside the weights. Guarantee: `verify` tells an intact folder from one whose files were
changed or cut short since the manifest was written. Not guaranteed: that the manifest itself is honest; hashes in the
same folder prove no more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import CheckpointError
from core.files import write_atomically
from core.gate_record import GateRecord
from core.transfer_record import ParentRecord, TransferRecord

MANIFEST = "vernacular.json"
_MODEL_FILES = (".safetensors", ".json", ".jinja", ".model", ".txt")
_OF_A_TRAINING = (
    *("template", "bytes_per_token", "recipe", "recipe_sha256", "corpus", "seeds", "versions", "trained_tokens"),
    *("complete", "machine", "finished"),
)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CorpusRecord(_Part):
    """The documents that a model was trained and measured on."""

    files_sha256: dict[str, str] = Field(default={}, description="JSONL file -> SHA-256")
    train_bytes: dict[str, int] = Field(default={}, description="language -> bytes of training text")
    held_out_files: dict[str, int] = Field(default={}, description="language -> files that are only measured on")


class CurvePoint(_Part):
    """One held-out measurement during the training."""

    tokens: int = Field(description="tokens trained on so far, padding counted", ge=0)
    bits_per_byte: dict[str, float] = Field(description="language -> bits per UTF-8 byte on held-out documents")


class Score(_Part):
    """One proposer's means over the positions of one language and kind."""

    language: str = Field(description="language of the held-out files")
    kind: str = Field(description="single-line or multi-line")
    predictor: str = Field(description="the model's template, or the name of a baseline")
    positions: int = Field(description="positions asked", ge=1)
    files: int = Field(description="files that they lie in", ge=1)
    exact: float = Field(description="share of exact matches, 0 to 1")
    edit: float = Field(description="mean edit similarity, 0 to 1")


class Difference(_Part):
    """`first - second` on the same positions, with the 95 % interval of a paired bootstrap over files."""

    language: str = Field(description="language of the held-out files")
    kind: str = Field(description="single-line or multi-line")
    measure: str = Field(description="exact or edit")
    first: str = Field(description="a predictor")
    second: str = Field(description="another predictor")
    mean: float = Field(description="mean difference")
    low: float = Field(description="lower end of the interval")
    high: float = Field(description="upper end of the interval")
    real: bool = Field(description="whether the interval lies on one side of zero")


class Manifest(_Part):
    """The whole of `vernacular.json`.

    A checkpoint that was trained here says all of its training. One that was made of others has a `transfer`; what is
    said of a training is then its pretrained parent's, as far as that has a manifest, and empty where nobody knows.
    """

    format: int = Field(default=1, description="version of this format")
    name: str = Field(description="name of the model")
    template: str = Field(default="", description="fill-in-the-middle template that it is served with")
    bytes_per_token: float = Field(
        default=0, description="UTF-8 bytes of held-out code per token, all languages together; 0: not known", ge=0
    )
    bytes_per_token_by_language: dict[str, float] = Field(default={}, description="the same by language")
    parameters: int = Field(description="parameters, tied ones counted once", ge=1)
    context_tokens: int = Field(description="longest context", ge=1)
    recipe: str = Field(default="", description="text of the recipe")
    recipe_sha256: str = Field(default="", description="of that text in UTF-8")
    corpus: CorpusRecord = Field(default=CorpusRecord(), description="the documents")
    seeds: dict[str, int] = Field(default={}, description="stage -> seed")
    versions: dict[str, str] = Field(default={}, description="library -> version that ran")
    trained_tokens: int = Field(default=0, description="tokens trained on, padding counted", ge=0)
    complete: bool = Field(
        default=True, description="whether the run reached its end, with the decay of the learning rate"
    )
    machine: str = Field(default="", description="what it was trained on, in words")
    finished: str = Field(default="", description="date in ISO 8601")
    curve: tuple[CurvePoint, ...] = Field(default=(), description="held-out bits per byte over tokens")
    scores: tuple[Score, ...] = Field(default=(), description="fill in the middle on held-out files")
    differences: tuple[Difference, ...] = Field(default=(), description="the model against the baselines")
    files_sha256: dict[str, str] = Field(description="file of this folder -> SHA-256")
    trained_from: ParentRecord | None = Field(default=None, description="the checkpoint that the training went on from")
    transfer: TransferRecord | None = Field(default=None, description="what it was made of; none: it was trained here")
    gate: GateRecord | None = Field(default=None, description="the gate's verdict; none: it was not judged")

    @model_validator(mode="after")
    def _says_how_it_was_made(self) -> Manifest:
        lacking = [name for name in _OF_A_TRAINING if name not in self.model_fields_set]
        if self.transfer is None and lacking:
            raise ValueError(f"no transfer, and of the training it lacks {', '.join(lacking)}")
        return self


def read_manifest(folder: Path) -> Manifest:
    """Read a folder's manifest. Raises `CheckpointError`, one line, where it is missing or malformed."""
    path = folder / MANIFEST
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except OSError:
        raise CheckpointError(f"{path}: cannot be read; every checkpoint of Vernacular has one") from None
    except ValidationError as problems:
        first = problems.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise CheckpointError(f"{path}: {where}: {first['msg'].lower()}") from None


def raw_manifest(folder: Path) -> dict[str, Any]:
    """What a folder's manifest says, unchecked, for who needs a word of it; empty where there is none.

    Raises `CheckpointError`, one line, where it cannot be read.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:
        raise CheckpointError(f"{path} is not readable JSON ({problem}); copy it again, or remove it") from None
    return manifest if isinstance(manifest, dict) else {}


def verify(folder: Path, known: Mapping[str, str] | None = None) -> None:
    """Compare the folder's files with its manifest. Raises `CheckpointError`, naming the first that differs.

    `known` are hashes that were just taken, of files that need not be read again.
    """
    for name, expected in read_manifest(folder).files_sha256.items():
        path = folder / name
        if not path.is_file():
            raise CheckpointError(f"{path}: missing; {MANIFEST} lists it")
        if (known or {}).get(name, "") != expected and file_sha256(path) != expected:
            raise CheckpointError(f"{path}: is not the file that {MANIFEST} was written for (SHA-256 differs)")


def write_gate(folder: Path, record: GateRecord) -> None:
    """Put the gate's verdict into the folder's manifest, in place of an older one.

    Raises `CheckpointError`, one line, where the manifest cannot be read or written.
    """
    manifest = read_manifest(folder).model_copy(update={"gate": record.sealed()})
    try:
        write_atomically(folder / MANIFEST, manifest.model_dump_json(indent=1) + "\n")
    except OSError as problem:
        reason = (problem.strerror or "error").lower()
        raise CheckpointError(f"{folder / MANIFEST}: cannot be written ({reason})") from None


def model_files(folder: Path) -> list[Path]:
    """What decides a model's answers: weights, configuration, tokenizer, chat template. Raises `OSError`."""
    files = [path for path in sorted(folder.iterdir()) if path.suffix in _MODEL_FILES and path.name != MANIFEST]
    return [path for path in files if path.is_file()]


def model_files_sha256(folder: Path) -> dict[str, str]:
    """File name -> SHA-256 of what decides a model's answers. Raises `OSError`."""
    return {path.name: file_sha256(path) for path in model_files(folder)}


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
