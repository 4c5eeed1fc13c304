"""What a fitting leaves behind beside the model: `fit.json`, and the model's `vernacular.json`."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

from pydantic import Field

from core.checkpoint import MANIFEST, CorpusRecord, CurvePoint, Manifest, model_files_sha256
from core.files import write_atomically
from core.transfer_record import ParentRecord
from server.models.checks import context_limit, read_config
from training.curve import read_curve
from training.provenance import installed_versions, machine
from training.settings import SettingsModel

FIT = "fit.json"
_MAX_POINTS = 60


class FitRecord(SettingsModel):
    """How a fitting went."""

    steps: int = Field(description="optimizer steps")
    tokens: int = Field(description="tokens seen, padding not counted")
    total_tokens: int = Field(description="tokens that all epochs hold; more than `tokens` after an early end")
    seconds_s: float = Field(description="time of the steps, over all interruptions, in seconds")
    tokens_per_s: float = Field(description="speed of the steps; 0: too few to measure it")
    ended: str = Field(description="all steps, or early: no better measurement for as long as `patience` says")
    best_step: int = Field(description="step with the lowest bits per byte")
    bits_per_byte: dict[str, float] = Field(description="group of held-out texts -> bits per byte, at the model's step")
    model_step: int = Field(description="step whose weights the model has")
    peak_memory_bytes: int = Field(description="of the process, since it last started")
    peak_gpu_memory_bytes: int = Field(default=0, description="of the GPU, since then")
    device: str = Field(description="what it ran on")
    rows: dict[str, int] = Field(description="counts of rows, sequences and tokens")
    pass_rate: float | None = Field(default=None, description="of held-out tasks, at the model's step; with rewards")
    added_tokens: int = Field(default=0, description="tokens added to the vocabulary")


def read_record(folder: Path) -> FitRecord | None:
    """The record of a finished fitting; `None` where it is not finished."""
    path = folder / FIT
    return FitRecord.model_validate_json(path.read_bytes()) if path.exists() else None


def write_record(folder: Path, record: FitRecord) -> None:
    """Write `fit.json`."""
    write_atomically(folder / FIT, record.model_dump_json(indent=1) + "\n")


def training_time(curve: Path) -> tuple[float, int]:
    """Time of the steps by the curve's own speeds, in seconds, and the tokens that were learned from in it.

    What was done before an interruption counts; what comes after the last speed does not.
    """
    seconds, before = 0.0, 0
    for point in read_curve(curve):
        if "tokens_per_s" in point:
            seconds += (point["tokens"] - before) / max(point["tokens_per_s"], 1)
            before = point["tokens"]
    return seconds, before


def write_manifest(
    model: Path,
    parent: Path,
    name: str,
    settings: str,
    seed: int,
    record: FitRecord,
    curve: Path,
    parameters: int,
    bytes_per_token: dict[str, float],
    template: str,
    corpus: CorpusRecord,
) -> None:
    """Write the manifest of `model`, which was trained from `parent`; hashes are of the files that lie there now."""
    points = [point for point in read_curve(curve) if "bits_per_byte" in point]
    every = max(1, -(-len(points) // _MAX_POINTS))
    kept = (*points[:-1:every], *points[-1:])
    all_bytes = bytes_per_token.get("all", 0.0)
    manifest = Manifest(
        name=name,
        template=template,
        bytes_per_token=round(all_bytes, 3),
        bytes_per_token_by_language={k: round(v, 3) for k, v in bytes_per_token.items() if k != "all"},
        parameters=parameters,
        context_tokens=context_limit(read_config(model), model),
        recipe=settings,
        recipe_sha256=hashlib.sha256(settings.encode()).hexdigest(),
        corpus=corpus,
        seeds={"fit": seed},
        versions=installed_versions(),
        trained_tokens=record.tokens,
        complete=True,
        machine=machine(),
        finished=dt.datetime.now(dt.UTC).date().isoformat(),
        curve=tuple(CurvePoint(tokens=point["tokens"], bits_per_byte=point["bits_per_byte"]) for point in kept),
        files_sha256=model_files_sha256(model),
        trained_from=ParentRecord(name=parent.name, files_sha256=model_files_sha256(parent)),
    )
    write_atomically(model / MANIFEST, manifest.model_dump_json(indent=1) + "\n")
