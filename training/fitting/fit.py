"""Fit a model in a folder: rows, training, the model at the end.

FOLDER/key        what decides the result; another key begins anew
FOLDER/rows/      rows of tokens
FOLDER/steps/     checkpoints of the training, removed at its end
FOLDER/curve.jsonl, curve.svg
FOLDER/model/ or adapter/, written whole or not at all
FOLDER/fit.json   written last
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, TrainerState, TrainingArguments, get_scheduler

from core.checkpoint import model_files_sha256
from core.errors import ConfigError, TrainingError
from core.files import write_atomically
from training.allocator import keep_freed_memory
from training.curve import cut_back
from training.disk import full_disk_told
from training.fitting.models import load_model, token_ids
from training.fitting.packing import Rows, collate, write_rows
from training.fitting.progress import Tell
from training.fitting.record import FIT, FitRecord, read_record
from training.fitting.settings import FREE, FitSettings
from training.fitting.trainer import FitTrainer, Watch, is_whole, last_whole_checkpoint
from training.fitting.work import Work, finish, processes
from training.muon import optimizer_for
from training.settings import OptimizerPart

_LOG_EVERY_STEPS = 5


def fit(work: Work, tell: Tell = lambda _: None) -> FitRecord:
    """Fit, or go on with it; the record. What is there already, whole and of the same inputs, is left.

    Raises `KeyboardInterrupt` after a checkpoint when a signal came, `TrainingError` where no memory or disk is left or
    the loss is no number, and what loading a model raises.
    """
    with full_disk_told("the run folder"), memory_told(work.settings):
        if work.settings.patience and not work.held_out.sequences:
            raise ConfigError("patience needs held-out texts to measure on; the corpus has none")
        if work.settings.compile and not torch.cuda.is_available() and not _compiler():
            raise ConfigError("compile needs a C++ compiler; on Debian: apt-get install g++, or set compile: false")
        _begin(work)
        if (record := read_record(work.folder)) is not None:
            tell({"say": "unchanged"})
            return record
        keep_freed_memory()
        if not torch.cuda.is_available():
            torch.use_deterministic_algorithms(True)  # compiled, sums would else be made in the order of the threads
        if work.settings.threads:
            torch.set_num_threads(work.settings.threads)
        with processes().main_process_first():
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
        return finish(work, rows, counts, ended)


def _begin(work: Work) -> None:
    """Empty the folder of another fitting's remains, and of one that ended and whose result is lost."""
    settings = work.settings.model_dump(mode="json", exclude={*FREE, "chat_template"})  # its content is in `inputs`
    key = hashlib.sha256(
        json.dumps([settings, model_files_sha256(work.model), work.inputs], sort_keys=True).encode()
    ).hexdigest()
    place = work.folder / "key"
    with processes().main_process_first():
        same = place.exists() and place.read_text(encoding="utf-8") == key
        if not same or _is_lost(work):
            for name in ("rows", "steps", "model", "adapter", "model.partial", "adapter.partial"):
                shutil.rmtree(work.folder / name, ignore_errors=True)
            for name in ("curve.jsonl", "curve.svg", "fit.json", "ended.json"):
                (work.folder / name).unlink(missing_ok=True)
            work.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(place, key)


def _is_lost(work: Work) -> bool:
    """Whether it ended, and its model, or the checkpoint that this is made from, is not there any more."""
    if (work.folder / FIT).exists():
        return not work.made.is_dir()
    ended = work.folder / "ended.json"
    return ended.exists() and not is_whole(work.checkpoint(json.loads(ended.read_text(encoding="utf-8"))))


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
    last = last_of_all(work.folder / "steps")
    trainer.args.eval_on_start = last is None and bool(work.held_out.sequences)
    if last is None or not watch.is_over(state_of_checkpoint(last)):
        cut_back(work.folder / "curve.jsonl", state_of_checkpoint(last).global_step if last else -1)
        with watch.signals():
            trainer.train(resume_from_checkpoint=str(last) if last else None)
        if watch.interrupted and trainer.state.global_step < arguments.max_steps:
            raise KeyboardInterrupt
    last = last_of_all(work.folder / "steps")
    assert last is not None
    state = state_of_checkpoint(last)
    ended = {
        "step": state.global_step,
        "best": state.best_global_step or state.global_step,
        "early": state.global_step < arguments.max_steps,
    }
    if processes().is_main_process:
        write_atomically(place, json.dumps(ended) + "\n")
    return ended


def last_of_all(steps: Path) -> Path | None:
    """The newest whole checkpoint in a folder, as the main process sees it once all have come here."""
    processes().wait_for_everyone()
    with processes().main_process_first():
        return last_whole_checkpoint(steps)


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
    count = processes().num_processes
    on_gpu = torch.cuda.is_available()
    at_once = settings.row_tokens * settings.rows_at_once * count
    if settings.tokens_per_step % at_once:
        raise ConfigError(
            f"tokens_per_step {settings.tokens_per_step} is no multiple of row_tokens * rows_at_once * {count} "
            f"processes = {at_once}"
        )
    steps = math.ceil(rows / settings.rows_per_step)
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


def state_of_checkpoint(checkpoint: Path) -> TrainerState:
    """The trainer's state that a checkpoint holds."""
    state: TrainerState = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
    return state


@contextmanager
def memory_told(settings: FitSettings) -> Iterator[None]:
    """In here, memory that is not there raises `TrainingError` with what would help."""
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
