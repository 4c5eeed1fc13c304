"""Whether the corpora can be built: sources, languages, checkers, and the benchmarks that are kept out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.errors import RecipeError, VernacularError
from core.language_files import load_languages
from core.sandbox import open_sandbox
from training.corpora.checking import checkable
from training.corpora.cleaning.benchmarks import read_tasks
from training.corpora.reading import open_source
from training.pipeline.work import Work


def _corpora(work: Work) -> None:
    for name in ("corpus", "replay"):
        settings = getattr(work.recipe, name)
        if settings is None:
            continue
        try:
            registry = load_languages([Path(folder) for folder in settings.language_folders])
            for language in settings.languages:
                registry.named(language)
            checkable(settings.check, registry)
            if settings.check.languages:
                open_sandbox(settings.check.sandbox)
            read_tasks(settings.decontamination, registry)
            for source in settings.sources:
                open_source(source, work.run.stage(name))
        except VernacularError as problem:
            raise _of(name, problem) from None
        if settings.tokenizer and not Path(settings.tokenizer).exists():
            raise RecipeError(f"{name}.tokenizer: {settings.tokenizer}: no such file or folder")


def _mix(work: Work) -> None:
    """Languages that are repeated or mined must be some of the corpus."""
    settings, tune, corpus = work.recipe.pretrain, work.recipe.tune, work.recipe.corpus
    if corpus is None:
        return
    for where, named, known in (
        ("pretrain.repeats", settings.repeats if settings else (), (*corpus.languages, "text")),
        ("tune.pairs.languages", tune.pairs.languages if tune and tune.pairs else (), corpus.languages),
    ):
        if unknown := [name for name in named if name not in known]:
            raise RecipeError(f"{where}: {unknown[0]!r} is none of the corpus's languages; they are {', '.join(known)}")


def _held_out(work: Work) -> None:
    """Where patience ends a fitting, there is something to measure on."""
    pretrain, tune, corpus = work.recipe.pretrain, work.recipe.tune, work.recipe.corpus
    if corpus is None or corpus.split.held_out or corpus.split.groups:
        return
    for name, settings in (("pretrain", pretrain), ("tune", tune if tune and tune.pairs else None)):
        if settings and settings.patience:
            raise RecipeError(
                f"{name}.patience: the corpus holds nothing out to measure on; set corpus.split.held_out, or leave "
                "patience away"
            )


def _of(name: str, problem: VernacularError) -> VernacularError:
    """The same problem, saying of which corpus; its exit status stays."""
    told = VernacularError(f"{name}: {problem}")
    told.exit_status = problem.exit_status
    return told


CHECKS: tuple[Callable[[Work], None], ...] = (_corpora, _mix, _held_out)
