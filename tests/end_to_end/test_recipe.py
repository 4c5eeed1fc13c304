"""Levy's own recipe in miniature, with nothing replaced: corpus, training, transfer, engine, sandbox, gate, report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.checkpoint import read_manifest
from evaluation.runs import read_results

ROOT = Path(__file__).resolve().parents[2]
LEVY = ROOT / "examples" / "levy"
VERNACULAR = str(Path(sys.executable).parent / "vernacular")

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]


def miniature(folder: Path) -> Path:
    """The recipe with the sample of programs that lies in the repository, and few tasks."""
    recipe: dict[str, Any] = yaml.safe_load((LEVY / "recipe.yaml").read_text(encoding="utf-8"))
    recipe["base"], recipe["instruct"] = (str(LEVY / recipe[role]) for role in ("base", "instruct"))
    recipe["language_folders"] = [str(LEVY / "languages")]
    corpus = recipe["corpus"]
    corpus["sources"] = [
        {"folder": str(LEVY / "corpus" / "generated-sample"), "name": "generated"},
        {"folder": str(LEVY / "manual"), "name": "manual", "depth": 0},
    ]
    corpus["split"] = {"held_out": 0, "groups": ["generated/harbour"]}
    corpus["decontamination"]["benchmarks"][0]["file"] = str(LEVY / "benchmark" / "tasks.jsonl")
    recipe["pretrain"] |= {"compile": False, "measure_every_steps": 5, "tokens_per_step": 2048}
    recipe["evaluate"]["benchmarks"][0]["file"] = str(LEVY / "benchmark" / "tasks.jsonl")
    recipe["evaluate"] |= {"limit": 4, "max_new_tokens": 60}
    recipe["evaluate"]["arms"] = {name: recipe["evaluate"]["arms"][name] for name in ("pretrained", "transferred")}
    del recipe["evaluate"]["incumbent"], recipe["gate"]
    place = folder / "recipe.yaml"
    place.write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
    return place


def vernacular(*words: str | Path) -> str:
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}
    done = subprocess.run([VERNACULAR, *map(str, words)], check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_a_recipe_from_code_to_a_checkpoint_that_is_served(tmp_path: Path) -> None:
    recipe, run = miniature(tmp_path), tmp_path / "run"
    assert "fits" in vernacular("train", recipe, "--output", run, "--dry-run")
    vernacular("train", recipe, "--output", run)
    curve = [json.loads(line) for line in (run / "pretrain" / "curve.jsonl").read_text().splitlines()]
    bits = [point["bits_per_byte"]["levy"] for point in curve if "bits_per_byte" in point]
    assert bits[-1] < bits[0] - 0.3
    manifest = read_manifest(run / "model")
    assert manifest.transfer is not None
    assert set(manifest.transfer.parents) == {"base", "instruct", "pretrained"}
    for arm in ("pretrained", "transferred"):
        results = list(read_results(run / "evaluate" / arm / "levy"))
        assert len(results) == 4
        assert all(result.verdict != "sandbox_error" for result in results)
    assert "transferred" in (run / "report.html").read_text(encoding="utf-8")
    again = vernacular("train", recipe, "--output", run)
    assert "pretrain: unchanged" in again
    assert "evaluate/transferred: unchanged" in again
    parents = [f"base={ROOT / 'examples' / 'models' / 'embedded-base'}", f"pretrained={run / 'pretrain' / 'model'}"]
    parents.append(f"instruct={ROOT / 'examples' / 'models' / 'embedded-instruct'}")
    vernacular("checkpoint", "verify", run / "model", "--recompute", "--parents", *parents)
