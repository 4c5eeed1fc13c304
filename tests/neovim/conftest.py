"""A Neovim that is new enough, wherever it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.neovim.driver import Neovim, neovim, neovim_command


@pytest.fixture(scope="session")
def nvim_command() -> str:
    """Its path."""
    return neovim_command()


@pytest.fixture
def nvim(nvim_command: str, tmp_path: Path) -> Iterator[Neovim]:
    """A Neovim with the plugin on its run-time path, not yet set up."""
    with neovim(nvim_command, tmp_path / "home") as running:
        yield running
