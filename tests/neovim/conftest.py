"""A Neovim that is new enough, wherever it comes from."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.neovim.driver import ROOT, Neovim, neovim


@pytest.fixture(scope="session")
def nvim_command() -> str:
    """The path that `scripts/install-neovim.sh` prints."""
    answer = subprocess.run([ROOT / "scripts" / "install-neovim.sh"], capture_output=True, text=True, check=False)
    if answer.returncode:
        pytest.skip(answer.stderr.strip())
    return answer.stdout.strip()


@pytest.fixture
def nvim(nvim_command: str, tmp_path: Path) -> Iterator[Neovim]:
    """A Neovim with the plugin on its run-time path, not yet set up."""
    with neovim(nvim_command, tmp_path / "home") as running:
        yield running
