"""Fit a model in a folder: rows, training, the model at the end.

FOLDER/key        what decides the result; another key begins anew
FOLDER/rows/      rows of tokens
FOLDER/steps/     checkpoints of the training, removed at its end
FOLDER/curve.jsonl, curve.svg
FOLDER/model/ or adapter/, written whole or not at all
FOLDER/fit.json   written last
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import resource
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from transformers import AutoModelForCausalLM, PreTrainedModel, TrainerState, TrainingArguments, get_scheduler

from core.checkpoint import CorpusRecord, model_files_sha256
from core.errors import ConfigError, TrainingError
from core.files import write_atomically
from training.allocator import keep_freed_memory
from training.curve import cut_back, read_curve
from training.fitting.heldout import HeldOutTexts
from training.fitting.models import AddedTokens, load_model, save_model, token_ids
from training.fitting.packing import Rows, collate, write_rows
from training.fitting.record import FitRecord, read_record, training_seconds, write_manifest, write_record
from training.fitting.sequences import TokenSequence
from training.fitting.settings import FitSettings
from training.fitting.trainer import FitTrainer, Watch, last_whole_checkpoint
from training.muon import optimizer_for
from training.plot import plot_curve
from training.settings import OptimizerPart

Tell = Callable[[dict[str, Any]], None]
"""Told how it goes: `step` and `steps`, and by turns `loss` with `tokens_per_s`, `eval_bits_per_byte`, `say`."""

_FREE = {"threads", "save_every_steps", "accelerate", "compile"}
_LOG_EVERY_STEPS = 5


@dataclass(frozen=True, slots=True)
class Work:
    """What is fitted to what."""

    model: Path
    settings: FitSettings
    sequences: Callable[[int], Iterable[TokenSequence]]
    held_out: HeldOutTexts
    folder: Path
    inputs: str
    """What decides `sequences` and `held_out`, beside the settings: a hash, say."""
    added: AddedTokens | None = None
    template: str = ""
    corpus: CorpusRecord = field(default_factory=CorpusRecord)
    finish: Callable[[Path], None] = lambda _: None
    """Puts what else belongs there into the model's folder."""


def fit(work: Work, tell: Tell = lambda _: None) -> FitRecord:
    """Fit, or go on with it; the record. What is there already, whole and of the same inputs, is left.

    Raises `KeyboardInterrupt` after a checkpoint when a signal came, `TrainingError` where no memory or disk is left or
    the loss is no number, and what loading a model raises.
    """
    with _one_line(work.settings):
        if work.settings.patience and not work.held_out.sequences:
            raise ConfigError("patience needs held-out texts to measure on; the corpus has none")
        if work.settings.compile and not torch.cuda.is_available() and not _compiler():
            raise ConfigError("compile needs a C++ compiler; on Debian: apt-get install g++, or set compile: false")
        _begin(work)
        if (record := read_record(work.folder)) is not None:
            tell({"say": "unchanged"})
            return record
        keep_freed_memory()
        if work.settings.threads:
            torch.set_num_threads(work.settings.threads)
        with _processes().main_process_first():
            tell({"say": "making rows"})
            settings = work.settings
            counts = write_rows(
                work.sequences,
                settings.epochs,
                settings.row_tokens,
                settings.seed if settings.shuffle else None,
                work.folder / "rows",
            )
        rows = Rows(work.folder / "rows")
        ended = _train(work, rows, tell)
        return _finish(work, rows, counts, ended)


def _begin(work: Work) -> None:
    """Empty the folder of another fitting's remains."""
    settings = work.settings.model_dump(mode="json", exclude=_FREE)
    key = hashlib.sha256(
        json.dumps([settings, model_files_sha256(work.model), work.inputs], sort_keys=True).encode()
    ).hexdigest()
    place = work.folder / "key"
    with _processes().main_process_first():
        if not (place.exists() and place.read_text(encoding="utf-8") == key):
            for name in ("rows", "steps", "model", "adapter", "model.partial", "adapter.partial"):
                shutil.rmtree(work.folder / name, ignore_errors=True)
            for name in ("curve.jsonl", "curve.svg", "fit.json", "ended.json"):
                (work.folder / name).unlink(missing_ok=True)
            work.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(place, key)


def _train(work: Work, rows: Rows, tell: Tell) -> dict[str, Any]:
    """Train to the end; `{"step", "steps", "early", "best"}`, which is also kept in `ended.json`."""
    settings, place = work.settings, work.folder / "ended.json"
    if place.exists():
        found: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        return found
    _, _, pad_id = token_ids(work.model)
    model = load_model(work.model, settings, work.added)
    if settings.compile:
        model.compile(dynamic=False)
    arguments = _arguments(settings, len(rows), work.folder / "steps", measured=bool(work.held_out.sequences))
    watch = Watch(rows, settings, work.folder / "curve.jsonl", tell)
    trainer = FitTrainer(
        held_out=work.held_out,
        watch=watch,
        model=model,
        args=arguments,
        train_dataset=rows,
        eval_dataset=rows,  # the Trainer wants one; what is measured on is `held_out`
        data_collator=lambda batch: collate(batch, pad_id, settings.row_tokens if settings.compile else None),
        optimizers=_optimizers(model, settings, arguments),
    )
    last = _last(work)
    trainer.args.eval_on_start = last is None and bool(work.held_out.sequences)
    if last is None or not watch.is_over(_state(last)):
        cut_back(work.folder / "curve.jsonl", _state(last).global_step if last else -1)
        with watch.signals():
            trainer.train(resume_from_checkpoint=str(last) if last else None)
        if watch.interrupted and trainer.state.global_step < arguments.max_steps:
            raise KeyboardInterrupt
    last = _last(work)
    assert last is not None
    state = _state(last)
    ended = {
        "step": state.global_step,
        "best": state.best_global_step or state.global_step,
        "early": state.global_step < arguments.max_steps,
    }
    if _processes().is_main_process:
        write_atomically(place, json.dumps(ended) + "\n")
    return ended


def _last(work: Work) -> Path | None:
    """The newest whole checkpoint, as the main process sees it once all have come here."""
    _processes().wait_for_everyone()
    with _processes().main_process_first():
        return last_whole_checkpoint(work.folder / "steps")


def _finish(work: Work, rows: Rows, counts: dict[str, int], ended: dict[str, Any]) -> FitRecord:
    """Write the model from the checkpoint that counts, its manifest, the plot and the record."""
    curve = work.folder / "curve.jsonl"
    step = ended["best"] if work.settings.patience else ended["step"]
    model = _of_checkpoint(work, work.folder / "steps" / f"checkpoint-{step}")
    name = "adapter" if work.settings.lora else "model"
    partial = work.folder / f"{name}.partial"
    points = read_curve(curve)
    measured = {point["step"]: point["bits_per_byte"] for point in points if "bits_per_byte" in point}
    seen = [point["tokens"] for point in points if "tokens" in point]
    seconds = training_seconds(curve)
    steps_rows = ended["step"] * (work.settings.tokens_per_step // work.settings.row_tokens)
    tokens = int(rows.lengths[:steps_rows].sum())
    record = FitRecord(
        steps=ended["step"],
        tokens=tokens,
        total_tokens=rows.tokens,
        seconds_s=round(seconds, 1),
        tokens_per_s=round(max(seen, default=0) / max(seconds, 1e-9), 1),
        ended="early" if ended["early"] else "all steps",
        best_step=ended["best"],
        bits_per_byte=measured.get(step, {}),
        model_step=step,
        peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        peak_gpu_memory_bytes=torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0,
        device=torch.cuda.get_device_name(0) if torch.cuda.is_available() else f"{torch.get_num_threads()} CPU threads",
        rows=counts,
        added_tokens=len(work.added.tokens) if work.added else 0,
    )
    if not _processes().is_main_process:
        return record
    shutil.rmtree(partial, ignore_errors=True)
    save_model(model, work.model, partial, work.added)
    work.finish(partial)
    if not work.settings.lora:
        _write_manifest(work, partial, model, record, curve)
    shutil.rmtree(work.folder / name, ignore_errors=True)
    partial.rename(work.folder / name)
    plot_curve(curve, work.folder / "curve.svg")
    os.sync()
    write_record(work.folder, record)
    shutil.rmtree(work.folder / "steps", ignore_errors=True)
    return record


def _of_checkpoint(work: Work, checkpoint: Path) -> PreTrainedModel:
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
        name=work.folder.resolve().name,
        settings=json.dumps(work.settings.model_dump(mode="json"), indent=1) + "\n",
        seed=work.settings.seed,
        record=record,
        curve=curve,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        bytes_per_token={group: size / max(count, 1) for group, (size, count) in every.items()},
        template=work.template,
        corpus=work.corpus,
    )


def _optimizers(model: PreTrainedModel, settings: FitSettings, arguments: TrainingArguments) -> tuple[Any, Any]:
    if settings.optimizer.name == "adamw":
        return None, None  # the Trainer's own, which also knows FSDP
    chosen = settings.optimizer
    part = OptimizerPart(
        muon_learning_rate=chosen.muon_learning_rate,
        adamw_learning_rate=chosen.learning_rate,
        muon_weight_decay=chosen.weight_decay,
        adamw_beta1=chosen.beta1,
        adamw_beta2=chosen.beta2,
    )
    optimizer = optimizer_for(model, part)
    return optimizer, get_scheduler(chosen.schedule, optimizer, int(arguments.warmup_steps), arguments.max_steps)


def _arguments(settings: FitSettings, rows: int, folder: Path, *, measured: bool) -> TrainingArguments:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    processes = _processes().num_processes
    on_gpu = torch.cuda.is_available()
    at_once = settings.row_tokens * settings.rows_at_once * processes
    if settings.tokens_per_step % at_once:
        raise ConfigError(
            f"tokens_per_step {settings.tokens_per_step} is no multiple of row_tokens * rows_at_once * {processes} "
            f"processes = {at_once}"
        )
    steps = math.ceil(rows / (settings.tokens_per_step // settings.row_tokens))
    optimizer = settings.optimizer
    return TrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=settings.rows_at_once,
        gradient_accumulation_steps=settings.tokens_per_step // at_once,
        learning_rate=optimizer.learning_rate,
        weight_decay=optimizer.weight_decay,
        adam_beta1=optimizer.beta1,
        adam_beta2=optimizer.beta2,
        max_grad_norm=optimizer.max_gradient_norm,
        lr_scheduler_type=optimizer.schedule,
        warmup_steps=math.ceil(steps * optimizer.warmup_share),
        bf16=on_gpu and settings.mixed,
        eval_strategy="steps" if measured else "no",
        eval_steps=settings.measure_every_steps,
        metric_for_best_model="bits_per_byte",
        greater_is_better=False,
        logging_strategy="steps",
        logging_steps=_LOG_EVERY_STEPS,
        logging_nan_inf_filter=False,
        save_strategy="steps",
        save_steps=settings.save_every_steps or settings.measure_every_steps,
        save_total_limit=2,
        seed=settings.seed,
        report_to=[],
        disable_tqdm=True,
        use_cpu=not on_gpu,
        dataloader_num_workers=0,
        dataloader_pin_memory=on_gpu,
        remove_unused_columns=False,
    )


def _compiler() -> str | None:
    return shutil.which(os.environ.get("CXX") or "g++") or shutil.which("clang++")


def _processes() -> PartialState:
    """The processes that train together; a GPU is used where there is one."""
    return PartialState(cpu=not torch.cuda.is_available())


def _state(checkpoint: Path) -> TrainerState:
    state: TrainerState = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
    return state


@contextmanager
def _one_line(settings: FitSettings) -> Iterator[None]:
    """What can go wrong with memory and disk, in words."""
    less = (
        f"lower rows_at_once ({settings.rows_at_once}) or row_tokens ({settings.row_tokens}), set "
        f"gradient_checkpointing, or train an adapter with lora"
    )
    try:
        yield
    except torch.OutOfMemoryError as problem:
        raise TrainingError(f"the GPU has no memory left ({str(problem).split('.')[0]}); {less}") from None
    except MemoryError:
        raise TrainingError(f"no memory left; {less}") from None
    except RuntimeError as problem:
        if "can't allocate memory" not in str(problem):
            raise
        raise TrainingError(f"no memory left; {less}") from None
    except OSError as problem:
        if problem.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise TrainingError(
            f"the disk is full at {problem.filename or 'the run folder'}; make room, and the same command goes on"
        ) from None
