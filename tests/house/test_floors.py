"""import-linter holds the floors, and would catch an arrow that points upwards."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LINT_IMPORTS, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


def test_the_floors_hold(root: Path) -> None:
    answer = lint_imports(root)
    assert answer.returncode == 0, answer.stdout


@pytest.fixture(scope="module")
def copy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the import packages, in which a test may plant a module."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(root / "pyproject.toml", folder)
    for package in root.glob("*/__init__.py"):
        leave = shutil.ignore_patterns("__pycache__", "*.safetensors")
        shutil.copytree(package.parent, folder / package.parent.name, ignore=leave)
    return folder


@pytest.mark.parametrize(
    ("floor", "planted"),
    [
        ("core", "import completion"),
        ("core", "import torch"),
        ("completion", "from server import __doc__"),
        ("completion", "import transformers"),
        ("lsp", "import server"),
        ("lsp", "import fastapi"),
        ("server", "import lsp"),
        ("editor_support", "import lsp"),
        ("editor_support", "import numpy"),
        ("server", "def late():\n    import evaluation"),
        ("evaluation", "import training"),
        ("training", "import cli"),
        ("languages", "import core"),
    ],
)
def test_a_planted_arrow_is_caught(copy: Path, floor: str, planted: str) -> None:
    module = copy / floor / "planted.py"
    module.write_text(planted + "\n", encoding="utf-8")
    try:
        answer = lint_imports(copy)
    finally:
        module.unlink()
    assert answer.returncode == 1, answer.stdout
    assert f"{floor}.planted" in answer.stdout
