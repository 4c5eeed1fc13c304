"""The model card says what is recorded, with examples drawn by the seed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.checkpoint import CorpusRecord, CurvePoint, Manifest
from core.errors import ConfigError
from training.from_nothing.card import write_card
from training.from_nothing.manifest import _part
from training.from_nothing.recipe import load_recipe
from training.from_nothing.runner import _read_report

RECIPE = Path(__file__).parents[3] / "training" / "recipes" / "embedded.yaml"
TEXT = "fn area(width : Int) -> Int {\n  width * width\n}\n"


def manifest() -> Manifest:
    return Manifest(
        name="small",
        template="embedded-spm",
        bytes_per_token=3.5,
        parameters=4_700_000,
        context_tokens=2048,
        recipe="name: small",
        recipe_sha256="0",
        corpus=CorpusRecord(files_sha256={}, train_bytes={"moonbit": 1}, held_out_files={"moonbit": 1}),
        seeds={"corpus": 1},
        versions={"torch": "2"},
        trained_tokens=5_000_000,
        complete=True,
        machine="a machine",
        finished="2026-11-21",
        curve=tuple(CurvePoint(tokens=i * 1_000_000, bits_per_byte={"moonbit": 3 / (i + 1)}) for i in range(30)),
        files_sha256={},
    )


@pytest.fixture
def run(tmp_path: Path) -> Path:
    corpus = tmp_path / "run" / "corpus"
    corpus.mkdir(parents=True)
    archive = {"registry": "npm", "package": "core==1", "licence": "Apache-2.0", "file": "f", "sha256": "0"}
    summary = {"counts": {"moonbit": {"files_seen": 3, "train_files": 2}}, "archives": [archive]}
    (corpus / "corpus.json").write_text(json.dumps(summary))
    document = {"language": "moonbit", "package": "json", "path": "json/a.mbt", "text": TEXT}
    (corpus / "heldout-moonbit.jsonl").write_text(json.dumps(document) + "\n")
    return tmp_path / "run"


def row(start: int, proposed: str, target: str) -> dict[str, object]:
    return {
        "language": "moonbit",
        "kind": "single-line",
        "package": "json",
        "path": "json/a.mbt",
        "predictor": "model, embedded-spm",
        "start": start,
        "target": target,
        "proposed": proposed,
        "exact": proposed == target,
    }


def test_the_card_shows_the_curve_the_packages_and_the_limits(tmp_path: Path, run: Path) -> None:
    write_card(tmp_path, manifest(), load_recipe(RECIPE), run)
    card = (tmp_path / "README.md").read_text()
    assert "4.7 M parameters" in card
    assert "| 29.0 | 0.100 |" in card
    assert "npm, Apache-2.0: core 1" in card
    assert "## Limits" in card
    assert "Fill in the middle" not in card


def test_examples_stand_where_they_stood(tmp_path: Path, run: Path) -> None:
    start = TEXT.index("* width")
    report = {"rows": [row(start, "* width", "* width"), row(start, "+ 1", "* width")]}
    write_card(tmp_path, manifest(), load_recipe(RECIPE), run, report)
    card = (tmp_path / "README.md").read_text()
    assert "  width ⟦* width⟧" in card
    assert "exactly what was there" in card
    assert "  width ⟦+ 1⟧" in card
    assert "there was: `* width`" in card


@pytest.mark.parametrize("content", ["", "[]", '{"rows": []}'])
def test_a_file_that_is_no_report_is_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(ConfigError, match="is not a report"):
        _read_report(tmp_path / "r.json")


def test_report_items_may_hold_more_than_the_manifest_keeps() -> None:
    from core.checkpoint import Score

    item = {"language": "lua", "kind": "k", "predictor": "p", "positions": 3, "files": 2, "exact": 0.5, "edit": 0.7}
    assert _part(Score, {**item, "confident_exact": 1.0}).exact == 0.5
