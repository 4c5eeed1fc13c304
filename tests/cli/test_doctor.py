"""The doctor's verdict, its table, and the whole command against a server that is not there."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cli.checks import Finding
from cli.doctor import examine, exit_status, show

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
    for part in ("Python", "CPU", "GPU", "torch", "vLLM", "grammar", "Neovim", "Node", "git", "does not answer"):
        assert part in answer.stdout, part
