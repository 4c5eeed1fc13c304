"""Accepting ghost text by word and by line, taking turns between proposals, and what the cursor's bytes have to do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.events import Accepted, PartlyAccepted, Way
from core.wire import CompletionRequest
from tests.lsp.fake_server import FakeServer, Reply, running
from tests.neovim.driver import Neovim

pytestmark = pytest.mark.neovim

WHOLE = "hello big_world(1);\n  second line;\nthird"
FACE = "\N{GRINNING FACE}"
SHALOM = "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED}\N{HEBREW LETTER VAV}\N{HEBREW LETTER FINAL MEM}"


def continuing(whole: str) -> FakeServer:
    """A server whose answer is what is left of `whole` at the cursor, while the document begins it."""

    def reply(request: CompletionRequest) -> Reply:
        typed = request.prefix
        return Reply(whole[len(typed) :] if typed and whole.startswith(typed) else "")

    return FakeServer(reply=reply)


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with running(continuing(WHOLE)) as server:
        yield server


@pytest.fixture
def editing(nvim: Neovim, fake: FakeServer, tmp_path: Path) -> Neovim:
    """Neovim in an empty MoonBit file, with ghost text after `hel` on display."""
    nvim.setup(server_url=fake.url, settings={"ask_ahead": False, "proposers": "model"})
    nvim.session.command("set noautoindent indentexpr=")
    nvim.edit(tmp_path / "main.mbt")
    nvim.session.command("setlocal indentexpr= noautoindent")
    nvim.type("ihel")
    nvim.wait_for_ghost(WHOLE[3:])
    return nvim


def test_word_by_word(editing: Neovim, fake: FakeServer) -> None:
    asked = len(fake.requests)
    buffer = "hel"
    for part in ("lo", " big_world", "(", "1", ");", "\n  second", " line", ";", "\nthird"):
        editing.type("<M-Right>")
        buffer += part
        editing.wait_for_text(buffer)
        # The rest stays on display: Neovim asks again after 200 ms only, and the language server does not ask at all.
        assert editing.ghost == WHOLE[len(buffer) :], buffer
        assert len(fake.requests) == asked or buffer == WHOLE
    assert buffer == WHOLE
    assert editing.messages == ""


def test_the_rest_of_a_word_may_be_typed_or_accepted_whole(editing: Neovim) -> None:
    editing.type("l<M-Right> b")
    editing.wait_for_ghost(WHOLE[len("hello b") :])
    editing.type("<Tab>")
    editing.wait_for(lambda: editing.text == WHOLE)


def test_line_by_line_and_undone_one_by_one(editing: Neovim) -> None:
    steps = ["hel", *("\n".join(WHOLE.split("\n")[:count]) for count in (1, 2, 3))]
    for step in steps[1:]:
        editing.type("<M-C-Right>")
        editing.wait_for_text(step)
        assert editing.ghost == WHOLE[len(step) :]
    editing.type("<Esc>")
    for step in reversed(steps[:-1]):
        editing.type("u")
        editing.wait_for_text(step)


def test_the_server_hears_which_part_was_taken(editing: Neovim, fake: FakeServer) -> None:
    editing.type("<M-Right><M-C-Right>")
    editing.wait_for(lambda: editing.text == WHOLE.split("\n")[0])
    editing.type("<Esc>o")
    editing.lua("vim.lsp.stop_client(vim.lsp.get_clients({ name = 'vernacular' }))")
    taken = editing.wait_for(lambda: [event for event in fake.events if isinstance(event, PartlyAccepted)])
    assert [(event.way, event.characters) for event in taken] == [(Way.LINE, len("lo big_world(1);"))]


def test_the_last_part_makes_it_whole(editing: Neovim, fake: FakeServer) -> None:
    editing.type("<M-C-Right><M-C-Right><M-C-Right>")
    editing.wait_for(lambda: editing.text == WHOLE)
    editing.lua("vim.lsp.stop_client(vim.lsp.get_clients({ name = 'vernacular' }))")
    editing.wait_for(lambda: [event for event in fake.events if isinstance(event, Accepted)])


def test_without_ghost_text_the_keys_do_what_they_did(nvim: Neovim, fake: FakeServer, tmp_path: Path) -> None:
    fake.reply = Reply("")
    nvim.session.command("inoremap <M-C-Right> [mine]")
    nvim.setup(server_url=fake.url)
    nvim.edit(tmp_path / "a.mbt")
    nvim.type("ia b<Home><M-Right><M-C-Right><M-]>x")
    # An unmapped <M-x> is <Esc>x to Neovim: <M-Right> leaves insert mode and moves right, <M-]>x is no command.
    without = nvim.lines
    nvim.type("<Esc>:%d<CR>:imapclear<CR>:inoremap <lt>M-C-Right> [mine]<CR>ia b<Home><M-Right><M-C-Right><M-]>x")
    nvim.wait_for(lambda: nvim.lines == without)


def test_several_proposals_when_asked_for_by_hand(nvim: Neovim, fake: FakeServer, tmp_path: Path) -> None:
    fake.reply = Reply("one(1)", alternatives=("two(2)", "three(3)"))
    nvim.setup(server_url=fake.url, settings={"proposers": "model", "ask_ahead": False})
    nvim.edit(tmp_path / "a.mbt")
    nvim.type("ilet x = ")
    nvim.wait_for_ghost("one(1)")
    nvim.type("<M-\\>")
    nvim.wait_for(lambda: "(1/" in nvim.hint)
    many = int(nvim.hint.strip(" ()").split("/")[1])
    seen = [nvim.ghost]
    for number in range(2, many + 1):
        nvim.type("<M-]>")
        nvim.wait_for_hint(f"({number}/{many})")
        seen.append(nvim.ghost)
    assert len(set(seen)) == many > 1
    nvim.type("<M-[>")
    nvim.wait_for_ghost(seen[-2])
    nvim.type("<Tab>")
    nvim.wait_for(lambda: nvim.lines == [f"let x = {seen[-2]}"])


def test_next_asks_for_more_where_there_is_one(nvim: Neovim, fake: FakeServer, tmp_path: Path) -> None:
    fake.reply = Reply("one(1)", alternatives=("two(2)",))
    nvim.setup(server_url=fake.url, settings={"proposers": "model", "ask_ahead": False})
    nvim.edit(tmp_path / "a.mbt")
    nvim.type("ilet x = ")
    nvim.wait_for_ghost("one(1)")
    nvim.type("<M-]>")
    nvim.wait_for(lambda: "/2)" in nvim.hint)
    assert len([request for request in fake.requests if request.trigger == "invoked"]) == 1


@pytest.mark.parametrize(
    ("typed", "rest"),
    [
        (f"x = '{FACE}' + ", f"e\N{COMBINING ACUTE ACCENT}{FACE} + y"),
        (f'print("{SHALOM}", ', f"{SHALOM})  # {SHALOM} {FACE}"),
    ],
    ids=["emoji", "right to left"],
)
def test_wide_and_right_to_left_characters(nvim: Neovim, tmp_path: Path, typed: str, rest: str) -> None:
    with running(continuing(typed + rest)) as fake:
        nvim.setup(server_url=fake.url, settings={"ask_ahead": False, "proposers": "model"})
        nvim.edit(tmp_path / "a.py")
        nvim.session.command("setlocal indentexpr=")
        nvim.type("i" + typed)
        nvim.wait_for_ghost(rest)
        nvim.type("<M-Right>")
        nvim.wait_for(lambda: nvim.text != typed)
        assert nvim.text + nvim.ghost == typed + rest
        assert nvim.cursor == (1, len(nvim.text.encode()))
        nvim.type("<Tab>")
        nvim.wait_for(lambda: nvim.text == typed + rest)
        nvim.session.command("write")
        assert (tmp_path / "a.py").read_text() == typed + rest + "\n"


def test_line_ends_of_dos(nvim: Neovim, tmp_path: Path) -> None:
    file = tmp_path / "main.mbt"
    file.write_bytes(b"first\r\nhel\r\nlast\r\n")
    whole = "first\nhello\n  world;"

    def reply(request: CompletionRequest) -> Reply:
        return Reply(whole[len(request.prefix) :] if whole.startswith(request.prefix) else "")

    with running(FakeServer(reply=reply)) as fake:
        settings = {"ask_ahead": False, "proposers": "model", "single_line": "never"}
        nvim.setup(server_url=fake.url, settings=settings)
        nvim.edit(file)
        assert nvim.session.current.buffer.options["fileformat"] == "dos"
        nvim.session.command("setlocal indentexpr= noautoindent")
        nvim.type("jA<BS>l")
        nvim.wait_for_ghost("lo\n  world;")
        nvim.type("<Tab>")
        nvim.wait_for(lambda: nvim.lines == ["first", "hello", "  world;", "last"])
        nvim.session.command("write")
    assert file.read_bytes() == b"first\r\nhello\r\n  world;\r\nlast\r\n"


def test_beside_neovims_own_menu(editing: Neovim) -> None:
    """With the menu open the ghost text stays; a selected entry has the say, and the key does what it did."""
    editing.type("<Esc>ohello_there<CR>hel")
    editing.wait_for(lambda: editing.lines[-1] == "hel")
    editing.type("<C-x><C-n>")
    editing.wait_for(lambda: editing.lua("return vim.fn.pumvisible()") == 1)
    selected = editing.lines[-1]
    assert editing.lua("return vim.fn.complete_info({ 'selected' }).selected") >= 0
    editing.type("<Tab>")
    editing.wait_for(lambda: editing.lines[-1] == f"{selected}\t")


@pytest.mark.parametrize("keys", ["x", "<Left>", "<CR>", "<BS>"])
def test_what_no_longer_fits_goes_at_once(editing: Neovim, fake: FakeServer, keys: str) -> None:
    hold = threading.Event()
    fake.reply = Reply("later", hold=hold)  # nothing that an answer does
    editing.type(keys)
    editing.wait_for_ghost("", timeout_s=2.0)
    hold.set()
