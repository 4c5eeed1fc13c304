"""A developer's minutes in the real Neovim, with the real language server, the real server and the embedded model.

What the model says is not looked at here (`test_key_stroke_to_ghost_text.py` does that): whatever it is must be shown,
typed through, taken in parts, undone, saved and left as a developer expects.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.end_to_end.conftest import VERNACULAR, Served
from tests.lsp.fake_server import reserved_port, wait_until
from tests.neovim.driver import Neovim, neovim, neovim_command

pytestmark = [pytest.mark.engine, pytest.mark.neovim, pytest.mark.timeout(900)]

FILES = Path(__file__).parent / "files"
PLAIN_TYPING = "setlocal indentexpr= indentkeys= noautoindent nosmartindent nocindent formatoptions="
BELOW = 'inspect(queue.pop(), content="Some(1)")'
STARTS = ("  inspect(queue.p", "  inspect(queue.len", "  queue.pu", "  let other : Queue[Int] = ")
START_TIMEOUT_S = 300.0


@contextmanager
def editing(url: str, folder: Path) -> Iterator[tuple[Neovim, Path]]:
    """Neovim in a copy of the queue, below a line where a test goes on."""
    work = folder / "work"
    (work / ".git").mkdir(parents=True)
    file = Path(shutil.copy(FILES / "queue.mbt", work))
    with neovim(neovim_command(), folder / "home") as nvim:
        nvim.setup(server_url=url, settings={"timeout_s": 60, "deadline_ms": 10_000, "proposers": "model"})
        nvim.edit(file)
        nvim.session.command(PLAIN_TYPING)
        nvim.count_answers()
        nvim.lua("vim.fn.cursor(vim.fn.search('\\\\V' .. vim.fn.escape(..., '\\\\'), 'cw'), 1)", BELOW)
        yield nvim, file


def propose(nvim: Neovim) -> tuple[str, str]:
    """Type until more than one word is proposed; the whole text as typed, and the ghost text."""
    for start in STARTS:
        before = nvim.answers
        nvim.type(f"<Esc>o{start}")
        nvim.wait_for_answer(before)
        if len(nvim.ghost) > 2:
            return nvim.text, nvim.ghost
        nvim.type("<Esc>u")
    pytest.fail("the model has nothing to say at any of the places")


def test_type_take_in_parts_undo_save(served: Served, tmp_path: Path) -> None:
    with editing(served.url, tmp_path) as (nvim, file):
        typed, ghost = propose(nvim)
        row, _ = nvim.cursor
        above, below = "\n".join(nvim.lines[: row - 1]), "\n".join(nvim.lines[row:])
        line = nvim.lines[row - 1]

        def shown(taken: str) -> str:
            return f"{above}\n{line}{taken}\n{below}"

        key = ghost[0]
        nvim.type({"<": "<lt>", " ": "<Space>"}.get(key, key))
        nvim.wait_for_ghost(ghost[1:])
        nvim.wait_for_text(shown(key))

        nvim.type("<M-Right>")
        nvim.wait_for(lambda: nvim.text != shown(key))
        taken = ghost[: len(nvim.text) - len(typed)]
        assert nvim.text == shown(taken)
        assert nvim.ghost == ghost[len(taken) :]

        nvim.type("<M-C-Right>")
        first_line = taken + ghost[len(taken) :].partition("\n")[0]
        nvim.wait_for_text(shown(first_line))
        nvim.type("<Esc>u")
        nvim.wait_for_text(shown(taken))
        nvim.type("u")
        nvim.wait_for_text(shown(key))
        nvim.session.command("redo | redo")
        nvim.wait_for_text(shown(first_line))
        nvim.session.command("write")
        assert file.read_text() == nvim.text + "\n"


def test_all_of_it_and_back(served: Served, tmp_path: Path) -> None:
    with editing(served.url, tmp_path) as (nvim, file):
        typed, ghost = propose(nvim)
        row, column = nvim.cursor
        nvim.type("<Tab>")
        nvim.wait_for(lambda: nvim.text != typed)
        before, after = typed.split("\n"), typed.split("\n")
        after[row - 1] = before[row - 1] + ghost
        assert nvim.text == "\n".join(after)
        assert column == len(before[row - 1])
        nvim.session.command("stopinsert | write")
        assert file.read_text() == nvim.text + "\n"
        nvim.type("<Esc>u")
        nvim.wait_for_text(typed)


@pytest.mark.parametrize("keys", ["<Esc>", "<Left>", "zzz"])
def test_left_alone_it_goes(served: Served, tmp_path: Path, keys: str) -> None:
    with editing(served.url, tmp_path) as (nvim, _):
        typed, ghost = propose(nvim)
        nvim.type(keys)
        nvim.wait_for(lambda: nvim.ghost != ghost)
        assert nvim.text.replace("zzz", "") == typed


@contextmanager
def serving(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server of one's own, to be killed."""
    command = [str(VERNACULAR), "serve", "--port", str(port), "--dtype", "float32", "--eager"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def ready() -> bool:
        assert process.poll() is None
        try:
            return bool(httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).status_code == httpx.codes.OK)
        except httpx.HTTPError:
            return False

    try:
        wait_until(ready, START_TIMEOUT_S)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(30)


def test_the_server_is_killed_and_comes_back(tmp_path: Path) -> None:
    with reserved_port() as port:
        pass
    with serving(port) as process:
        running = editing(f"http://127.0.0.1:{port}", tmp_path)
        nvim, _ = running.__enter__()
        try:
            propose(nvim)
            process.kill()
            process.wait()
            nvim.type("<Esc>ocall(")
            nvim.wait_for(lambda: "nobody answers at" in nvim.messages)
            nvim.type("1, 2<Esc>")
            nvim.wait_for(lambda: nvim.session.current.line == "call(1, 2")
            assert len(nvim.messages.splitlines()) == 1
            with serving(port):
                nvim.wait_for(lambda: "vernacular: ready" in nvim.messages, 60)
                nvim.type("<Esc>u")
                propose(nvim)
                said = [line.split()[1] for line in nvim.messages.splitlines() if line.startswith("vernacular:")]
                assert said in (["nobody", "ready:"], ["nobody", "starting:", "ready:"])
        finally:
            running.__exit__(None, None, None)
