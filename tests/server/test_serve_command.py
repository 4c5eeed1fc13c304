"""`vernacular serve` as a user starts it."""

from __future__ import annotations

import json
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


def test_a_server_without_keys_imports_nothing_of_theirs() -> None:
    """It is to answer within a second, on a laptop too."""
    code = (
        "import sys, server.main\nprint(*(name for name in ('cryptography', 'jwt', 'limits') if name in sys.modules))"
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
    keys = ("--set", "access.mode=required")
    refused("--model", str(model_folder), "--host", "192.0.2.1", *keys, status=2, message="cannot listen on 192.0.2.1")
    refused("--model", str(model_folder), "--host", "a..b", status=2, message="--host 'a..b' is no address")


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104
def test_other_machines_are_not_let_in_without_keys(model_folder: Path, host: str) -> None:
    refused(
        "--model", str(model_folder), "--port", "0", "--host", host, status=2, message="set access.mode to required"
    )


def test_a_config_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "server.yaml"
    file.write_text("listen:\n  prot: 1\n")
    refused("--config", str(file), status=2, message=f"{file}:2: key 'listen.prot': unknown key (did you mean 'port'?)")
    refused("--set", "listen.tls_key=none", status=2, message="listen.tls_certificate and listen.tls_key")
    refused(
        "--set", "listen.tls_key=none", "--set", "listen.tls_certificate=none", status=2, message="none cannot be read"
    )


def test_a_database_that_is_away_is_said_at_once(model_folder: Path) -> None:
    url = "database.url=postgresql://ada:s3cret@127.0.0.1:1/vernacular"
    arguments = ("--model", str(model_folder), "--port", "0", "--set", "access.mode=required", "--set", url)
    refused(*arguments, status=1, message="the database postgresql+psycopg://ada:***@127.0.0.1:1/vernacular cannot")


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
    refused(
        "--typing-layout",
        "sideways",
        status=2,
        message="--typing-layout: \"sideways\" is not allowed; it must be 'prefix' or 'middle'",
    )
    refused(
        "--model",
        str(model_folder),
        "--dtype",
        "int3",
        status=2,
        message="--dtype: \"int3\" is not allowed; it must be 'auto', ",
    )
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
    assert server.returncode == 0
    assert "Traceback" not in rest


def test_a_log_of_json_is_nothing_else(model_folder: Path) -> None:
    options = ("--port", "0", "--log-level", "info", "--set", "log.format=json")
    with subprocess.Popen(
        [COMMAND, "serve", "--model", str(model_folder), *options], stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        first = json.loads(server.stderr.readline())
        assert (first["logger"], first["message"]) == ("vernacular.server", "listening")
        assert httpx.get(f"{first['url']}/health", timeout=20).status_code == 503
        server.terminate()
        rest = [json.loads(line) for line in server.stderr]
    assert server.returncode == 0
    assert "starting the worker" in " ".join(line["message"] for line in rest)
