"""Completion items in a real Emacs with eglot, by the configuration that `docs/editors.md` shows."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.installed import printed_by
from tests.lsp.editor import COMMAND
from tests.lsp.fake_server import FakeServer, Reply, reserved_port

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = Path(__file__).with_name("complete.el")
TIMEOUT_S = 110.0


def emacs() -> str:
    """The path of an Emacs that is new enough, which `scripts/install-emacs.sh` prints; skips where there is none."""
    return printed_by("install-emacs.sh")


@pytest.fixture
def setup(tmp_path: Path) -> Path:
    """The Emacs Lisp of the page, as a file."""
    page = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    found = re.search(r"```elisp\n(.*?)```", page, re.DOTALL)
    assert found
    path = tmp_path / "setup.el"
    path.write_text(found[1], encoding="utf-8")
    return path


def completed(setup: Path, source: bytes, url: str, *typed: str) -> tuple[bytes, list[str]]:
    """The file as Emacs saved it, and what the language server showed."""
    file = setup.parent / "a.py"
    file.write_bytes(source)
    command = [emacs(), "-Q", "--batch", "-l", str(PROGRAM), str(setup), str(file), COMMAND, url, *typed]
    environment = os.environ | {"HOME": str(setup.parent), "LANG": "C.UTF-8"}
    ended = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr[-2000:]
    said = [line.strip("\a") for line in ended.stdout.splitlines()]  # Emacs rings where nothing is proposed
    return file.read_bytes(), [line for line in said if line]


def test_a_proposal_of_several_lines_is_put_in_whole(fake: FakeServer, setup: Path) -> None:
    fake.reply = Reply("nt('é \N{GRINNING FACE}')\n    return 1")
    saved, shown = completed(setup, b"def hello():\n    <here>\n\nhello()\n", fake.url, "pri")
    assert saved.decode() == "def hello():\n    print('é \N{GRINNING FACE}')\n    return 1\n\nhello()\n"
    assert shown == []
    assert fake.requests[0].prefix == "def hello():\n    pri"
    assert "accepted" in [event.kind for event in fake.events]


def test_one_after_the_other_behind_other_characters(fake: FakeServer, setup: Path) -> None:
    replies = {"x = a.": "sort()", "x = a.sort() + ": "b.c"}
    fake.reply = lambda request: Reply(replies.get(request.prefix, ""))
    saved, _ = completed(setup, b"<here>\ny\n", fake.url, "x = a.", " + ")
    assert saved == b"x = a.sort() + b.c\ny\n"


def test_where_nothing_is_proposed_nothing_changes(fake: FakeServer, setup: Path) -> None:
    fake.reply = Reply("")
    assert completed(setup, b"<here>\r\ny\r\n", fake.url, "x") == (b"x\r\ny\r\n", [])


def test_a_server_that_is_down_is_said_once(setup: Path) -> None:
    with reserved_port() as port:
        saved, shown = completed(setup, b"<here>\n", f"http://127.0.0.1:{port}", "x", "y", "z")
    assert saved == b"xyz\n"
    assert len(shown) == 1
    assert f"nobody answers at http://127.0.0.1:{port}" in shown[0]
