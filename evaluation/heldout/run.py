"""One run of the infill evaluation: files in, a table and a JSON report out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from core.errors import ConfigError, MissingDependencyError
from core.files import write_atomically
from core.language_files import load_languages
from evaluation.heldout.infill import Row, as_data, ask, compare, summarise
from evaluation.heldout.ngram_counts import CorpusCounts
from evaluation.heldout.positions import HeldOutDocument, Kind, read_heldout, sample_tasks
from evaluation.heldout.predictors import NGram, Predictor, SimilarLine
from evaluation.heldout.table import print_infill
from evaluation.provenance import provenance

_PATHS = ("heldout", "model", "before", "train", "languages")
_BASELINES = ("5-gram", "earlier line")


@dataclass(frozen=True, slots=True)
class InfillSettings:
    """What to run; the options of `vernacular heldout`."""

    heldout: tuple[Path, ...]
    model: Path | None = None
    before: Path | None = None
    train: tuple[Path, ...] = ()
    templates: tuple[str, ...] = ("embedded-psm",)
    positions: int = 300
    per_file: int = 10
    kinds: tuple[Kind, ...] = tuple(Kind)
    seed: int = 1
    context_tokens: int = 1024
    heal: bool = True
    typed_after_middle: bool = False
    bits: bool = True
    threads: int = 0
    languages: tuple[Path, ...] = ()


def run_infill(settings: InfillSettings, output: Path | None, console: Console | None = None) -> dict[str, Any]:
    """Run, print the tables, write `output` where one is given, and return what the report holds.

    Raises `ConfigError` for files that are wrong, `CheckpointError` for a model that cannot be loaded,
    `UnknownNameError` for a language or template that nobody knows, `MissingDependencyError` without torch.
    """
    console = console or Console()
    registry = load_languages(settings.languages)
    documents = _by_language(settings.heldout)
    checkpoints = _checkpoints(settings, settings.model)
    before = _checkpoints(settings, settings.before, prefix="before: ")
    rows: list[Row] = []
    bits: dict[str, float] = {}
    started = time.monotonic()
    with _progress(console) as progress:
        for language, held_out in documents.items():
            spec = registry.named(language)
            reading = progress.add_task(f"{language}: reading the training text", total=None)
            counts = CorpusCounts(_training_texts(settings.train, language)) if settings.train else None
            progress.remove_task(reading)
            predictors: list[Predictor] = [*checkpoints, *before, NGram(counts), SimilarLine()]
            for kind in settings.kinds:
                tasks = sample_tasks(held_out, spec, kind, settings.positions, settings.seed, settings.per_file)
                if not tasks:
                    raise ConfigError(f"no {kind} positions in the {language} files; give larger held-out files")
                bars = {
                    predictor.name: progress.add_task(f"{language}, {kind}: {predictor.name}", total=len(tasks))
                    for predictor in predictors
                }
                rows += ask(tasks, predictors, lambda name, done, bars=bars: progress.advance(bars[name], done))  # type: ignore[misc]
            if settings.bits and checkpoints:
                bar = progress.add_task(f"{language}: bits per byte", total=len(held_out))
                advance = partial(progress.advance, bar)
                bits[language] = checkpoints[0].bits_per_byte(held_out, progress=advance)
    summaries = summarise(rows)
    seconds = (*(checkpoint.name for checkpoint in before), *_BASELINES)
    comparisons = compare(rows, [checkpoint.name for checkpoint in checkpoints], seconds, settings.seed)
    print_infill(console, summaries, comparisons, bits)
    report = {
        **provenance([*settings.heldout, *settings.train, *filter(None, (settings.model, settings.before))]),
        "settings": {key: value for key, value in asdict(settings).items() if key not in _PATHS},
        "model": settings.model.name if settings.model else None,
        "seconds": round(time.monotonic() - started, 1),
        "parameters": checkpoints[0].parameters if checkpoints else None,
        "bits_per_byte": bits,
        **as_data(rows, summaries, comparisons),
    }
    if output:
        write_atomically(output, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
        console.print(f"wrote {output}")
    return report


def _checkpoints(settings: InfillSettings, folder: Path | None, prefix: str = "") -> list[Any]:
    if folder is None:
        return []
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder; give a checkpoint folder")
    try:
        from evaluation.heldout.checkpoint import Checkpoint
    except ImportError as problem:
        raise MissingDependencyError(problem.name or "torch", "training,server,evaluation") from None
    found = [
        Checkpoint(
            folder,
            template,
            heal=settings.heal,
            typed_after_middle=settings.typed_after_middle,
            context_tokens=settings.context_tokens,
            threads=settings.threads,
        )
        for template in settings.templates
    ]
    for checkpoint in found:
        checkpoint.name = prefix + checkpoint.name
    return found


def _by_language(paths: Sequence[Path]) -> dict[str, list[HeldOutDocument]]:
    documents: dict[str, list[HeldOutDocument]] = {}
    for path in paths:
        for document in read_heldout(path):
            documents.setdefault(document.language, []).append(document)
    return documents


def _training_texts(paths: Sequence[Path], language: str) -> Iterator[str]:
    """Texts of one language, as a stream. A file of one language is left at once where it is another's."""
    for path in paths:
        try:
            with path.open(encoding="utf-8") as lines:
                for number, line in enumerate(lines, 1):
                    try:
                        document = json.loads(line)
                        if document["language"] != language:
                            break
                        yield document["text"]
                    except (ValueError, KeyError, TypeError):
                        raise ConfigError(
                            f"{path}:{number}: is no document; each line is a JSON object with language and text"
                        ) from None
        except OSError as problem:
            raise ConfigError(f"{path}: cannot be read ({(problem.strerror or 'error').lower()})") from None


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)
