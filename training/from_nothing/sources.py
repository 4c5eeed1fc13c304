"""Fetch pinned source packages with the user's own clients: pip, npm, apt-get.

Whatever index, mirror or certificate those clients are configured with is used. Archives land in a cache folder and
are never executed or installed. Their SHA-256 is compared with the recipe's lock file, where one exists.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.parse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from core.checkpoint import file_sha256
from core.errors import VernacularError
from training.from_nothing.recipe import SourceGroup

FETCH_TIMEOUT_S = 600


class SourceError(VernacularError):
    """A package could not be fetched, or is not the one that was locked."""


class Locked(BaseModel):
    """One archive as it was fetched."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    registry: str = Field(description="pypi, npm or apt")
    package: str = Field(description="NAME==VERSION")
    file: str = Field(description="file name of the archive")
    sha256: str = Field(description="of the archive")
    licence: str = Field(description="as the package's own metadata state it")


def fetch_all(groups: tuple[SourceGroup, ...], folder: Path, parallel: int = 4) -> dict[tuple[str, str], Path]:
    """Fetch every package of `groups` into `folder` and return the archive of each `(registry, NAME==VERSION)`.

    Archives that are there already are not fetched again. Raises `SourceError`, naming the package and the client's
    last line, for the first one that fails.
    """
    wanted = [(group.registry, package) for group in groups for package in group.packages]
    with ThreadPoolExecutor(parallel) as pool:
        paths = list(pool.map(lambda item: _fetch(item[0], item[1], folder), wanted))
    return dict(zip(wanted, paths, strict=True))


def check_lock(archives: dict[tuple[str, str], Path], lock: Path) -> None:
    """Compare archives with the lock file; do nothing where it does not exist. Raises `SourceError`.

    A wheel for another platform or Python has another file name; it is not compared.
    """
    if not lock.exists():
        return
    entries = {(item["registry"], item["package"]): item for item in json.loads(lock.read_text())["archives"]}
    for key, path in archives.items():
        entry = entries.get(key)
        if entry is not None and entry["file"] == path.name and entry["sha256"] != file_sha256(path):
            raise SourceError(
                f"{path.name}: SHA-256 differs from {lock.name}; "
                "delete the file to fetch it again, or the lock to accept it"
            )


def _fetch(registry: str, package: str, folder: Path) -> Path:
    target = folder / registry / urllib.parse.quote(package, safe="")
    if found := _archive_in(target):
        return found
    target.mkdir(parents=True, exist_ok=True)
    command, fetched = _COMMANDS[registry](package)
    try:
        result = subprocess.run(
            command, cwd=target, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S, check=False
        )
    except FileNotFoundError:
        raise SourceError(f"{command[0]} is not installed; it is needed to fetch {package}") from None
    except subprocess.TimeoutExpired:
        raise SourceError(f"{package}: {command[0]} took longer than {FETCH_TIMEOUT_S} s; try again") from None
    archive = _archive_in(target)
    if result.returncode != 0 or archive is None:
        reason = (result.stderr.strip() or result.stdout.strip() or "no output").splitlines()[-1]
        raise SourceError(f"{package} could not be fetched with {fetched}: {reason}")
    return archive


def _archive_in(folder: Path) -> Path | None:
    endings = (".whl", ".tgz", ".deb")
    return next((path for path in sorted(folder.glob("*")) if path.name.endswith(endings)), None)


def _pip(package: str) -> tuple[list[str], str]:
    options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--dest", "."]
    return [sys.executable, "-m", "pip", "download", *options, package], "pip download"


def _npm(package: str) -> tuple[list[str], str]:
    name, _, version = package.rpartition("==")
    return ["npm", "pack", "--silent", "--ignore-scripts", f"{name}@{version}"], "npm pack"


def _apt(package: str) -> tuple[list[str], str]:
    name, _, version = package.rpartition("==")
    return ["apt-get", "--quiet", "download", f"{name}={version}"], "apt-get download"


_COMMANDS: dict[str, Callable[[str], tuple[list[str], str]]] = {"pypi": _pip, "npm": _npm, "apt": _apt}
