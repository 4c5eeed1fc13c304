"""A run's folder: where everything of it lies, who works in it, and what it is a run of.

    recipe.yaml     the recipe, as it was written
    run.json        stages with their keys, seconds and peak memory; versions, machine
    STAGE/          stage.json once it is finished, begun.json before; what the stage made
    model/          the transferred checkpoint
    report.html

Guarantees: two processes never work in one folder; nothing outside of it is ever removed, nor anything behind a link.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ConfigError, RunError
from core.files import write_atomically

RECIPE, RUN, REPORT, LOCK = "recipe.yaml", "run.json", "report.html", ".lock"
DONE, BEGUN = "stage.json", "begun.json"
"""In a stage's folder."""
FORMAT = 1


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run."""

    path: Path

    @property
    def model(self) -> Path:
        """The transferred checkpoint."""
        return self.path / "model"

    @property
    def report(self) -> Path:
        """The page."""
        return self.path / REPORT

    def stage(self, name: str) -> Path:
        """A stage's folder."""
        return self.path / name

    @property
    def begun(self) -> bool:
        """Whether a stage of it was ever begun."""
        places = (f"{depth}/{name}" for depth in ("*", "*/*") for name in (DONE, BEGUN))
        return any(True for place in places for _ in self.path.glob(place))

    def read(self) -> dict[str, Any]:
        """What `run.json` says; empty where there is none yet. Raises `RunError` for one that is damaged."""
        return read_json(self.path / RUN, "it is written anew")

    def write(self, content: dict[str, Any]) -> None:
        """Replace `run.json`."""
        write_atomically(self.path / RUN, json.dumps({"format": FORMAT, **content}, indent=1) + "\n")

    def clear(self, folder: Path) -> None:
        """Remove a folder of the run. Raises `RunError` where it is a link or lies elsewhere."""
        if not folder.exists() and not folder.is_symlink():
            return
        inside = folder.parent.resolve().is_relative_to(self.path.resolve()) and folder != self.path
        if folder.is_symlink() or not inside:
            raise RunError(f"{folder}: is a link out of the run's folder; remove it yourself, or name another --output")
        shutil.rmtree(folder)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes out. Raises `RunError`, naming the process that is at work here."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as problem:
            reason = (problem.strerror or "error").lower()
            raise RunError(f"{self.path}: cannot be written ({reason}); name another folder with --output") from None
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(handle, 32, 0).decode(errors="replace").strip()
                raise RunError(
                    f"{self.path}: process {holder or 'of another user'} is working here; wait for it, or name another "
                    "folder with --output"
                ) from None
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(handle)

    def claim(self, name: str, identity: str, text: bytes, resume: bool) -> None:
        """Make it the folder of this recipe; `identity` is the SHA-256 of what the recipe says.

        Raises `ConfigError` where it holds another recipe's run or something else, and with `resume` where it holds
        none. A changed recipe of the same name is taken with `resume` alone, and any while no stage was begun. A
        `run.json` that was removed is written anew.
        """
        begun = self.begun
        found = self.read() or (self._by_recipe(identity, text) if begun else {})
        if not found:
            if resume:
                raise ConfigError(f"{self.path}: there is no run to resume; leave --resume away to begin one")
            if others := sorted(entry.name for entry in self.path.iterdir() if entry.name != LOCK):
                raise ConfigError(
                    f"{self.path}: holds something else ({others[0]}) and no run; name another folder with --output"
                )
        elif begun and found.get("name") != name:
            raise ConfigError(
                f"{self.path}: holds a run of the recipe {found.get('name')!r}; name another folder with --output"
            )
        elif begun and found.get("recipe_sha256") != identity and not resume:
            raise ConfigError(
                f"{self.path}: holds a run of this recipe as it was before ({RECIPE} there); give --resume to go on "
                "and redo what the change concerns, or name another folder with --output"
            )
        write_atomically(self.path / RECIPE, text)
        self.write({**found, "name": name, "recipe_sha256": identity})

    def _by_recipe(self, identity: str, text: bytes) -> dict[str, Any]:
        """What `run.json` said, by the recipe that lies beside it; empty where none does."""
        import yaml

        try:
            kept = (self.path / RECIPE).read_bytes()
            return {"name": yaml.safe_load(kept)["name"], "recipe_sha256": identity if kept == text else ""}
        except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError):
            return {}


def read_json(path: Path, then: str = "its stage is begun anew") -> dict[str, Any]:
    """A JSON object; empty where there is no such file. Raises `RunError` for what is none.

    `then`: what follows once it is removed.
    """
    try:
        return dict(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError):
        raise RunError(f"{path}: is damaged; remove it, and {then}") from None
