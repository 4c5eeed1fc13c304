"""The doctor's verdict, its table, and the whole command against a server that is not there."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cli.checks import Finding
from cli.doctor import check_embedded_model, examine, exit_status, show
from core.checkpoint import CorpusRecord, Manifest, file_sha256
from tests.lsp.fake_server import FakeServer, running

GOOD = Finding("tools", "git", "ok", "2.39")
NO_MODEL = Finding("serving", "embedded model", "bad", "no [config].json", "git checkout", "serving")
NO_LSP = Finding("extras", "lsp", "bad", "pygls is missing", "pip install 'vernacular[lsp]'", "editing")


@pytest.mark.parametrize(
    ("findings", "status"),
    [([GOOD], 0), ([GOOD, NO_MODEL], 0), ([NO_LSP], 0), ([NO_LSP, NO_MODEL], 1), ([], 0)],
)
def test_one_working_purpose_is_enough(findings: list[Finding], status: int) -> None:
    assert exit_status(findings) == status


def test_the_table_says_what_to_do_and_what_is_not_ready(capsys: pytest.CaptureFixture[str]) -> None:
    show([GOOD, NO_MODEL])
    shown = capsys.readouterr().out
    assert "no [config].json" in shown
    assert "-> git checkout" in shown
    assert "serving not ready: embedded model" in shown
    assert "editing ready" in shown


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """Two files and the manifest that lists them."""
    folder = tmp_path / "server" / "embedded_model"
    folder.mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_bytes(name.encode())
    manifest = Manifest(
        name="tiny",
        template="embedded-psm",
        bytes_per_token=3.5,
        parameters=10_500_000,
        context_tokens=2048,
        recipe="",
        recipe_sha256="",
        corpus=CorpusRecord(files_sha256={}, train_bytes={}, held_out_files={}),
        seeds={},
        versions={},
        trained_tokens=0,
        complete=True,
        machine="",
        finished="2026-11-21",
        files_sha256={path.name: file_sha256(path) for path in folder.iterdir()},
    )
    (folder / "vernacular.json").write_text(manifest.model_dump_json(), encoding="utf-8")
    return folder


def test_a_whole_model_is_named(model_folder: Path) -> None:
    finding = check_embedded_model(model_folder)
    assert (finding.state, finding.detail) == ("ok", "tiny, 10.5 million parameters, intact")


def test_a_damaged_model_says_which_file_and_how_to_get_it_back(model_folder: Path) -> None:
    (model_folder / "model.safetensors").write_bytes(b"model.safe")
    finding = check_embedded_model(model_folder)
    assert (finding.state, finding.needed_for) == ("bad", "serving")
    assert "model.safetensors: is not the file" in finding.detail
    assert finding.remedy == "git checkout -- server/embedded_model"


def test_a_missing_model_keeps_from_serving(tmp_path: Path) -> None:
    assert check_embedded_model(tmp_path).state == "bad"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def test_a_wrong_language_file_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "zig.yaml").write_text("name: zig\ndisplay_nam: Zig\n", encoding="utf-8")
    findings = examine(f"http://127.0.0.1:{free_port()}", (tmp_path,))
    (files,) = [finding for finding in findings if finding.name == "files"]
    assert files.state == "bad"
    assert "zig.yaml" in files.detail


def test_the_command_names_every_part() -> None:
    vernacular = Path(sys.executable).with_name("vernacular")
    url = f"http://127.0.0.1:{free_port()}"
    answer = subprocess.run([vernacular, "doctor", "--server", url], capture_output=True, text=True, check=False)
    assert answer.stderr == ""
    assert answer.returncode in (0, 1)
    for part in ("Python", "CPU", "GPU", "torch", "vLLM", "grammar", "Neovim", "Node", "git", "nobody answers"):
        assert part in answer.stdout, part


def test_a_server_is_asked_past_any_proxy_and_a_wrong_url_is_one_line() -> None:
    doctor = [str(Path(sys.executable).with_name("vernacular")), "doctor", "--server"]
    proxy = {"ALL_PROXY": "socks5://127.0.0.1:9", "no_proxy": "", "NO_PROXY": ""}
    with running(FakeServer()) as fake:
        answer = subprocess.run(
            [*doctor, fake.url], capture_output=True, text=True, check=False, env=os.environ | proxy
        )
    assert answer.stderr == ""
    assert "ready, fake-model" in answer.stdout
    answer = subprocess.run([*doctor, "localhost"], capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert answer.stderr.splitlines()[-1].endswith("must begin with http:// or https:// and name a host")


@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:99999"])
def test_what_is_no_url_is_a_finding(url: str) -> None:
    finding = examine(url, ())[-1]
    assert (finding.area, finding.state) == ("server", "note")
    assert "write it like http://127.0.0.1:8480" in finding.detail
