"""Whether the model that the repository ships is there and whole. Reads file headers only, needs no torch."""

from __future__ import annotations

import json
from pathlib import Path

import server
from cli.checks import Finding

FOLDER = Path(server.__file__).with_name("embedded_model")
FILES = ("config.json", "tokenizer.json", "vernacular.json", "model.safetensors")


def check_embedded_model(folder: Path = FOLDER) -> Finding:
    """One finding: the first thing that is wrong, or the size of the weights."""
    problem = problem_of(folder)
    if problem:
        return Finding("serving", "embedded model", "bad", problem, "git checkout -- server/embedded_model", "serving")
    size_mb = (folder / "model.safetensors").stat().st_size / 1e6
    return Finding("serving", "embedded model", "ok", f"{folder}, weights {size_mb:.1f} MB")


def problem_of(folder: Path) -> str:
    """Return what keeps the folder from being loaded, in one line, or an empty string."""
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        return f"{folder}: no {', '.join(missing)}"
    for name in FILES[:-1]:
        try:
            json.loads((folder / name).read_bytes())
        except ValueError as error:
            return f"{folder / name}: {error}"
    return _problem_of_weights(folder / "model.safetensors")


def _problem_of_weights(path: Path) -> str:
    """Compare a safetensors file's length with what its header promises."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= size - 8:
            return f"{path}: no safetensors header"
        try:
            header = json.loads(file.read(length))
            promised = (
                8 + length + max(tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__")
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return f"{path}: the safetensors header is damaged"
    if promised != size:
        return f"{path}: {size} bytes, its header promises {promised}"
    return ""
