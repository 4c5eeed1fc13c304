"""A training's curve on disk: `curve.jsonl`, one `{"step", "tokens", ...}` a line, written as the training goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.files import write_atomically


def append_point(path: Path, point: dict[str, Any]) -> None:
    """Add a line."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(point) + "\n")


def cut_back(path: Path, step: int) -> None:
    """Drop what lies behind `step`, where a training goes on: so the curve never holds a step twice."""
    kept = [line for line in read_curve(path) if line["step"] <= step]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, "".join(json.dumps(line) + "\n" for line in kept))


def read_curve(path: Path) -> list[dict[str, Any]]:
    """The lines of a curve, oldest first; a last line that a kill cut short is left out."""
    lines: list[dict[str, Any]] = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return lines
