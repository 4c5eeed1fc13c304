"""Tune a model on conversations: the job that `vernacular train` starts, in its own process."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from core.checkpoint import file_sha256, raw_manifest
from server.tokens.rendering import TokenRenderer
from training.fitting.fit import fit
from training.fitting.heldout import HeldOutTexts
from training.fitting.progress import Tell
from training.fitting.record import FitRecord
from training.fitting.sequences import TokenSequence
from training.fitting.work import Work
from training.tuning.run import tuning_sequences
from training.tuning.settings import TuneJob

_HELD_OUT = 200
"""Conversations that are measured on at most."""
_GENERATION = "generation_config.json"


def run(job_file: Path, tell: Tell) -> None:
    """Read the job and do it."""
    tune(TuneJob.model_validate_json(job_file.read_bytes()), tell)


def tune(job: TuneJob, tell: Tell = lambda _: None) -> FitRecord:
    """Tune `job.model`; see `training/fitting/fit.py` for what lies in the folder.

    A chat template of the job's own goes into the model, and what ends a turn ends its answers. Raises `ConfigError`
    for conversations or a template that cannot be used, and what `fit` raises.
    """
    folder = Path(job.model)
    train, held_out = tuning_sequences(job, folder)
    files = [path for path in (job.conversations, job.held_out, job.settings.chat_template) if path]
    end = next(iter(train)).labels[-1]

    def finish(model: Path) -> None:
        if job.settings.chat_template:
            (model / "chat_template.jinja").write_bytes(job.settings.chat_template.read_bytes())
        _end_answers_with(end, model / _GENERATION)

    work = Work(
        model=folder,
        settings=job.settings,
        sequences=lambda _: train,
        held_out=_measured(held_out, TokenRenderer.from_folder(folder)),
        folder=job.folder,
        name=job.name or job.folder.resolve().name,
        inputs=json.dumps([file_sha256(path) for path in files]),
        template=str(raw_manifest(folder).get("template") or ""),
        finish=finish,
    )
    return fit(work, tell)


def _measured(sequences: Iterable[TokenSequence], renderer: TokenRenderer) -> HeldOutTexts:
    chosen = [sequence for _, sequence in zip(range(_HELD_OUT), sequences, strict=False)]
    labels = (label for sequence in chosen for label in sequence.labels if label >= 0)
    size = sum(len(renderer.vocabulary.tokens[label]) for label in labels)
    return HeldOutTexts({"answers": chosen}, {"answers": size}) if chosen else HeldOutTexts({}, {})


def _end_answers_with(token: int, path: Path) -> None:
    """Add the token to those that end an answer."""
    settings = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    ends = settings.get("eos_token_id")
    known = ends if isinstance(ends, list) else [] if ends is None else [ends]
    settings["eos_token_id"] = [*known, *([] if token in known else [token])]
    path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
