"""A training that is killed and started again arrives at the same weights, bit for bit."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from training.curve import read_curve

SCRIPT = Path(__file__).with_name("small_run.py")
STEPS = 8


def start(folder: Path, pause_s: float) -> subprocess.Popen[str]:
    command = [sys.executable, str(SCRIPT), str(folder), str(STEPS), str(pause_s)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


@pytest.fixture(scope="module")
def left_alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("whole")
    process = start(folder, 0.0)
    output, _ = process.communicate(timeout=100)
    assert process.returncode == 0
    return output.strip().splitlines()[-1], folder


def wait_for_checkpoint(folder: Path, process: subprocess.Popen[str]) -> None:
    for _ in range(900):
        if list(folder.glob("checkpoint-*/trainer_state.json")):
            return
        assert process.poll() is None
        time.sleep(0.1)
    raise AssertionError("no checkpoint within 90 s")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_and_resumed_equals_left_alone(
    tmp_path: Path, left_alone: tuple[str, Path], number: signal.Signals
) -> None:
    digest, whole = left_alone
    process = start(tmp_path, 0.1)
    wait_for_checkpoint(tmp_path, process)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert not (tmp_path / f"checkpoint-{STEPS}").exists()
    again = start(tmp_path, 0.0)
    output, _ = again.communicate(timeout=100)
    assert again.returncode == 0
    assert output.strip().splitlines()[-1] == digest
    points = [[line for line in read_curve(f / "curve.jsonl") if "bits_per_byte" in line] for f in (whole, tmp_path)]
    assert points[0] == points[1]
    assert [point["step"] for point in points[0]] == [0, 4, 8]
