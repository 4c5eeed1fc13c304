"""The systemd unit, by systemd's own tools."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.queries import DEPLOY

UNIT = DEPLOY / "systemd" / "vernacular.service"
COMMAND = Path(sys.executable).with_name("vernacular")


@pytest.fixture
def analyze(tool: Callable[[str], str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`systemd-analyze` with arguments; skipped where it is too old, or cannot look at a file."""
    program = tool("systemd-analyze")
    if "--offline" not in subprocess.run([program, "--help"], capture_output=True, text=True, check=False).stdout:
        pytest.skip("systemd-analyze is too old for --offline")

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([program, *arguments], check=False, capture_output=True, text=True, timeout=60)

    return run


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with the command of this environment, since its own is not installed here."""
    file = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    assert text.count("/usr/local/lib/vernacular/.venv/bin/vernacular ") == 1
    file.write_text(text.replace("/usr/local/lib/vernacular/.venv/bin/vernacular ", f"{COMMAND} "), encoding="utf-8")
    return file


def test_systemd_takes_it(analyze: Callable[..., subprocess.CompletedProcess[str]], unit: Path) -> None:
    done = analyze("verify", unit)
    assert done.returncode == 0, done.stderr
    about_it = [line for line in done.stderr.splitlines() if unit.name in line]
    assert not about_it


@pytest.mark.parametrize(("drop_in", "threshold"), [(None, 20), ("gpu.conf", 25)])
def test_it_may_do_little(
    analyze: Callable[..., subprocess.CompletedProcess[str]], unit: Path, drop_in: str | None, threshold: int
) -> None:
    if drop_in:  # as systemd reads it: lines that come later win
        text = (UNIT.with_name(f"{UNIT.name}.d") / drop_in).read_text(encoding="utf-8")
        unit.write_text(f"{unit.read_text(encoding='utf-8')}\n{text}", encoding="utf-8")
    done = analyze("security", "--offline=true", f"--threshold={threshold}", unit)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
