"""Put what the extension installs into `server/`: a wheel of the language server, the lock, and `manifest.json`.

    python scripts/build_server.py [--wheels TARGET ...]

The wheel holds `core`, `completion`, `languages` and `lsp` alone: the project's own wheel brings the embedded model
and all that a server needs. `--wheels` adds the wheels of everything else for a machine without the internet, for
VS Code's targets (`linux-x64`, `darwin-arm64`, ...) and each version of Python that fits; `here` is this machine's.
Runs with any Python from 3.11 on that has pip; with setuptools 77 too, it asks no package index for the wheel.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

EXTENSION = Path(__file__).resolve().parent.parent
ROOT = EXTENSION.parent.parent
SERVER = EXTENSION / "server"
LOCK = ROOT / "locks" / "lsp.txt"
PACKAGES = ("core", "completion", "languages", "lsp")
COMMAND_LINE_ONLY = ("rich", "typer")
"""What only `cli` imports: the editor has no use for it."""
PLATFORMS = {
    "linux-x64": ["manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"],
    "linux-arm64": ["manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"],
    "alpine-x64": ["musllinux_1_2_x86_64", "musllinux_1_1_x86_64"],
    "alpine-arm64": ["musllinux_1_2_aarch64", "musllinux_1_1_aarch64"],
    "darwin-x64": ["macosx_12_0_x86_64", "macosx_11_0_x86_64", "macosx_10_13_x86_64", "macosx_10_12_x86_64"],
    "darwin-arm64": ["macosx_12_0_arm64", "macosx_11_0_arm64"],
    "win32-x64": ["win_amd64"],
    "win32-arm64": ["win_arm64"],
}


def main() -> None:
    """Write `server/` anew."""
    parser = argparse.ArgumentParser(description="put the language server into the extension")
    parser.add_argument("--wheels", nargs="*", choices=[*PLATFORMS, "here"], metavar="TARGET", default=[])
    targets = parser.parse_args().wheels
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project, data = settings["project"], settings["tool"]["setuptools"]["package-data"]
    shutil.rmtree(SERVER, ignore_errors=True)
    SERVER.mkdir()
    wheel = build_wheel(project, data, SERVER)
    shutil.copy(LOCK, SERVER / "lock.txt")
    for target in targets:
        download(target, SERVER / "wheels", wheel, minor_versions(project["requires-python"]))
    manifest = {
        "version": project["version"],
        "requiresPython": project["requires-python"],
        "wheel": wheel.name,
        "lock": "lock.txt",
        "wheels": "wheels" if targets else None,
        "digest": digest_of(wheel, SERVER / "lock.txt"),
    }
    (SERVER / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    size = sum(path.stat().st_size for path in SERVER.rglob("*") if path.is_file())
    print(f"server/: {wheel.name}, {size / 1e6:.1f} MB in all")


def build_wheel(project: dict[str, Any], data: dict[str, Any], folder: Path) -> Path:
    """The wheel of the language server alone; returns where it is."""
    with tempfile.TemporaryDirectory() as temporary:
        stage, made = Path(temporary, "stage"), Path(temporary, "made")
        for package in PACKAGES:
            shutil.copytree(ROOT / package, stage / package, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        shutil.copy(ROOT / "LICENSE", stage)
        (stage / "pyproject.toml").write_text(pyproject(project, data), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps"]
        command += ["--no-build-isolation"] if setuptools_is_new() else []
        subprocess.run([*command, "--wheel-dir", str(made), str(stage)], check=True)
        (wheel,) = made.glob("*.whl")
        return Path(shutil.copy(wheel, folder))


def pyproject(project: dict[str, Any], data: dict[str, Any]) -> str:
    """The staged project's `pyproject.toml`: JSON's texts and lists are TOML's too."""
    dependencies = [*project["dependencies"], *project["optional-dependencies"]["lsp"]]
    needed = [each for each in dependencies if re.split(r"[<>=!~\[ ]", each)[0] not in COMMAND_LINE_ONLY]
    include = json.dumps([f"{package}*" for package in PACKAGES])
    files = "\n".join(f"{package} = {json.dumps(data[package])}" for package in PACKAGES if package in data)
    return f"""
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = {json.dumps(project["name"])}
version = {json.dumps(project["version"])}
description = "Language server of Vernacular"
requires-python = {json.dumps(project["requires-python"])}
license = {json.dumps(project["license"])}
license-files = ["LICENSE"]
dependencies = {json.dumps(needed)}

[project.scripts]
vernacular-lsp = {json.dumps(project["scripts"]["vernacular-lsp"])}

[tool.setuptools]
include-package-data = false

[tool.setuptools.packages.find]
include = {include}

[tool.setuptools.package-data]
{files}
"""


def setuptools_is_new() -> bool:
    """Whether this Python's setuptools can build the wheel."""
    try:
        return int(version("setuptools").split(".")[0]) >= 77
    except (PackageNotFoundError, ValueError):
        return False


def minor_versions(requires: str) -> list[str]:
    """The versions that `>=3.11,<3.14` names: 3.11, 3.12, 3.13."""
    match = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", requires)
    assert match, requires
    return [f"3.{minor}" for minor in range(int(match[1]), int(match[2]))]


def download(target: str, folder: Path, wheel: Path, minors: list[str]) -> None:
    """Fetch the wheels of everything that the language server needs."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--only-binary", ":all:"]
    command += ["--constraint", str(LOCK), "--dest", str(folder)]
    if target == "here":
        subprocess.run([*command, str(wheel)], check=True)
    else:
        platforms = [part for platform in PLATFORMS[target] for part in ("--platform", platform)]
        for minor in minors:
            subprocess.run([*command, *platforms, "--python-version", minor, str(wheel)], check=True)
    for own in folder.glob(f"{wheel.name.split('-')[0]}-*.whl"):
        own.unlink()


def digest_of(wheel: Path, lock: Path) -> str:
    """Changes with what is installed; a wheel's own bytes hold the time at which it was built."""
    digest = hashlib.sha256(lock.read_bytes())
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            digest.update(name.encode())
            digest.update(archive.read(name))
    return digest.hexdigest()


if __name__ == "__main__":
    main()
