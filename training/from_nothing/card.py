"""Write the model card: `README.md` of a model folder, from what is recorded about it and nothing else."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

from core.checkpoint import Manifest
from core.errors import ConfigError
from core.files import write_atomically
from training.curve import read_curve
from training.from_nothing.corpus import read_documents
from training.from_nothing.recipe import Recipe

EXAMPLES = 12


def write_card(
    folder: Path, manifest: Manifest, recipe: Recipe, run: Path, report: dict[str, Any] | None = None
) -> None:
    """Write `folder/README.md`. Examples are drawn by the corpus seed from all single-line positions of `report`."""
    summary = json.loads((run / "corpus" / "corpus.json").read_text(encoding="utf-8"))
    weights = folder / "model.safetensors"
    size = f"{weights.stat().st_size / 1e6:.1f} MB" if weights.exists() else "?"
    parts = [
        f"# {manifest.name}",
        _INTRODUCTION.format(parameters=manifest.parameters / 1e6, size=size, context=manifest.context_tokens),
        _facts(manifest, recipe),
        "## Data",
        _data(manifest, summary),
        "## Held-out bits per byte",
        _curve(manifest, run),
    ]
    if report:
        parts += ["## Fill in the middle on held-out files", _scores(manifest, report)]
        parts += [f"## {EXAMPLES} examples, drawn at random", _examples(manifest, recipe, run, report)]
    parts += ["## Limits", _LIMITS, "## Packages", _packages(summary)]
    write_atomically(folder / "README.md", "\n\n".join(part for part in parts if part) + "\n")


_INTRODUCTION = (
    "A code-completion model of {parameters:.1f} M parameters ({size} as bfloat16), trained from nothing on a CPU. "
    "Llama shape, byte-level BPE, context {context} tokens. Small enough to be "
    "shipped, and no match for a large model."
)

_LIMITS = """\
- It is small and was trained on few tokens: it knows syntax and habits, not libraries; what it copies it mostly copies
  from the lines near the cursor.
- It learned MoonBit from the core library alone, many times over: its habits are that library's.
- Much of the training saw rows of 512 tokens, later parts longer ones: the far end of a long context helps less.
- It was trained on permissively licensed code and may repeat lines of it."""


def _facts(manifest: Manifest, recipe: Recipe) -> str:
    model, optimizer = recipe.pretrain.model, recipe.pretrain.optimizer
    by_language = ", ".join(f"{k} {v:.2f}" for k, v in sorted(manifest.bytes_per_token_by_language.items()))
    mix = ", ".join(f"{k} {v:.0%}" for k, v in recipe.pretrain.phases[-1].examples.mix.items())
    versions = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    rows = [
        (
            "shape",
            f"{model.layers} layers, width {model.hidden}, {model.heads} heads, {model.key_value_heads} for keys",
        ),
        ("vocabulary", f"{recipe.pretrain.tokenizer.vocabulary_tokens} tokens"),
        ("bytes a token on held-out code", f"{manifest.bytes_per_token:.2f} ({by_language})"),
        ("trained on", f"{manifest.trained_tokens / 1e6:.1f} M tokens" + ("" if manifest.complete else " so far")),
        ("mix at the end", mix),
        ("optimizer", f"Muon {optimizer.muon_learning_rate}, AdamW {optimizer.adamw_learning_rate}"),
        ("machine", f"{manifest.machine}, shared with other work"),
        ("date", manifest.finished),
        ("versions", versions),
        ("template", f"`{manifest.template}`"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return (
        f"| | |\n| --- | --- |\n{table}\n\nRebuilt by one command: `vernacular train training/recipes/embedded.yaml`."
    )


def _data(manifest: Manifest, summary: dict[str, Any]) -> str:
    lines = ["| language | files seen | to train on | MB | held out | near-duplicates dropped |", "|" + " --- |" * 6]
    for language, count in sorted(summary["counts"].items()):
        near = count.get("train_near_duplicate", 0) + count.get("heldout_near_duplicate", 0)
        exact = count.get("train_exact_duplicate", 0) + count.get("heldout_exact_duplicate", 0)
        lines.append(
            f"| {language} | {count.get('files_seen', 0)} | {count.get('train_files', 0)} | "
            f"{count.get('train_bytes', 0) / 1e6:.1f} | {count.get('heldout_files', 0)} | {near} (and {exact} exact) |"
        )
    return (
        "\n".join(lines) + "\n\nHeld out are whole packages (for MoonBit whole directories of its core library); what "
        "nearly equals a training file was taken out of them first. All counts: `corpus.json` of the run."
    )


def _curve(manifest: Manifest, run: Path) -> str:
    points = manifest.curve[:: max(1, len(manifest.curve) // 12)]
    if manifest.curve and points[-1] != manifest.curve[-1]:
        points = (*points, manifest.curve[-1])
    languages = sorted({name for point in points for name in point.bits_per_byte})
    lines = [f"| M tokens | {' | '.join(languages)} |", "|" + " --- |" * (len(languages) + 1)]
    for point in points:
        values = " | ".join(f"{point.bits_per_byte[name]:.3f}" for name in languages)
        lines.append(f"| {point.tokens / 1e6:.1f} | {values} |")
    speeds = [line["tokens_per_s"] for line in read_curve(run / "pretrain" / "curve.jsonl") if "tokens_per_s" in line]
    speed = f"\n\nMedian speed {sorted(speeds)[len(speeds) // 2]:,} tokens a second." if speeds else ""
    return "\n".join(lines) + speed


def _scores(manifest: Manifest, report: dict[str, Any]) -> str:
    lines = ["| language | middle | method | positions | exact | edit similarity |", "|" + " --- |" * 6]
    lines += [
        f"| {s.language} | {s.kind} | {s.predictor} | {s.positions} | {s.exact:.1%} | {s.edit:.3f} |"
        for s in manifest.scores
    ]
    lines += ["", "| language | middle | measure | methods | difference (95 % interval) | real |", "|" + " --- |" * 6]
    lines += [
        f"| {d.language} | {d.kind} | {d.measure} | {d.first} - {d.second} | "
        f"{d.mean:+.3f} ({d.low:+.3f} to {d.high:+.3f}) | {'yes' if d.real else 'no'} |"
        for d in manifest.differences
    ]
    note = (
        "Greedy, with token healing at the cursor; the same positions for all; the 5-gram learned from the same "
        "training files and from the file's own lines. Intervals: paired bootstrap over files."
    )
    return note + "\n\n" + "\n".join(lines)


def _examples(manifest: Manifest, recipe: Recipe, run: Path, report: dict[str, Any]) -> str:
    predictor = f"model, {manifest.template}"
    rows = [r for r in report["rows"] if r["predictor"] == predictor and r["kind"] == "single-line"]
    if not rows:
        raise ConfigError(f"the report has no single-line positions of {predictor!r}")
    texts = {
        (d.language, d.package, d.path): d.text
        for path in sorted((run / "corpus").glob("heldout-*.jsonl"))
        for d in read_documents(path)
    }
    chosen = random.Random(recipe.corpus.seed).sample(rows, min(EXAMPLES, len(rows)))  # noqa: S311 - not for secrets
    shown = []
    for row in chosen:
        text = texts.get((row["language"], row["package"], row["path"]), "")
        above = text[: row["start"]].split("\n")[-3:]
        proposed = row["proposed"].split("\n")[0]
        block = "\n".join([*above[:-1], above[-1] + "⟦" + proposed + "⟧"])
        verdict = "exactly what was there" if row["exact"] else f"there was: `{row['target'] or ' '}`"
        shown.append(f"{row['language']}, `{row['package']}/{row['path']}`, {verdict}\n\n````\n{block}\n````")
    return "What stands in ⟦⟧ is the model's.\n\n" + "\n\n".join(shown)


def _packages(summary: dict[str, Any]) -> str:
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for archive in summary["archives"]:
        groups[archive["registry"], archive["licence"]].append(archive["package"].replace("==", " "))
    lines = [f"- {registry}, {licence}: {', '.join(names)}" for (registry, licence), names in sorted(groups.items())]
    return "Licences as the packages' own metadata state them; SHA-256 in the recipe's lock file.\n\n" + "\n".join(
        lines
    )
