"""What a pre-training depends on, in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.training.pretraining.conftest import write_corpus
from training.pretraining.run import pretrain
from training.pretraining.settings import PretrainJob, PretrainSettings


def test_only_the_documents_of_a_corpus_decide(base: Path, tmp_path: Path) -> None:
    chosen: dict[str, Any] = {"epochs": 1, "row_tokens": 64, "tokens_per_step": 512, "threads": 1}
    corpus = write_corpus(tmp_path / "corpus", "levy", train=4, held_out=1)
    job = PretrainJob(model=str(base), corpus=corpus, settings=PretrainSettings(**chosen), folder=tmp_path / "fit")

    def said() -> list[str]:
        told: list[dict[str, Any]] = []
        pretrain(job, told.append)
        return [news["say"] for news in told if "say" in news]

    assert said() == ["making rows"]
    summary = json.loads((corpus / "corpus.json").read_bytes())
    summary["languages"]["levy"]["dropped"] = {"short": {"files": 1, "bytes": 4}}
    summary["files_sha256"]["origins.jsonl"] = "another"
    (corpus / "corpus.json").write_text(json.dumps(summary))
    assert said() == ["unchanged"]
    summary["files_sha256"]["train-levy.jsonl"] = "another"
    (corpus / "corpus.json").write_text(json.dumps(summary))
    assert said() == ["making rows"]
