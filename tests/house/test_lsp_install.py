"""What a laptop gets: `pip install .[lsp]` in an empty environment, really."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(600)  # a download, and a machine that may be busy

LIMIT_MB = 60.0


@pytest.fixture(scope="module")
def environment(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment with the `lsp` extra alone, at the locked versions.

    Built from a copy, since setuptools leaves its `build/` beside what it builds.
    """
    folder = tmp_path_factory.mktemp("laptop")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, source)
    for package in root.glob("*/__init__.py"):
        shutil.copytree(package.parent, source / package.parent.name, ignore=shutil.ignore_patterns("__pycache__"))
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    command: list[str | Path] = [
        venv / "bin" / "pip",
        "install",
        "-qq",
        "-c",
        root / "locks" / "lsp.txt",
        f"{source}[lsp]",
    ]
    subprocess.run(command, check=True)
    return venv


@pytest.fixture
def hostile_workspace(tmp_path: Path) -> Path:
    """A folder whose packages bear this project's names and end whatever imports them."""
    for name in ("core", "completion", "lsp", "server", "cli", "pygls", "typing_extensions"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('hostile')\n", encoding="utf-8")
    return tmp_path


def test_it_is_small(environment: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (packages,) = environment.glob("lib/python*/site-packages")
    total = 0
    for path in packages.rglob("*"):
        top = path.relative_to(packages).parts[0]
        if path.is_file() and not top.startswith(("pip", "setuptools", "pkg_resources")):
            total += path.stat().st_size
    with capsys.disabled():
        sys.stdout.write(f" site-packages of .[lsp]: {total / 1e6:.1f} MB in files ")
    assert total / 1e6 <= LIMIT_MB


def test_it_says_its_version_from_a_hostile_workspace(environment: Path, hostile_workspace: Path) -> None:
    command = [str(environment / "bin" / "vernacular-lsp"), "--version"]
    answer = subprocess.run(command, cwd=hostile_workspace, capture_output=True, text=True, check=False, timeout=30)
    assert answer.returncode == 0, answer.stderr
    assert "0." in answer.stdout


def test_it_initialises_over_stdio_in_a_hostile_workspace(environment: Path, hostile_workspace: Path) -> None:
    with started(environment, hostile_workspace) as process:
        abilities: dict[str, Any] = {"textDocument": {"inlineCompletion": {}}}
        about = {"capabilities": abilities, "processId": None, "rootUri": hostile_workspace.as_uri()}
        send(process, id=1, method="initialize", params=about)
        answer = receive(process)
        assert answer["id"] == 1
        assert "inlineCompletionProvider" in answer["result"]["capabilities"]
        send(process, method="initialized", params={})
        send(process, id=2, method="shutdown")
        while answer.get("id") != 2:
            answer = receive(process)
        send(process, method="exit")
        assert process.wait(timeout=30) == 0


def started(environment: Path, folder: Path) -> subprocess.Popen[bytes]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.Popen(
        [environment / "bin" / "vernacular-lsp"], cwd=folder, env=clean, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def send(process: subprocess.Popen[bytes], **message: object) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    assert process.stdin is not None
    process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    process.stdin.flush()


def receive(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    headers: Iterator[bytes] = iter(process.stdout.readline, b"\r\n")
    lengths = [int(line.split(b":")[1]) for line in headers if line.lower().startswith(b"content-length")]
    assert len(lengths) == 1, "the server ended without an answer"
    message: dict[str, Any] = json.loads(process.stdout.read(lengths[0]))
    return message
