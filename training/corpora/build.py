"""Build a corpus, step by step: read and clean, check, split, drop duplicates, measure, write.

    summary = build(load_settings(Path("corpus.yaml")), Path("corpus"), Show())

Guarantees: what comes out depends on the settings and on what the sources hold, not on the order of either, on where
they lie, or on the number of processes; memory does not grow with the corpus; a build that was interrupted or killed
goes on where it was, and no file in the output is ever half written. A folder that holds this very corpus is left as
it is. Does not guarantee: anything where a source changes while it is read.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.checkpoint import file_sha256
from core.errors import NgramIndexError
from core.files import write_atomically
from core.language_files import LanguageRegistry, load_languages
from training.corpora.card import REASONS, card
from training.corpora.checking import checkable, drop_refused
from training.corpora.cleaning.benchmarks import Tasks, read_tasks
from training.corpora.collecting import Collector
from training.corpora.duplicates import drop_duplicates
from training.corpora.reading import OpenSource, open_source
from training.corpora.settings import CorpusError, CorpusSettings, Source
from training.corpora.show import Show
from training.corpora.splitting import held_out_groups
from training.corpora.store import Store
from training.corpora.surprise import measure
from training.corpora.writing import (
    INDEX,
    SUMMARY,
    Counting,
    licence_lookup,
    publish,
    summary,
    write_documents,
    write_origins,
)
from training.disk import is_full

VERSION = 1
"""Rises when the same settings and sources give another corpus."""
WORK = ".work"
_KEY = "inputs.sha256"


def build(settings: CorpusSettings, output: Path, show: Show | None = None) -> dict[str, Any]:
    """Build the corpus into `output`, and return what `corpus.json` says.

    Everything that can be known before is checked first. Raises `CorpusError` for a source that is missing or damaged,
    for a corpus without a usable document, for a full disk; `BenchmarkError`, `UnknownNameError`, `SandboxError`.
    """
    show = show or Show()
    with _one_line(output):
        registry = load_languages([Path(folder) for folder in settings.language_folders])
        for language in settings.languages:
            registry.named(language)
        checkable(settings.check, registry)
        tasks = read_tasks(settings.decontamination, registry)
        counting = _counting(settings.tokenizer)
        sources = [(source, open_source(source, output)) for source in settings.sources]
        show.begin("looking at the sources")
        key = _key(settings, sources, registry)
        if (found := _there(output, key)) is not None:
            show.say(f"{output}: unchanged")
            return found
        work = output / WORK
        _clear_other(work, key)
        with Store(work / "corpus.sqlite") as store:
            if store.step("key") is None:
                store.finish("key", key)
            else:
                show.say("going on with a build that was interrupted")
            content = _steps(store, settings, sources, registry, tasks, counting, output, show)
            publish(work / "out", output, content, card(content))
            write_atomically(output / _KEY, key + "\n")
        shutil.rmtree(work)
    return content


def _steps(
    store: Store,
    settings: CorpusSettings,
    sources: Sequence[tuple[Source, OpenSource]],
    registry: LanguageRegistry,
    tasks: Tasks,
    counting: Counting | None,
    output: Path,
    show: Show,
) -> dict[str, Any]:
    Collector(store, settings, registry, show).collect(sources, tasks)
    _usable(store, output)
    drop_refused(store, settings.check, registry, settings.workers, show)
    _usable(store, output)
    if store.step("duplicates") is None:
        _split(store, settings, show)
        show.begin("looking for duplicates", _kept(store))
        drop_duplicates(store, settings.duplicates, show.advance)
    if store.step("surprise") is None:
        show.begin("measuring surprise", _kept(store))
        measure(store, show.advance)
    out = output / WORK / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    show.begin("writing documents", _kept(store))
    written = write_documents(store, out, counting, show.advance)
    licences = licence_lookup(store)
    written["files_sha256"] |= write_origins(store, out, licences)
    content = summary(store, written, licences)
    content |= {
        "version": VERSION,
        "seed": settings.seed,
        "benchmarks": {"tasks": tasks.tasks, "not_judged": tasks.not_judged},
    }
    if settings.ngram_index:
        content["ngram_index"] = _index(out, settings, show)
        content["files_sha256"][INDEX] = file_sha256(out / INDEX)
    return content


def _split(store: Store, settings: CorpusSettings, show: Show) -> None:
    groups = [row[0] for row in store.db.execute("SELECT DISTINCT grp FROM files WHERE reason = ''")]
    held_out = held_out_groups(groups, settings.split, settings.seed)
    if not held_out and settings.split.held_out:
        show.say("nothing is held out: there is one group only; a source's `depth` makes groups of its folders")
    with store.transaction() as db:
        db.execute("UPDATE files SET held_out = 0 WHERE held_out != 0")
        db.executemany("UPDATE files SET held_out = 1 WHERE grp = ?", [(name,) for name in sorted(held_out)])


def _index(out: Path, settings: CorpusSettings, show: Show) -> dict[str, Any]:
    from evaluation.scoring.contamination import index_files

    show.begin("writing the n-gram index")
    files = sorted(out.glob("train-*.jsonl"))
    made = index_files(files, out / INDEX, corpus="corpus")
    return {"n": made.n, "grams": made.grams, "documents": made.documents}


def _usable(store: Store, output: Path) -> None:
    """Raise `CorpusError`, with what was dropped and why, where no document is left."""
    if _kept(store):
        return
    dropped = Counter(
        dict(store.db.execute("SELECT reason, count(*) FROM files WHERE form != 'licence' GROUP BY reason").fetchall())
    )
    other = dict(store.db.execute("SELECT what, sum(number) FROM counts GROUP BY what").fetchall())
    why = [f"{number} {reason} ({REASONS.get(reason, reason)})" for reason, number in dropped.most_common()]
    why += [f"{number} {what}" for what, number in sorted(other.items())]
    store.db.close()
    shutil.rmtree(output / WORK, ignore_errors=True)
    raise CorpusError(
        f"{output}: no usable file in the sources; dropped: {'; '.join(why) or 'nothing, there was no file at all'}"
    )


def _kept(store: Store) -> int:
    return int(store.db.execute("SELECT count(*) FROM files WHERE reason = ''").fetchone()[0])


def _key(settings: CorpusSettings, sources: Sequence[tuple[Source, OpenSource]], registry: LanguageRegistry) -> str:
    """Of everything that decides what comes out."""
    parts = {
        "version": VERSION,
        "settings": settings.model_dump(mode="json", exclude={"workers"}),
        "sources": [opened.fingerprint() for _, opened in sources],
        "languages": [registry.named(name).model_dump(mode="json") for name in settings.languages],
        "benchmarks": [file_sha256(Path(item.file)) for item in settings.decontamination.benchmarks],
        "tokenizer": file_sha256(_tokenizer_file(settings.tokenizer)) if settings.tokenizer else "",
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _there(output: Path, key: str) -> dict[str, Any] | None:
    try:
        if (output / _KEY).read_text(encoding="utf-8").strip() == key:
            return dict(json.loads((output / SUMMARY).read_bytes()))
    except (OSError, ValueError):
        pass
    return None


def _clear_other(work: Path, key: str) -> None:
    """Remove what an interrupted build of other settings or sources left."""
    path = work / "corpus.sqlite"
    if not path.exists():
        return
    with Store(path) as store:
        same = store.step("key") in (key, None)
    if not same:
        shutil.rmtree(work)


def _tokenizer_file(place: str) -> Path:
    path = Path(place)
    return path / "tokenizer.json" if path.is_dir() else path


def _counting(place: str | None) -> Counting | None:
    if place is None:
        return None
    from tokenizers import Tokenizer

    path = _tokenizer_file(place)
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as problem:
        raise CorpusError(f"{path}: is no tokenizer ({problem}); name a tokenizer.json or its folder") from None

    def count(texts: list[str]) -> int:
        return sum(len(item.ids) for item in tokenizer.encode_batch(texts, add_special_tokens=False))

    return count


@contextmanager
def _one_line(output: Path) -> Iterator[None]:
    """What the disk refuses, as one line; what was done before stays, and is used again."""
    try:
        yield
    except OSError as problem:
        reason = "the disk is full" if is_full(problem) else str(problem.strerror).lower()
        raise CorpusError(f"{problem.filename or output}: {reason}; the same command goes on where it was") from None
    except NgramIndexError as problem:
        raise CorpusError(f"{problem}; the same command goes on where it was") from None
