"""How much a recipe takes: the fittings that it has, the tokens that they see, the disk that its stages need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from core.language_files import LanguageRegistry, load_languages
from core.languages import TEXT
from server.tokens.rendering import TokenRenderer
from training.corpora.reading import open_source
from training.corpora.settings import CorpusSettings, Source
from training.corpora.writing import SUMMARY
from training.fitting.settings import FitSettings
from training.pipeline.estimates import Disk, Shape, disk, tokens_of
from training.pipeline.folder import read_json
from training.pipeline.models import model_shape
from training.pipeline.parts import parent_of
from training.pipeline.work import Work

_BYTES_PER_TOKEN = 3.0
_SAMPLE_FILES, _SAMPLE_CHARACTERS = 20, 20_000
_UNPACKED = 4
"""Bytes of files in a byte of an archive or of a repository's objects."""
_CORPUS_OF_SOURCES = 3
"""Bytes on the disk while a corpus is built, for each of its sources: the documents, their store, the index."""
_COUNTED = ("folder", "documents")
"""Kinds of sources whose files can be told apart without unpacking anything."""
_DOCUMENTATION = (".md", ".rst", ".txt", ".html", ".htm", ".pdf", ".markdown")


@dataclass(frozen=True, slots=True)
class Fitting:
    """One fitting of the recipe. `tokens`: of all epochs; 0: not known. `guessed`: by the size of its sources.

    Of a training with rewards the rows are at least as long as the answers; that something generates is not in it.
    """

    stage: str
    shape: Shape
    settings: FitSettings
    tokens: float
    guessed: bool


def fittings(work: Work, ahead: Collection[str] | None = None) -> list[Fitting]:
    """Those that the recipe has, in order; with `ahead` only those whose stages it names."""
    return [each for each in _fittings(work) if ahead is None or each.stage in ahead]


def disk_of_run(work: Work, ahead: Collection[str]) -> int:
    """Bytes that the stages in `ahead` add to the run's folder, about, when it is largest.

    What each leaves stays; what one has beside it is removed before the next begins.
    """
    needed, beside = 0, 0
    for stage, takes in _disk(work, ahead):
        needed += takes.kept - min(takes.peak, _used(work.run.stage(stage)))
        beside = max(beside, takes.peak - takes.kept)
    return max(0, needed + beside)


def _fittings(work: Work) -> Iterator[Fitting]:
    recipe = work.recipe
    if recipe.pretrain:
        tokens, guessed = _tokens(work)
        yield Fitting("pretrain", _shape(work.parents["base"]), recipe.pretrain, tokens, guessed)
        if recipe.pretrain_instruct:
            yield Fitting("pretrain-instruct", _shape(work.parents["instruct"]), recipe.pretrain, tokens, guessed)
    if recipe.tune:
        mined = work.run.stage("pairs") / "train.jsonl"
        file = recipe.tune.conversations or mined
        size = file.stat().st_size if file.exists() else 0
        tokens = recipe.tune.epochs * size / _BYTES_PER_TOKEN
        yield Fitting("tune", _shape(work.parents["instruct"]), recipe.tune, tokens, guessed=True)
    if part := recipe.reinforce:
        settings = part.fit(part.max_new_tokens).model_copy(update={"accelerate": part.accelerate})
        yield Fitting("reinforce", _shape(work.parents[parent_of(part.model)]), settings, 0, guessed=True)


def _disk(work: Work, ahead: Collection[str]) -> Iterator[tuple[str, Disk]]:
    """The stages that take much, and how much."""
    recipe = work.recipe
    for name, settings in (("corpus", recipe.corpus), ("replay", recipe.replay)):
        if settings and name in ahead:
            size = _CORPUS_OF_SOURCES * sum(source_bytes(settings).values())
            yield name, Disk(size, size)
    for each in fittings(work, ahead):
        yield each.stage, disk(each.shape, each.settings, each.tokens)
    stored = _shape(work.parents["base"]).stored_bytes
    for name in ahead:
        if name.startswith("merged/"):
            yield name, Disk(stored, stored)
    if recipe.transfer and "transfer" in ahead:
        yield "transfer", Disk(stored * (2 if recipe.transfer.scan else 1), stored)


def _used(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


@lru_cache(maxsize=4)
def source_bytes(settings: CorpusSettings) -> dict[str, int]:
    """Language -> bytes of its files in the sources; of archives and repositories a guess, under the first language."""
    registry = load_languages([Path(folder) for folder in settings.language_folders])
    found: Counter[str] = Counter()
    for source in settings.sources:
        for language, size in _of_source(source, settings, registry):
            found[language] += size
    return dict(found)


def _of_source(source: Source, settings: CorpusSettings, registry: LanguageRegistry) -> Iterator[tuple[str, int]]:
    first = settings.languages[0]
    if source.kind in _COUNTED:
        for entry in open_source(source, Path()).entries():
            language = registry.for_path(entry.path).name
            if language in settings.languages:
                yield language, entry.size
            elif settings.documentation and entry.path.lower().endswith(_DOCUMENTATION):
                yield TEXT.name, entry.size
    elif source.kind == "archive":
        yield first, source.path.stat().st_size * _UNPACKED
    else:
        folder = source.path / ".git" if (source.path / ".git").exists() else source.path
        objects = (path for path in (folder / "objects").rglob("*") if path.is_file())
        yield first, sum(path.stat().st_size for path in objects) * (_UNPACKED if source.history == "commits" else 1)


def _tokens(work: Work) -> tuple[float, bool]:
    """Tokens of the pre-training: of the corpus where it is built, else of what its sources hold."""
    settings, corpus = work.recipe.pretrain, work.recipe.corpus
    assert settings is not None
    assert corpus is not None
    languages = read_json(work.run.stage("corpus") / SUMMARY).get("languages")
    sizes = (
        {name: entry.get("train", {}).get("bytes", 0) for name, entry in languages.items()}
        if languages
        else source_bytes(corpus)
    )
    each = _bytes_per_token(work.parents["base"], corpus)
    return tokens_of(sizes, settings.repeats, each, settings.epochs, settings.replay_share), not languages


def _bytes_per_token(folder: Path, corpus: CorpusSettings) -> float:
    """Measured on some files of the sources: a new language has fewer bytes in a token than those a model knows."""
    registry = load_languages([Path(path) for path in corpus.language_folders])
    texts: list[str] = []
    for source in corpus.sources:
        if source.kind in _COUNTED:
            texts += islice(_texts(source, corpus, registry), _SAMPLE_FILES)
    size = sum(len(text.encode()) for text in texts)
    if not size:
        return _BYTES_PER_TOKEN
    renderer = TokenRenderer.from_folder(folder)
    return size / max(1, sum(len(renderer.encode(text)) for text in texts))


def _texts(source: Source, corpus: CorpusSettings, registry: LanguageRegistry) -> Iterator[str]:
    for entry in open_source(source, Path()).entries():
        if registry.for_path(entry.path).name in corpus.languages and entry.size <= corpus.code.max_bytes:
            yield entry.read().decode(errors="replace")[:_SAMPLE_CHARACTERS]


@lru_cache(maxsize=8)
def _shape(folder: Path) -> Shape:
    return model_shape(folder)
