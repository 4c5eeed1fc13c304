"""What is fitted to what, and how it ends: the model in its folder, the manifest, the plot, the record."""

from __future__ import annotations

import json
import math
import os
import resource
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from transformers import AutoModelForCausalLM, PreTrainedModel

from core.checkpoint import CorpusRecord
from core.errors import ConfigError, TrainingError
from training.curve import read_curve
from training.fitting.heldout import HeldOutTexts
from training.fitting.models import AddedTokens, load_model, save_model
from training.fitting.packing import Rows
from training.fitting.record import FitRecord, training_time, write_manifest, write_record
from training.fitting.sequences import TokenSequence
from training.fitting.settings import FitSettings
from training.plot import plot_curve


@dataclass(frozen=True, slots=True)
class Work:
    """What is fitted to what."""

    model: Path
    settings: FitSettings
    sequences: Callable[[int], Iterable[TokenSequence]]
    held_out: HeldOutTexts
    folder: Path
    name: str
    """Of the model, in its manifest."""
    inputs: str
    """What decides `sequences` and `held_out`, beside the settings: a hash, say."""
    added: AddedTokens | None = None
    template: str = ""
    corpus: CorpusRecord = field(default_factory=CorpusRecord)
    recipe: str = ""
    """What the manifest says of how it was made, as JSON; empty: the settings."""
    finish: Callable[[Path], None] = lambda _: None
    """Puts what else belongs there into the model's folder."""

    @property
    def made(self) -> Path:
        """The folder of the model, or of its adapter."""
        return self.folder / ("adapter" if self.settings.lora else "model")

    def checkpoint(self, ended: dict[str, Any]) -> Path:
        """The checkpoint that counts, of a training that ended so."""
        return self.folder / "steps" / f"checkpoint-{ended['best' if self.settings.patience else 'step']}"


def processes() -> PartialState:
    """The processes that train together; a GPU is used where there is one."""
    return PartialState(cpu=not torch.cuda.is_available())


def finish(work: Work, rows: Rows, counts: dict[str, int], ended: dict[str, Any]) -> FitRecord:
    """Write the model from the checkpoint that counts, its manifest, the plot and the record.

    Raises `TrainingError` where its weights, or what was measured of them, are no numbers.
    """
    curve = work.folder / "curve.jsonl"
    step = ended["best"] if work.settings.patience else ended["step"]
    model = model_of_checkpoint(work, work.checkpoint(ended))
    points = read_curve(curve)
    measured = {point["step"]: point["bits_per_byte"] for point in points if "bits_per_byte" in point}
    bits = measured.get(step, {})
    _refuse(step, [f"{group}: {value} bits per byte" for group, value in bits.items() if not math.isfinite(value)])
    seconds, tokens = training_time(curve)
    record = FitRecord(
        steps=ended["step"],
        tokens=rows.tokens_in(ended["step"] * work.settings.rows_per_step),
        total_tokens=rows.tokens,
        seconds_s=round(seconds, 1),
        tokens_per_s=round(tokens / seconds, 1) if seconds else 0.0,
        ended="early" if ended["early"] else "all steps",
        best_step=ended["best"],
        bits_per_byte=bits,
        model_step=step,
        peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        peak_gpu_memory_bytes=torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0,
        device=torch.cuda.get_device_name(0) if torch.cuda.is_available() else f"{torch.get_num_threads()} CPU threads",
        rows=counts,
        added_tokens=len(work.added.tokens) if work.added else 0,
    )
    if processes().is_main_process:
        write_result(work, model, record, plot_curve)
    return record


def write_result(work: Work, model: PreTrainedModel, record: FitRecord, plot: Callable[[Path, Path], None]) -> None:
    """Write the model or its adapter, its manifest, the curve's picture and, last, the record; remove checkpoints.

    Raises `TrainingError` where weights are no numbers.
    """
    curve, partial = work.folder / "curve.jsonl", work.made.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    save_model(model, work.model, partial, work.added)
    written = model.state_dict()  # in a number format that may hold less than the training's
    _refuse(record.model_step, [name for name, values in written.items() if not torch.isfinite(values).all()])
    work.finish(partial)
    if not work.settings.lora:
        _write_manifest(work, partial, model, record, curve)
    shutil.rmtree(work.made, ignore_errors=True)
    partial.rename(work.made)
    plot(curve, work.folder / "curve.svg")
    os.sync()
    write_record(work.folder, record)
    shutil.rmtree(work.folder / "steps", ignore_errors=True)


def _refuse(step: int, no_numbers: list[str]) -> None:
    if no_numbers:
        raise TrainingError(
            f"the model of step {step} is broken: {no_numbers[0]} is no number; lower optimizer.learning_rate, or look "
            f"at the base model's weights"
        )


def model_of_checkpoint(work: Work, checkpoint: Path) -> PreTrainedModel:
    """The model that a checkpoint of the training holds."""
    if work.settings.lora:
        from peft import PeftModel

        base = load_model(work.model, work.settings.model_copy(update={"lora": None}))
        return PeftModel.from_pretrained(base, str(checkpoint))  # type: ignore[return-value]
    if not any(checkpoint.glob("model*.safetensors")):
        raise ConfigError(
            f"{checkpoint} holds no safetensors; set fsdp_state_dict_type: FULL_STATE_DICT in the accelerate "
            f"configuration"
        )
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(checkpoint, dtype="auto", local_files_only=True)
    return model


def _write_manifest(work: Work, folder: Path, model: PreTrainedModel, record: FitRecord, curve: Path) -> None:
    texts, every = work.held_out, {"all": (0, 0)}
    for group, sequences in texts.sequences.items():
        labels = sum(label >= 0 for sequence in sequences for label in sequence.labels[1:])
        every[group] = (texts.bytes[group], labels)
        every["all"] = (every["all"][0] + texts.bytes[group], every["all"][1] + labels)
    write_manifest(
        folder,
        work.model,
        name=work.name,
        settings=work.recipe or json.dumps(_shown(work.settings), indent=1) + "\n",
        seed=work.settings.seed,
        record=record,
        curve=curve,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        bytes_per_token={group: size / max(count, 1) for group, (size, count) in every.items()},
        template=work.template,
        corpus=work.corpus,
    )


def _shown(settings: FitSettings) -> dict[str, Any]:
    """The settings as JSON; of files their names, since where they lay says something of this machine alone."""
    shown = settings.model_dump(mode="json")
    return {key: value.name if isinstance(value := getattr(settings, key), Path) else shown[key] for key in shown}
