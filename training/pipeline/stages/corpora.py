"""The stages that build corpora: `corpus/` and `replay/`."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from core.language_files import load_languages
from training.corpora.settings import CorpusSettings
from training.corpora.writing import SUMMARY
from training.pipeline.folder import read_json
from training.pipeline.stage import Stage, key_of
from training.pipeline.work import Work


def stages(work: Work) -> list[Stage]:
    """One for each corpus that the recipe names."""
    found = []
    for name in ("corpus", "replay"):
        settings: CorpusSettings | None = getattr(work.recipe, name)
        if settings is None:
            continue
        folder = work.run.stage(name)
        found.append(
            Stage(
                name=name,
                group=name,
                inputs=partial(_inputs, work, settings, folder),
                run=partial(_build, work, settings, folder),
                made=(folder / SUMMARY,),
                clears=False,
                content=partial(_content, work, name),
                shows={"sources": ", ".join(source.name for source in settings.sources)},
            )
        )
    return found


def _content(work: Work, name: str) -> str:
    """Of a finished corpus' documents, whatever they were made from and whatever was dropped."""
    from training.pretraining.documents import documents_sha256

    return key_of({"files": documents_sha256(read_json(work.run.stage(name) / SUMMARY))})


def _inputs(work: Work, settings: CorpusSettings, folder: Path) -> dict[str, Any]:
    from training.corpora.build import VERSION
    from training.corpora.reading import open_source

    registry = load_languages([Path(path) for path in settings.language_folders])
    return {
        "builder": VERSION,
        "settings": settings.model_dump(mode="json", exclude={"workers"}),
        "sources": {source.name: open_source(source, folder).fingerprint() for source in settings.sources},
        "languages": {name: key_of(json.loads(registry.named(name).model_dump_json())) for name in settings.languages},
        "benchmarks": {item.file: work.hashes.file(Path(item.file)) for item in settings.decontamination.benchmarks},
        "tokenizer": work.hashes.content(Path(settings.tokenizer)) if settings.tokenizer else "",
    }


def _build(work: Work, settings: CorpusSettings, folder: Path) -> None:
    from training.corpora.build import build

    with work.tools.corpus_show() as show:
        build(settings, folder, show)
