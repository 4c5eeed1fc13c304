"""`vernacular serve` as a user starts it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

COMMAND = Path(sys.executable).with_name("vernacular")
HEAVY = ("torch", "vllm", "transformers", "huggingface_hub", "numpy")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "serve", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def test_nothing_heavy_is_imported_by_the_server() -> None:
    code = (
        "import sys, server.main, server.api.app, server.engines.supervised, server.completer, cli.serve\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def refused(*arguments: str, status: int, message: str) -> None:
    done = run(*arguments)
    assert done.returncode == status, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_port_in_use(model_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(
            "--model", str(model_folder), "--port", str(port), status=2, message=f"port {port} on 127.0.0.1 is in use"
        )


def test_a_foreign_address(model_folder: Path) -> None:
    refused("--model", str(model_folder), "--host", "192.0.2.1", status=2, message="cannot listen on 192.0.2.1")
    refused("--model", str(model_folder), "--host", "a..b", status=2, message="--host 'a..b' is no address")


@pytest.mark.parametrize("file", ["tokenizer.json", "config.json", "model.safetensors"])
def test_a_folder_that_lacks_a_file(model_folder: Path, file: str) -> None:
    (model_folder / file).unlink()
    refused("--model", str(model_folder), "--port", "0", status=3, message=f"has no {file}")


def test_a_checkpoint_cut_short(model_folder: Path) -> None:
    weights = model_folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    refused("--model", str(model_folder), "--port", "0", status=3, message="is cut short")


def test_a_context_too_long(model_folder: Path) -> None:
    refused(
        "--model",
        str(model_folder),
        "--max-model-len",
        "999999",
        status=3,
        message="--max-model-len 999999 is more than the model takes",
    )


def test_options_that_cannot_be(model_folder: Path, tmp_path: Path) -> None:
    refused("--typing-layout", "sideways", status=2, message="--typing-layout sideways: choose one of prefix, middle")
    refused("--model", str(model_folder), "--dtype", "int3", status=2, message="--dtype int3: choose one of auto")
    refused("--model", str(tmp_path / "none"), status=2, message="no such folder")
    refused("--model", str(model_folder), "--languages", str(tmp_path / "none"), status=2, message="no such folder")


@pytest.mark.parametrize(("template", "status"), [("codellama", 3), ("quen", 2)])
def test_a_template_that_does_not_fit_ends_the_server(model_folder: Path, template: str, status: int) -> None:
    done = run("--model", str(model_folder), "--port", "0", "--template", template)
    assert done.returncode == status
    assert template in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_it_answers_starting_at_once_and_ends_with_its_worker(
    model_folder: Path, request_with: Callable[..., dict[str, Any]]
) -> None:
    with subprocess.Popen(
        [COMMAND, "serve", "--model", str(model_folder), "--port", "0"], stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        url = server.stderr.readline().rpartition(" ")[2].strip()
        health = httpx.get(f"{url}/health", timeout=20)
        assert (health.status_code, health.json()["status"]) == (503, "starting")
        answer = httpx.post(f"{url}/api/v1/complete", json=request_with(), timeout=20)
        assert answer.status_code == 503
        worker = int(Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text())
        server.terminate()
        rest = server.stderr.read()
    assert not Path(f"/proc/{worker}").exists()
    assert server.returncode in {0, -15}
    assert "Traceback" not in rest
