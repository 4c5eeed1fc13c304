"""The tools that check what is deployed, and a whole server to compare it with."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.conftest import (  # noqa: F401
    make_byte_level,
    model_folder,
    no_network,
    qwen_tokenizer,
    request_with,
    start_server,
    wait_for,
)

TOOLS = Path(__file__).resolve().parents[2] / ".tools" / "deploy"


@pytest.fixture
def tool() -> Callable[[str], str]:
    """The path of a program, from `.tools/deploy` or `PATH`; the test is skipped where there is none."""

    def find(name: str) -> str:
        found = shutil.which(name, path=str(TOOLS)) or shutil.which(name)
        if found is None:
            pytest.skip(f"no {name} here; `python3 scripts/deploy_tools.py` fetches it")
        return found

    return find
