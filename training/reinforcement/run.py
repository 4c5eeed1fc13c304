"""Train a model on verified rewards in a folder: the job that `vernacular train` starts, in its own process.

FOLDER/key          what decides the result, but for language files and shown examples; another key begins anew
FOLDER/tasks.json   which tasks can be learned from, proved once
FOLDER/steps/       checkpoints, removed at the end
FOLDER/curve.jsonl, curve.svg, examples.jsonl
FOLDER/model/ or adapter/, written whole or not at all
FOLDER/fit.json     written last

Guarantees: a broken sandbox ends it before the update whose rewards are missing; a kill loses what came after the last
checkpoint, and the same call goes on there.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import random
import resource
import shutil
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from core.checkpoint import MANIFEST, CorpusRecord, file_sha256, model_files_sha256, raw_manifest, read_manifest
from core.cores import usable_cores
from core.errors import ConfigError
from core.files import write_atomically
from core.language_files import load_languages
from core.sandbox import open_sandbox
from evaluation.strategies.registry import strategy_named
from evaluation.tasks import Task
from training.allocator import keep_freed_memory
from training.curve import cut_back, read_curve
from training.disk import full_disk_told
from training.fitting.fit import last_of_all, memory_told, state_of_checkpoint
from training.fitting.heldout import HeldOutTexts
from training.fitting.models import load_model
from training.fitting.progress import Tell
from training.fitting.record import FIT, FitRecord, read_record
from training.fitting.work import Work, model_of_checkpoint, processes, write_result
from training.plot import plot_rewards
from training.reinforcement.scoring import Scorer
from training.reinforcement.settings import FREE, ReinforceJob, ReinforceSettings
from training.reinforcement.tasks import NO_TASKS, Chosen, choose, read_sources, told
from training.reinforcement.verifier import Verifier
from training.reinforcement.watching import EXAMPLES, METRIC, Watch

_MADE = ("steps", "model", "adapter", "model.partial", "adapter.partial")
_FILES = ("curve.jsonl", "curve.svg", EXAMPLES, FIT)


def run(job_file: Path, tell: Tell) -> None:
    """Read the job and do it."""
    reinforce(ReinforceJob.model_validate_json(job_file.read_bytes()), tell)


def reinforce(job: ReinforceJob, tell: Tell = lambda _: None) -> FitRecord:
    """Train, or go on with it; the record. What is there already, whole and of the same inputs, is left.

    Raises `ConfigError` for tasks that nothing can be learned from, `SandboxError`, `TrainingError` where the reward is
    constant or a loss no number, and `KeyboardInterrupt` after a checkpoint when a signal came.
    """
    folder, settings = job.folder, job.settings
    with full_disk_told("the run folder"), memory_told(settings.fit(32)):
        folder.mkdir(parents=True, exist_ok=True)
        with processes().main_process_first():
            _begin(job)
        if (record := read_record(folder)) is not None:
            tell({"say": "unchanged"})
            return record
        keep_freed_memory()
        if settings.threads:
            torch.set_num_threads(settings.threads)
        languages = load_languages(job.language_folders)
        strategy = strategy_named(settings.strategy, settings.options)
        sandbox = open_sandbox(settings.sandbox)
        tasks, held_out = read_sources(job.tasks, languages), read_sources(job.held_out, languages)
        _refuse_shared({task.id for task in tasks} & {task.id for task in held_out})
        prove = partial(
            choose, languages=languages, sandbox=sandbox, settings=settings, tell=lambda line: tell({"say": line})
        )
        with processes().main_process_first():
            chosen = prove(tasks, kept=folder / "tasks.json")
            measured = prove(held_out, kept=folder / "held-out.json") if held_out else NO_TASKS
        if len(chosen.tasks) < settings.tasks_per_step:
            raise ConfigError(
                f"tasks_per_step is {settings.tasks_per_step}, and only {len(chosen.tasks)} tasks can be learned from; "
                f"lower it, or give more tasks"
            )
        for line in told(chosen, settings, usable_cores()):
            tell({"say": line})
        if held_out:
            tell({"say": f"held out: {len(measured.tasks)} tasks, {len(measured.left_out)} left out"})

        def verifier(found: Chosen, *, every_case: bool = False) -> Verifier:
            return Verifier(
                found.tasks,
                languages,
                sandbox,
                settings.limits,
                cases=found.cases,
                probes=found.probes,
                every_case=every_case,
            )

        with (
            verifier(chosen, every_case="partial" in settings.rewards) as learning,
            verifier(measured) as measuring,
        ):
            verifiers = {
                **{task.id: learning for task in chosen.tasks},
                **{task.id: measuring for task in measured.tasks},
            }
            every = (*chosen.tasks, *measured.tasks)
            scorer = Scorer(Path(job.model), every, languages, strategy, verifiers, settings.max_new_tokens)
            return _trained(job, scorer, chosen, [task.id for task in measured.tasks], tell)


def _trained(job: ReinforceJob, scorer: Scorer, chosen: Chosen, held_out: list[str], tell: Tell) -> FitRecord:
    settings, steps = job.settings, job.folder / "steps"
    if settings.patience and not held_out:
        raise ConfigError("patience needs held-out tasks to measure on; name a file of them as held_out")
    last = last_of_all(steps)
    watch = Watch(settings, job.folder, tell)
    if last is None or not watch.is_over(state_of_checkpoint(last)):
        _train(job, scorer, chosen, held_out, watch, last)
        last = last_of_all(steps)
    assert last is not None
    return _finish(job, scorer, last)


def _train(
    job: ReinforceJob, scorer: Scorer, chosen: Chosen, held_out: list[str], watch: Watch, last: Path | None
) -> None:
    _quieten()
    from datasets import Dataset
    from transformers import AutoTokenizer

    from training.reinforcement.policy import PolicyTrainer, arguments

    settings = job.settings
    try:
        trl_arguments = arguments(settings, job.folder / "steps", measured=bool(held_out))
    except ValueError as problem:
        raise ConfigError(f"reinforce: {str(problem).splitlines()[0]}") from None
    dataset = Dataset.from_list([{"prompt": task, "task": task} for task in order_of(chosen.tasks, settings)])
    model = load_model(Path(job.model), settings.fit(scorer.row_tokens))
    try:
        trainer = PolicyTrainer(
            scorer,
            settings,
            held_out,
            watch,
            model=model,
            args=trl_arguments,
            train_dataset=dataset,
            eval_dataset=dataset,  # the Trainer wants one; what is measured on are `held_out`
            processing_class=AutoTokenizer.from_pretrained(job.model, local_files_only=True),
        )
    except ValueError as problem:
        raise ConfigError(f"reinforce: {str(problem).splitlines()[0]}") from None
    trainer.args.eval_on_start = last is None and bool(held_out)
    if processes().is_main_process:
        for path in (watch.curve, job.folder / EXAMPLES):
            cut_back(path, state_of_checkpoint(last).global_step if last else -1)
    with watch.signals():
        trainer.train(resume_from_checkpoint=str(last) if last else None)
    if watch.interrupted and trainer.state.global_step < settings.steps:
        raise KeyboardInterrupt


def _finish(job: ReinforceJob, scorer: Scorer, last: Path) -> FitRecord:
    settings, state, parent = job.settings, state_of_checkpoint(last), Path(job.model)
    work = Work(
        model=parent,
        settings=settings.fit(scorer.row_tokens),
        sequences=lambda _: (),
        held_out=HeldOutTexts({}, {}),
        folder=job.folder,
        name=job.name or job.folder.resolve().name,
        inputs="",
        template=str(raw_manifest(parent).get("template") or ""),
        corpus=read_manifest(parent).corpus if (parent / MANIFEST).exists() else CorpusRecord(),
        recipe=settings.model_dump_json(indent=1, exclude={"accelerate"}) + "\n",
    )
    best = state.best_global_step or state.global_step
    step = best if settings.patience else state.global_step
    points = read_curve(job.folder / "curve.jsonl")
    seconds = sum(point.get("seconds_s", 0.0) for point in points)
    tokens = max((point["tokens"] for point in points if "tokens" in point), default=0)
    rates = {point["step"]: point[METRIC] for point in points if METRIC in point}
    record = FitRecord(
        steps=state.global_step,
        tokens=tokens,
        total_tokens=tokens,
        seconds_s=round(seconds, 1),
        tokens_per_s=round(tokens / seconds, 1) if seconds else 0.0,
        ended="early" if state.global_step < settings.steps else "all steps",
        best_step=best,
        bits_per_byte={},
        pass_rate=rates.get(step),
        model_step=step,
        peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        peak_gpu_memory_bytes=torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0,
        device=torch.cuda.get_device_name(0) if torch.cuda.is_available() else f"{torch.get_num_threads()} CPU threads",
        rows={"answers": math.ceil(state.global_step / settings.policy.iterations) * settings.answers_per_step},
    )
    model = model_of_checkpoint(work, job.folder / "steps" / f"checkpoint-{step}")
    if processes().is_main_process:
        write_result(work, model, record, plot_rewards)
    return record


def order_of(tasks: Sequence[Task], settings: ReinforceSettings) -> list[str]:
    """Ids in the order in which they are asked: all of them, mixed, then again; as many as the steps take.

    It is made up front, so that a training that goes on takes the same ones.
    """
    draw, names = random.Random(settings.seed), [task.id for task in tasks]  # noqa: S311 - not for secrets
    wanted = math.ceil(settings.steps / settings.policy.iterations) * settings.tasks_per_step
    found: list[str] = []
    while len(found) < wanted:
        draw.shuffle(names)
        found += names
    return found[:wanted]


def _begin(job: ReinforceJob) -> None:
    """Empty the folder of another training's remains."""
    content: list[Any] = [
        job.settings.model_dump(mode="json", exclude=set(FREE)),
        [(file_sha256(source.file), source.language, source.where) for source in (*job.tasks, *job.held_out)],
        model_files_sha256(Path(job.model)),
    ]
    key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    place = job.folder / "key"
    made = job.folder / ("adapter" if job.settings.lora else "model")
    same = place.exists() and place.read_text(encoding="utf-8") == key
    if same and not ((job.folder / FIT).exists() and not made.is_dir()):
        return
    for name in _MADE:
        shutil.rmtree(job.folder / name, ignore_errors=True)
    for name in _FILES:
        (job.folder / name).unlink(missing_ok=True)
    write_atomically(place, key)


def _refuse_shared(shared: set[str]) -> None:
    if shared:
        raise ConfigError(
            f"{len(shared)} tasks, such as {min(shared)}, are learned from and held out; take them out of one, or, if "
            f"they only share the name, give one another"
        )


def _quieten() -> None:
    """TRL warns of what is meant to be so, at every start."""
    warnings.filterwarnings("ignore", message="TRL currently supports vLLM")
    warnings.filterwarnings("ignore", module="trl")
    logging.getLogger("trl").setLevel(logging.ERROR)
    logging.getLogger("transformers").setLevel(logging.ERROR)
