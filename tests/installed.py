"""Programs that a script of `scripts/` installs for the tests."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


@cache
def printed_by(script: str) -> str:
    """The path that a script prints, which finds or installs the program; skips where there is none to be had."""
    answer = subprocess.run([SCRIPTS / script], capture_output=True, text=True, check=False)
    if answer.returncode:
        pytest.skip(answer.stderr.strip())
    return answer.stdout.strip()
