"""Fill in `vernacular.json` from a run folder."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar

from transformers import PreTrainedModel

from core.checkpoint import MANIFEST, CorpusRecord, CurvePoint, Difference, Manifest, Score, file_sha256
from training.curve import read_curve
from training.from_nothing.recipe import Recipe
from training.provenance import installed_versions, machine

_MAX_POINTS = 60

Part = TypeVar("Part", Score, Difference)


def write_manifest(
    output: Path,
    recipe_file: Path,
    recipe: Recipe,
    model: PreTrainedModel,
    run: Path,
    bytes_per_token: dict[str, float],
    trained_tokens: int,
    report: dict[str, Any] | None = None,
) -> Manifest:
    """Write and return the manifest of the model folder `output`; hashes are of the files that lie there now.

    `report` is what `vernacular heldout --output` wrote for this model.
    """
    text = recipe_file.read_text(encoding="utf-8")
    summary = json.loads((run / "corpus" / "corpus.json").read_text(encoding="utf-8"))
    curve = [line for line in read_curve(run / "pretrain" / "curve.jsonl") if "bits_per_byte" in line]
    curve = [line for line in curve if line["tokens"] <= trained_tokens]
    every = max(1, -(-len(curve) // _MAX_POINTS))
    points = [line for line in curve[:-1:every] if line["tokens"] < 0.99 * curve[-1]["tokens"]] + curve[-1:]
    manifest = Manifest(
        name=recipe.name,
        template=recipe.pretrain.template,
        bytes_per_token=round(bytes_per_token["all"], 3),
        bytes_per_token_by_language={k: round(v, 3) for k, v in bytes_per_token.items() if k != "all"},
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        context_tokens=int(model.config.max_position_embeddings),
        recipe=text,
        recipe_sha256=hashlib.sha256(text.encode()).hexdigest(),
        corpus=CorpusRecord(
            files_sha256=summary["files_sha256"],
            train_bytes={k: v.get("train_bytes", 0) for k, v in summary["counts"].items()},
            held_out_files={k: v.get("heldout_files", 0) for k, v in summary["counts"].items()},
        ),
        seeds={"corpus": recipe.corpus.seed, "pretrain": recipe.pretrain.seed},
        versions=installed_versions(),
        trained_tokens=trained_tokens,
        complete=trained_tokens >= recipe.pretrain.total_steps * recipe.pretrain.tokens_per_step,
        machine=machine(),
        finished=dt.datetime.now(dt.UTC).date().isoformat(),
        curve=tuple(CurvePoint(tokens=line["tokens"], bits_per_byte=line["bits_per_byte"]) for line in points),
        scores=tuple(_part(Score, item) for item in (report or {}).get("summaries", ())),
        differences=tuple(_part(Difference, item) for item in (report or {}).get("comparisons", ())),
        files_sha256={
            path.name: file_sha256(path)
            for path in sorted(output.iterdir())
            if path.is_file() and path.name not in (MANIFEST, "README.md")
        },
    )
    partial = output / (MANIFEST + ".partial")
    partial.write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    partial.replace(output / MANIFEST)
    return manifest


def _part(kind: type[Part], item: dict[str, Any]) -> Part:
    return kind(**{name: item[name] for name in kind.model_fields})
