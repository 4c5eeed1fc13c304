"""Functions and programs of a built corpus, as tasks without tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from completion.parsing import Parsing
from core.errors import ConfigError
from core.language_files import LanguageRegistry
from evaluation.heldout.positions import HeldOutDocument
from evaluation.tasks import Scoring, Task
from training.json_lines import read_lines
from training.synthesis.journal import key_of
from training.synthesis.settings import SynthesisError
from training.tuning.mining import pairs_in
from training.tuning.settings import PairSettings


def functions(corpus: Path, languages: LanguageRegistry, settings: PairSettings, limit: int | None) -> list[Task]:
    """Those that the corpus is trained on, each text once, in an order that the seed and the text decide.

    Raises `SynthesisError` where there are none, `ConfigError` where the corpus has no documents of a language.
    """
    found: dict[str, Task] = {}
    parsing = Parsing()
    try:
        for name in settings.languages:
            spec = languages.named(name)
            for document in _documents(corpus, name):
                for task in pairs_in(document, spec, settings, parsing):
                    found.setdefault(key_of(settings.seed, task.before, task.canonical), task)
    finally:
        parsing.close()
    if not found:
        least, most = settings.min_documentation_bytes, settings.max_documentation_bytes
        raise SynthesisError(
            f"{corpus}: holds no function in {', '.join(settings.languages)} of {settings.min_function_bytes} to "
            f"{settings.max_function_bytes} bytes whose documentation has {least} to {most} bytes"
        )
    return [found[key] for key in sorted(found)][:limit]


def programs(corpus: Path, languages: LanguageRegistry, settings: PairSettings, limit: int | None) -> list[Task]:
    """Whole files, of a size that functions may have; otherwise as `functions`."""
    found: dict[str, Task] = {}
    for name in settings.languages:
        languages.named(name)
        for document in _documents(corpus, name):
            if settings.min_function_bytes <= len(document.text.encode()) <= settings.max_function_bytes:
                task = Task(
                    id=f"{document.package}/{document.path}",
                    language=name,
                    scoring=Scoring.OUTPUT,
                    canonical=document.text,
                )
                found.setdefault(key_of(settings.seed, document.text), task)
    if not found:
        raise SynthesisError(
            f"{corpus}: holds no file in {', '.join(settings.languages)} of {settings.min_function_bytes} to "
            f"{settings.max_function_bytes} bytes"
        )
    return [found[key] for key in sorted(found)][:limit]


def _documents(corpus: Path, language: str) -> Iterator[HeldOutDocument]:
    path = corpus / f"train-{language}.jsonl"
    if not path.exists():
        raise ConfigError(f"{path}: no such file; a corpus that `vernacular corpus build` wrote is needed")
    return read_lines(path, HeldOutDocument, f"{{{', '.join(HeldOutDocument.model_fields)}}}")
