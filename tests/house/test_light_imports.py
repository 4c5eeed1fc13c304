"""What a laptop loads: none of the heavy packages, in a fresh process each."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "vllm", "transformers", "tokenizers", "fastapi", "numpy")
PROGRAM = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, sys.argv[1] + "."):
    importlib.import_module(module.name)
print(" ".join(sorted(set(sys.argv[2:]) & set(sys.modules))))
"""


@pytest.mark.parametrize("package", ["core", "completion", "lsp", "editor_support", "cli"])
def test_every_module_of_a_light_package_loads_nothing_heavy(root: Path, package: str) -> None:
    command = [sys.executable, "-c", PROGRAM, package, *HEAVY]
    answer = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == []
