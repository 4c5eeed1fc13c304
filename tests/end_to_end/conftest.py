"""The real server with the embedded model, once for all tests of this folder.

`VERNACULAR_TEST_MODEL=FOLDER VERNACULAR_TEST_TEMPLATE=NAME` put another model in its place.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from core.wire import Health, ModelCard
from tests.lsp.fake_server import wait_until

VERNACULAR = Path(sys.executable).with_name("vernacular")
EMBEDDED = Path(__file__).resolve().parents[2] / "server" / "embedded_model"
MODEL = Path(os.environ.get("VERNACULAR_TEST_MODEL") or EMBEDDED)
START_TIMEOUT_S = 300.0


@dataclass(frozen=True)
class Served:
    """A server that is ready."""

    url: str
    folder: Path
    card: ModelCard


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """`vernacular serve` on a free port, in float32, so that its greedy choices are transformers' own."""
    if not (MODEL / "config.json").exists():
        pytest.skip(f"there is no model in {MODEL}")
    command = [str(VERNACULAR), "serve", "--port", "0", "--dtype", "float32", "--eager"]
    if MODEL != EMBEDDED:
        command += ["--model", str(MODEL)]
    if template := os.environ.get("VERNACULAR_TEST_TEMPLATE"):
        command += ["--template", template]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    said: list[str] = []
    assert process.stderr
    threading.Thread(target=said.extend, args=(process.stderr,), daemon=True).start()
    try:
        url = wait_until(lambda: _running(process, said) and _listening(said), 60)
        health = wait_until(lambda: _running(process, said) and _ready(url), START_TIMEOUT_S)
        yield Served(url, MODEL, health.model)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _listening(said: list[str]) -> str:
    return next((line.split()[-1] for line in said if "listening on http" in line), "")


def _ready(url: str) -> Health | None:
    health = Health.model_validate_json(httpx.get(f"{url}/health", trust_env=False).content)
    assert health.status != "failed", health.detail
    return health if health.status == "ready" else None


def _running(process: subprocess.Popen[str], said: list[str]) -> bool:
    assert process.poll() is None, f"vernacular serve ended: {''.join(said)}"
    return True
