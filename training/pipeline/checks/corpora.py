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
    """Languages that are repeated must be some of the corpus."""
    settings, corpus = work.recipe.pretrain, work.recipe.corpus
    if settings is None or corpus is None:
        return
    known = (*corpus.languages, "text")
    if unknown := [name for name in settings.repeats if name not in known]:
        raise RecipeError(
            f"pretrain.repeats: {unknown[0]!r} is none of the corpus's languages; they are {', '.join(known)}"
        )


def _of(name: str, problem: VernacularError) -> VernacularError:
    """The same problem, saying of which corpus; its exit status stays."""
    told = VernacularError(f"{name}: {problem}")
    told.exit_status = problem.exit_status
    return told


CHECKS: tuple[Callable[[Work], None], ...] = (_corpora, _mix)
