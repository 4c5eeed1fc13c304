"""The language server's life in Neovim: switched off and on, restarted, killed, in a crash loop, told of settings."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.wire import CompletionRequest, Problem
from tests.lsp.fake_server import LOGIN_PAGE, FakeServer, Reply, reserved_port, running, starting
from tests.neovim.driver import LANGUAGE_SERVER, Neovim

pytestmark = pytest.mark.neovim

REFUSAL = Reply(status=401, problem=Problem(code="unauthenticated", message="a key or a token is needed"))
WHOLE = "hello world(1);"
CLIENTS = "return #vim.lsp.get_clients({ name = 'vernacular' })"
STATE = "return require('vernacular').statusline()"
PROCESS = """
local found = {}
for _, process in ipairs(vim.api.nvim_get_proc_children(vim.fn.getpid())) do table.insert(found, process) end
return found
"""


def greet(request: CompletionRequest) -> Reply:
    """What is left of a greeting, when the line typed so far begins it."""
    typed = request.prefix.rpartition("\n")[2]
    return Reply(WHOLE[len(typed) :] if typed and WHOLE.startswith(typed) else "")


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with running(FakeServer(reply=greet)) as server:
        yield server


@pytest.fixture
def editing(nvim: Neovim, fake: FakeServer, tmp_path: Path) -> Neovim:
    """Neovim in an empty Python file, set up for the fake server."""
    nvim.setup(server_url=fake.url, settings={"proposers": "model", "ask_ahead": False})
    nvim.edit(tmp_path / "a.py")
    return nvim


def type_greeting(nvim: Neovim, line: str = "o") -> None:
    """Begin a line that the server continues, and wait for the rest."""
    nvim.type(f"<Esc>{line}hel")
    nvim.wait_for_ghost("lo world(1);")


@pytest.mark.parametrize(
    ("toggle", "off", "on"),
    [
        ("toggle", "off everywhere", "on everywhere"),
        ("toggle everywhere", "off everywhere", "on everywhere"),
        ("toggle buffer", "off in this buffer", "on in this buffer"),
        ("toggle filetype", "off for python", "on for python"),
        ("toggle filetype python", "off for python", "on for python"),
    ],
)
def test_off_and_on(editing: Neovim, fake: FakeServer, toggle: str, off: str, on: str) -> None:
    type_greeting(editing)
    editing.session.command(f"Vernacular {toggle}")
    editing.wait_for_ghost("")
    assert editing.messages == f"vernacular: {off}"
    assert editing.lua(STATE) == "vernacular: off"
    editing.wait_for(lambda: editing.lua("return #vim.lsp.get_clients({ bufnr = 0, name = 'vernacular' })") == 0)
    asked = len(fake.requests)
    editing.type("<Esc>ohel lo<Esc>")
    editing.session.command("Vernacular")
    assert editing.messages.splitlines()[-1] == f"vernacular: {off}"
    assert len(fake.requests) == asked  # not a byte of it went out
    editing.session.command(f"Vernacular {toggle}")
    assert editing.messages.splitlines()[-1] == f"vernacular: {on}"
    editing.wait_ready()
    type_greeting(editing)
    editing.wait_for(lambda: editing.lua(STATE) == "vernacular: ready")


def test_what_is_off_stays_off_in_buffers_that_come_later(editing: Neovim, tmp_path: Path) -> None:
    editing.session.command("Vernacular toggle filetype lua")
    editing.session.command(f"edit {tmp_path / 'a.lua'}")
    editing.session.command(f"edit {tmp_path / 'b.py'}")
    editing.wait_ready()
    attached = "return vim.tbl_count(vim.lsp.get_clients({ name = 'vernacular' })[1].attached_buffers)"
    editing.wait_for(lambda: editing.lua(attached) == 2)
    assert editing.messages == "vernacular: off for lua"


def test_on_again_elsewhere_says_what_still_holds_it_off(editing: Neovim) -> None:
    editing.session.command("Vernacular toggle buffer")
    editing.session.command("Vernacular toggle")
    editing.session.command("Vernacular toggle")
    assert editing.messages.splitlines()[-1] == "vernacular: on everywhere, but off in this buffer"


def test_a_buffer_that_a_file_type_plugin_leaves_out(nvim: Neovim, fake: FakeServer, tmp_path: Path) -> None:
    nvim.session.command("autocmd BufReadPre,BufNewFile *.py let b:vernacular_enabled = v:false")
    nvim.setup(server_url=fake.url)
    nvim.session.command(f"edit {tmp_path / 'a.py'}")
    assert nvim.lua(STATE) == "vernacular: off"
    assert nvim.lua(CLIENTS) == 0


def test_settings_that_change_reach_the_running_language_server(editing: Neovim, fake: FakeServer) -> None:
    before = editing.lua(PROCESS)
    with running(FakeServer(reply=Reply("from the other"))) as other:
        editing.setup(
            server_url=other.url, settings={"proposers": "model", "ask_ahead": False, "single_line": "always"}
        )
        editing.wait_for(lambda: other.health_checks)
        editing.type("ihel")
        editing.wait_for_ghost("from the other")
        assert other.requests[-1].single_line
    assert editing.lua(PROCESS) == before
    assert fake.requests == []


def test_a_language_server_that_is_killed_comes_back(editing: Neovim) -> None:
    type_greeting(editing)
    (process,) = editing.lua(PROCESS)
    os.kill(process, signal.SIGKILL)
    editing.wait_for(lambda: editing.lua("return #vim.lsp.get_clients({ bufnr = 0, name = 'vernacular' })") == 0)
    editing.type("<Esc>otyped meanwhile")  # without the placeholder Neovim would follow no change after this one
    editing.wait_for(lambda: editing.lua(PROCESS) not in ([], [process]))
    editing.wait_ready()
    type_greeting(editing)
    assert editing.messages == ""
    editing.session.command("Vernacular log")
    assert any("the language server ended by itself (signal 9)" in line for line in editing.lines)


def crashing(folder: Path, status: int, says: str) -> Path:
    """A language server that ends at once."""
    program = folder / "vernacular-lsp-crashing"
    program.write_text(f"#!/bin/sh\necho started >>'{folder / 'starts'}'\necho '{says}' >&2\nexit {status}\n")
    program.chmod(0o755)
    return program


def test_a_crash_loop_ends_with_one_notification_that_leads_on(nvim: Neovim, fake: FakeServer, tmp_path: Path) -> None:
    program = crashing(tmp_path, 3, "error: it is not its day")
    nvim.setup(cmd=[str(program)], server_url=fake.url)
    nvim.session.command(f"edit {tmp_path / 'a.py'}")
    nvim.wait_for(lambda: "3 times within a minute" in nvim.messages)
    assert nvim.messages.startswith("vernacular: the language server ended 3 times within a minute (exit s")
    assert nvim.messages.endswith("… (:Vernacular log)")
    nvim.type("ihello<Esc>")
    nvim.session.command(f"edit {tmp_path / 'b.py'}")
    assert nvim.lua(STATE) == "vernacular: offline"
    assert len((tmp_path / "starts").read_text().splitlines()) == 3
    nvim.session.command("Vernacular")
    assert nvim.messages.splitlines()[-1] == (
        "vernacular: the language server ended 3 times within a minute (exit status 3: error: it is not its day); "
        ":Vernacular restart tries again"
    )
    nvim.session.command("Vernacular log")
    assert "error: it is not its day" in nvim.lines
    nvim.session.command("close")

    program.write_text(f'#!/bin/sh\nexec {LANGUAGE_SERVER} "$@"\n')
    nvim.session.command("Vernacular restart")
    nvim.wait_ready()


def test_restart_takes_another_process(editing: Neovim) -> None:
    before = editing.lua(PROCESS)
    editing.session.command("Vernacular restart")
    editing.wait_for(lambda: len(editing.lua(PROCESS)) == 1 and editing.lua(PROCESS) != before)
    editing.wait_for(lambda: editing.messages)
    assert re.fullmatch(r"vernacular: the language server \d\S* is up again", editing.messages)
    editing.wait_ready()
    type_greeting(editing)
    assert "\n" not in editing.messages


def test_a_restart_without_a_file_to_serve_says_when_it_starts(nvim: Neovim, fake: FakeServer, tmp_path: Path) -> None:
    nvim.setup(server_url=fake.url)
    nvim.session.command("Vernacular restart")
    assert nvim.messages == "vernacular: the language server starts with the next file that it is for"
    nvim.edit(tmp_path / "a.py")
    assert "up again" not in nvim.messages
    nvim.session.command("Vernacular toggle buffer | messages clear | Vernacular restart")
    assert nvim.messages == "vernacular: not started: off in this buffer"


def test_two_work_folders(nvim: Neovim, fake: FakeServer, tmp_path: Path) -> None:
    nvim.setup(server_url=fake.url, settings={"proposers": "model", "ask_ahead": False})
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "pyproject.toml").touch()
        nvim.edit(folder / "a.py")
        type_greeting(nvim)
        assert (fake.requests[-1].repository, fake.requests[-1].path) == (name, "a.py")
        nvim.session.command("stopinsert | write")
    roots = nvim.lua("return vim.tbl_map(function(c) return c.root_dir end, vim.lsp.get_clients())")
    assert sorted(roots) == [str(tmp_path / "one"), str(tmp_path / "two")]


def test_the_status_line_tells_ready_working_starting_and_offline(nvim: Neovim, tmp_path: Path) -> None:
    with running(FakeServer(health=starting())) as fake:
        nvim.session.command("set laststatus=2 statusline=%{v:lua.require'vernacular'.statusline()}")
        nvim.setup(server_url=fake.url, settings={"proposers": "model", "deadline_ms": 10_000}, notify=False)
        assert nvim.lua(STATE) == ""  # no file of ours
        nvim.edit(tmp_path / "a.py")
        assert nvim.lua(STATE) == "vernacular: starting"
        fake.health = None
        nvim.wait_for(lambda: nvim.lua(STATE) == "vernacular: ready")
        fake.reply = Reply("later", hang=True)
        nvim.type("ihel")
        nvim.wait_for(lambda: nvim.lua(STATE) == "vernacular: working")
        shown = "return vim.api.nvim_eval_statusline(vim.o.statusline, {}).str"
        assert nvim.lua(shown) == "vernacular: working"
    nvim.type("<Esc>onext")
    nvim.wait_for(lambda: nvim.lua(STATE) == "vernacular: offline")


def test_the_command_completes_and_refuses_what_it_does_not_know(nvim: Neovim) -> None:
    complete = "return vim.fn.getcompletion('Vernacular ' .. ..., 'cmdline')"
    assert nvim.lua(complete, "") == [
        "accept", "cancel", "explain", "generate", "install", "log", "reject", "restart",
        "signin", "signout", "status", "toggle",
    ]  # fmt: skip
    assert nvim.lua(complete, "re") == ["reject", "restart"]
    assert nvim.lua(complete, "toggle ") == ["everywhere", "buffer", "filetype"]
    assert "python" in nvim.lua(complete, "toggle filetype pyt")
    assert nvim.lua(complete, "status ") == []
    nvim.session.command("Vernacular frobnicate")
    assert nvim.messages == "vernacular: there is no subcommand frobnicate (:help :Vernacular)"
    nvim.session.command("messages clear | Vernacular toggle all")
    assert nvim.messages == "vernacular: toggle what? everywhere, buffer or filetype, not all"
    nvim.session.command("messages clear | Vernacular")
    assert nvim.messages == "vernacular: setup() was not called: see :help vernacular-setup"


def test_in_another_file_type_the_command_says_so(nvim: Neovim, fake: FakeServer, tmp_path: Path) -> None:
    nvim.setup(server_url=fake.url)
    nvim.session.command(f"edit {tmp_path / 'a.txt'}")
    for subcommand in ("status", "explain", "generate"):
        nvim.session.command(f"messages clear | Vernacular {subcommand}")
        assert nvim.messages == 'vernacular: file type "text" is not among filetypes in setup()'


def test_a_key_that_the_server_refuses_leads_on(nvim: Neovim, tmp_path: Path) -> None:
    with running(FakeServer(reply=REFUSAL)) as fake:
        nvim.setup(server_url=fake.url, settings={"proposers": "model"})
        nvim.edit(tmp_path / "a.py")
        nvim.wait_for(lambda: nvim.lua(STATE) == "vernacular: ready")
        nvim.type("ihel")
        nvim.wait_for(lambda: "refused" in nvim.messages)
        nvim.type("lo wor<Esc>oand on<Esc>")
        assert nvim.messages.count("\n") == 0
        assert nvim.messages.endswith("(:help vernacular-key)")


def test_a_server_that_is_away_at_the_start(nvim: Neovim, tmp_path: Path) -> None:
    with reserved_port() as port:
        nvim.setup(server_url=f"http://127.0.0.1:{port}")
        nvim.edit(tmp_path / "a.py")
        nvim.wait_for(lambda: nvim.lua(STATE) == "vernacular: offline")


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply("more", protocol=2), "vernacular: incompatible: "),
        (Reply(raw=LOGIN_PAGE), " did not answer with server-sent events"),
    ],
    ids=["another version", "a proxy's page"],
)
def test_a_server_that_cannot_be_understood_is_said_once(nvim: Neovim, tmp_path: Path, reply: Reply, says: str) -> None:
    with running(FakeServer(reply=reply)) as fake:
        nvim.setup(server_url=fake.url, settings={"proposers": "model"})
        nvim.edit(tmp_path / "a.py")
        nvim.wait_for(lambda: nvim.lua(STATE) == "vernacular: ready")
        nvim.count_answers()
        for word in ("hel", "lo", "wor", "ld"):
            before = nvim.answers
            nvim.type(f"<Esc>o{word}")
            nvim.wait_for_answer(before)
        nvim.wait_for(lambda: says in nvim.messages)
        assert nvim.ghost == ""
    assert nvim.messages.count(says) == 1, nvim.messages


FITS = "return vim.fn.strdisplaywidth(...) <= vim.v.echospace"


@pytest.fixture
def narrow(nvim: Neovim) -> Neovim:
    """Neovim with a screen of 80 columns, on which a line that is too long waits for ENTER."""
    nvim.session.ui_attach(80, 24, rgb=True)
    return nvim


def assert_fits(nvim: Neovim, says: str) -> None:
    nvim.wait_for(lambda: not nvim.session.api.get_mode()["blocking"] and says in nvim.messages)
    assert all(nvim.lua(FITS, line) for line in nvim.messages.splitlines()), nvim.messages


def test_no_language_server_is_said_without_waiting_for_enter(narrow: Neovim, tmp_path: Path) -> None:
    narrow.setup(cmd=[str(tmp_path / "a-folder-with-a-long-name" / "vernacular-lsp")])
    assert_fits(narrow, "(correct it, or leave it out)")
    narrow.lua("vim.env.PATH = '/usr/bin:/bin' vim.cmd('messages clear') require('vernacular').setup()")
    assert_fits(narrow, "vernacular: vernacular-lsp is not found (run :Vernacular install)")


def test_no_server_is_said_without_waiting_for_enter(narrow: Neovim, tmp_path: Path) -> None:
    with reserved_port() as port:
        narrow.setup(server_url=f"http://127.0.0.1:{port}")
        narrow.edit(tmp_path / "a.py")
        assert_fits(narrow, f"vernacular: nobody answers at http://127.0.0.1:{port}"[:51])
        narrow.session.command("Vernacular log")
        assert f"nobody answers at http://127.0.0.1:{port} (" in narrow.text


def test_what_the_language_server_says_of_settings_needs_no_enter(
    narrow: Neovim, fake: FakeServer, tmp_path: Path
) -> None:
    narrow.setup(server_url=fake.url, settings={"colour": "red"})
    narrow.edit(tmp_path / "a.py")
    assert_fits(narrow, "vernacular: unknown setting 'colour'; known:")
    narrow.session.command("Vernacular generate")
    assert_fits(narrow, "vernacular: no comment here; put the cursor in one, or just below")
