"""Completion items in a real Helix in a terminal, by the configuration that `docs/editors.md` shows."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.installed import printed_by
from tests.lsp.editor import COMMAND
from tests.lsp.fake_server import FakeServer, Reply, reserved_port, wait_until

ROOT = Path(__file__).resolve().parents[3]
ESCAPE = "\x1b"
SEQUENCES = re.compile(r"\x1b(?:\[[0-9;:?<>=]*[ -/]*[@-~]|[P\]][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def helix() -> str:
    """The path of a Helix that is new enough, which `scripts/install-helix.sh` prints; skips where there is none."""
    return printed_by("install-helix.sh")


class Terminal:
    """A program in a terminal of 100 by 30. `said` is all that it ever wrote, without control sequences."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._written = b""
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def said(self) -> str:
        """What it wrote; two texts that were drawn side by side may stand one after the other."""
        return SEQUENCES.sub("", self._written.decode(errors="replace"))

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._descriptor, keys.encode())

    def wait_for(self, text: str, start: int = 0) -> None:
        """Wait until it has written a text, behind so many characters."""
        wait_until(lambda: text in self.said[start:], 60)

    def leave(self) -> None:
        """Save, and end the editor."""
        start = len(self.said)
        self.press(ESCAPE)
        self.wait_for("NOR", start)  # else what follows is Alt and a key
        self.press(":wq\r")

    def _read(self) -> None:
        with suppress(OSError):  # it has ended
            while data := os.read(self._descriptor, 65536):
                self._written += data


@contextmanager
def editing(folder: Path, source: bytes, url: str) -> Iterator[tuple[Terminal, Path]]:
    """Helix with a file open, by the page's configuration; at the end it must leave when it is told to."""
    page = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    found = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
    assert found
    own = found[1].replace('"vernacular-lsp"', f'"{COMMAND}"').replace("http://127.0.0.1:8480", url)
    assert url in own
    settings = folder / "config" / "helix"
    settings.mkdir(parents=True)
    (settings / "languages.toml").write_text(own)
    file = folder / "a.py"
    file.write_bytes(source)
    variables = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "CACHE", "DATA", "STATE")}
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = subprocess.Popen(
        [helix(), str(file)], stdin=inner, stdout=inner, stderr=inner, start_new_session=True, cwd=folder,
        env=os.environ | variables | {"TERM": "xterm-256color", "HOME": str(folder)},
    )  # fmt: skip
    os.close(inner)
    try:
        yield Terminal(outer), file
        assert process.wait(60) == 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(outer)


def test_a_proposal_is_taken_from_the_menu(fake: FakeServer, tmp_path: Path) -> None:
    fake.reply = lambda request: Reply("nt('é')\n    return 1") if request.prefix.endswith("pri") else Reply("")
    with editing(tmp_path, b"def hello():\n    \n\nhello()\n", fake.url) as (terminal, file):
        wait_until(lambda: fake.health_checks)
        terminal.press("2ggA")
        terminal.press("pri")
        wait_until(lambda: [request for request in fake.requests if request.prefix.endswith("pri")], 60)
        terminal.wait_for("print('é')")
        terminal.press("\t\r")
        wait_until(lambda: "accepted" in [event.kind for event in fake.events] or "return 1" in terminal.said)
        terminal.leave()
        wait_until(lambda: b"return 1" in file.read_bytes())
        assert file.read_text() == "def hello():\n    print('é')\n    return 1\n\nhello()\n"


def test_one_types_along_and_takes_the_rest(fake: FakeServer, tmp_path: Path) -> None:
    fake.reply = lambda request: Reply("nt(1)") if request.prefix.endswith("pri") else Reply("")
    with editing(tmp_path, b"x = 1  # \xc3\xa9\n\n", fake.url) as (terminal, file):
        wait_until(lambda: fake.health_checks)
        terminal.press("2ggApri")
        terminal.wait_for("print(1)")
        start = len(terminal.said)
        terminal.press("n")
        wait_until(lambda: "n" in terminal.said[start:])
        terminal.press("\t\r")
        terminal.leave()
        wait_until(lambda: file.read_text().endswith("print(1)\n"))
        assert file.read_text() == "x = 1  # é\nprint(1)\n"


def test_a_server_that_is_down_is_said_once(tmp_path: Path) -> None:
    with reserved_port() as port, editing(tmp_path, b"x\n", f"http://127.0.0.1:{port}") as (terminal, file):
        terminal.wait_for("vernacular: unreachable")
        terminal.press("A = a")
        terminal.leave()
        wait_until(lambda: file.read_bytes() == b"x = a\n")
