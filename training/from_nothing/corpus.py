"""The stage `corpus`: source packages in, training and held-out documents out.

Split by package, never by file. A held-out document that equals or nearly equals a training document is dropped from
the held-out side. What comes out depends on the recipe and the archives alone, and is written to

    train-LANGUAGE.jsonl, heldout-LANGUAGE.jsonl    one {"language", "package", "path", "text"} a line
    corpus.json                                     counts at each step, archives with SHA-256 and licence
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from core.checkpoint import file_sha256
from core.errors import VernacularError
from training.documents import Document, DuplicateIndex, decoded, refusal, shuffled, signature, without_notice
from training.from_nothing.archives import accepted, files_in, licence_of, moonpad_core_files
from training.from_nothing.recipe import CorpusStage, SourceGroup
from training.from_nothing.sources import Locked, check_lock, fetch_all

Say = Callable[[str], None]
Counts = dict[str, Counter[str]]


def build_corpus(stage: CorpusStage, sources: Path, output: Path, lock: Path | None, say: Say = lambda _: None) -> None:
    """Fetch, filter, de-duplicate, split and write. Does nothing where `output` already holds this stage's result."""
    key = hashlib.sha256(stage.model_dump_json().encode()).hexdigest()
    summary = output / "corpus.json"
    if summary.exists() and json.loads(summary.read_text())["stage_sha256"] == key:
        say("corpus: unchanged")
        return
    output.mkdir(parents=True, exist_ok=True)
    say("corpus: fetching packages")
    archives = fetch_all(stage.sources, sources)
    if lock is not None:
        check_lock(archives, lock)
    counts: Counts = {}
    train: list[Document] = []
    held_out: list[Document] = []
    locked: list[Locked] = []
    for group in stage.sources:
        count = counts.setdefault(group.language, Counter())
        for package in group.packages:
            archive = archives[group.registry, package]
            licence = licence_of(archive)
            locked.append(_locked(group, package, archive, licence))
            if not accepted(licence, stage.licences):
                say(f"corpus: {package} left out: licence {licence}")
                count["packages_left_out_for_licence"] += 1
                continue
            count["packages"] += 1
            documents = list(_documents(group, package, archive, stage, count))
            outside = {d.package for d in documents} & set(group.held_out)
            held_out += [d for d in documents if d.package in outside]
            train += _capped([d for d in documents if d.package not in outside], stage, count)
    say(f"corpus: {len(train) + len(held_out)} files; looking for duplicates")
    kept_train, kept_held_out = split_without_duplicates(train, held_out, stage, counts)
    for name, documents in (("train", kept_train), ("heldout", kept_held_out)):
        for language in sorted({d.language for d in documents}):
            _write_jsonl(output / f"{name}-{language}.jsonl", [d for d in documents if d.language == language])
    hashes = {path.name: file_sha256(path) for path in sorted(output.glob("*.jsonl"))}
    _write_json(
        summary,
        {
            "stage_sha256": key,
            "counts": {language: dict(sorted(count.items())) for language, count in counts.items()},
            "files_sha256": hashes,
            "archives": [item.model_dump() for item in locked],
        },
    )
    say("corpus: " + "; ".join(f"{k}: {v['train_bytes'] / 1e6:.1f} MB to train on" for k, v in counts.items()))


def read_documents(path: Path) -> list[Document]:
    """The documents of one JSONL file. Raises `VernacularError` where it is not there."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise VernacularError(f"{path}: no such file; run the recipe's stage `corpus` first") from None
    return [Document(**json.loads(line)) for line in lines if line]


def split_without_duplicates(
    train: list[Document], held_out: list[Document], stage: CorpusStage, counts: Counts
) -> tuple[list[Document], list[Document]]:
    """Drop duplicates within training, then what of the held-out side equals or resembles training or itself."""
    documents = train + held_out
    with ProcessPoolExecutor(2) as pool:
        texts = [d.text for d in documents]
        signatures = list(pool.map(signature, texts, [stage.minhash_permutations] * len(texts), chunksize=64))
    index = DuplicateIndex(stage.near_duplicate_similarity, stage.minhash_permutations)
    kept: tuple[list[Document], list[Document]] = ([], [])
    for number, (document, text_signature) in enumerate(zip(documents, signatures, strict=True)):
        side = int(number >= len(train))
        count = counts.setdefault(document.language, Counter())
        name = ("train", "heldout")[side]
        if reason := index.seen(document.text, text_signature):
            count[f"{name}_{reason}"] += 1
            continue
        index.add(str(number), document.text, text_signature)
        kept[side].append(document)
        count[f"{name}_files"] += 1
        count[f"{name}_bytes"] += len(document.text.encode())
    return kept


def _documents(
    group: SourceGroup, package: str, archive: Path, stage: CorpusStage, count: Counter[str]
) -> Iterable[Document]:
    reader = moonpad_core_files if group.layout == "moonpad" else files_in
    for path, content in reader(archive, group.suffixes):
        count["files_seen"] += 1
        text = decoded(content)
        reason = "not_utf8" if text is None else None
        if text is not None:
            text = without_notice(text)
            reason = refusal(path, text, stage.min_file_bytes, stage.max_file_bytes, stage.max_line_bytes)
        if text is None or reason:
            count[f"dropped_{reason}"] += 1
            continue
        name = path.rpartition("/")[0] if group.layout == "moonpad" else package.rpartition("==")[0]
        yield Document(group.language, name, path, text)


def _capped(documents: list[Document], stage: CorpusStage, count: Counter[str]) -> list[Document]:
    """At most `max_package_bytes` of a package, chosen by the seed, in the order of the paths."""
    room = dict.fromkeys((d.package for d in documents), stage.max_package_bytes)
    chosen: set[int] = set()
    for number in shuffled(len(documents), stage.seed):
        size = len(documents[number].text.encode())
        if room[documents[number].package] < size:
            count["dropped_package_cap"] += 1
            continue
        room[documents[number].package] -= size
        chosen.add(number)
    return [document for number, document in enumerate(documents) if number in chosen]


def _locked(group: SourceGroup, package: str, archive: Path, licence: str) -> Locked:
    return Locked(
        registry=group.registry, package=package, file=archive.name, sha256=file_sha256(archive), licence=licence
    )


def _write_jsonl(path: Path, documents: list[Document]) -> None:
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        for document in documents:
            file.write(json.dumps(document.as_json(), ensure_ascii=False) + "\n")
    partial.replace(path)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(path)
