"""Which paths of a workspace are left out: by `.gitignore` files, by patterns of the user's, by the folders' names.

As in git, a deeper `.gitignore` decides before one above it, a later line before an earlier one, and nothing inside an
ignored folder comes back. The files above the workspace's folder count up to the work tree's top; `.git/info/exclude`
counts, the user's global file does not. A pattern that cannot be read is left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

ALWAYS = frozenset(
    {
        ".git", ".hg", ".svn", ".jj", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".nox", ".mypy_cache",
        ".pytest_cache", ".ruff_cache", ".idea", ".vscode", ".cache", ".direnv", ".gradle", ".terraform",
    }
)  # fmt: skip
"""Folders in which nobody's own code stands."""

_LONGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Layer:
    """The patterns of one `.gitignore`, for paths below `folder`."""

    folder: str
    spec: GitIgnoreSpec


Layers = tuple[Layer, ...]
"""From the topmost to the deepest."""


def layers_above(folder: str, patterns: Sequence[str] = ()) -> Layers:
    """The layers that hold in a workspace's folder before its own `.gitignore` is looked at.

    `patterns` are the user's, in the syntax of `.gitignore`; they count from `folder`, before the files.
    """
    layers: list[Layer] = []
    top = folder
    while not os.path.lexists(os.path.join(top, ".git")):  # noqa: PTH118  strings: this runs for each folder of a walk
        parent = os.path.dirname(top)  # noqa: PTH120
        if parent == top:
            top = folder
            break
        top = parent
    if exclude := _spec(Path(top, ".git", "info", "exclude")):
        layers.append(Layer(top, exclude))
    relative = Path(folder).relative_to(top).parts
    for depth in range(len(relative)):
        above = str(Path(top, *relative[:depth]))
        if spec := _spec(Path(above, ".gitignore")):
            layers.append(Layer(above, spec))
    if patterns:
        layers.append(Layer(folder, _compiled(patterns)))
    return tuple(layers)


def layers_inside(folder: str, above: Layers) -> Layers:
    """The layers for what stands directly in `folder`."""
    spec = _spec(Path(folder, ".gitignore"))
    return (*above, Layer(folder, spec)) if spec else above


def is_ignored(path: str, is_folder: bool, layers: Layers) -> bool:
    """Whether `path` itself is left out; whether a folder above it is, is not looked at."""
    name = path[path.rfind(os.sep) + 1 :]
    if is_folder and name in ALWAYS:
        return True
    for layer in reversed(layers):
        relative = path[len(layer.folder) :].lstrip(os.sep).replace(os.sep, "/")
        verdict = layer.spec.check_file(relative + "/" if is_folder else relative).include
        if verdict is not None:
            return verdict
    return False


def is_left_out(path: Path, folder: Path, above: Layers) -> bool:
    """Whether `path`, a file below `folder`, or a folder between them is left out. Reads `.gitignore` files."""
    layers = layers_inside(str(folder), above)
    place = folder
    *folders, name = path.relative_to(folder).parts
    for part in folders:
        place = place / part
        if is_ignored(str(place), True, layers):
            return True
        layers = layers_inside(str(place), layers)
    return is_ignored(str(place / name), False, layers)


def _spec(path: Path) -> GitIgnoreSpec | None:
    try:
        with path.open("rb") as file:
            lines = file.read(_LONGEST).decode(errors="replace").splitlines()
    except OSError:
        return None
    return _compiled(lines)


def _compiled(lines: Iterable[str]) -> GitIgnoreSpec:
    lines = list(lines)
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return GitIgnoreSpec.from_lines(line for line in lines if _is_pattern(line))


def _is_pattern(line: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
