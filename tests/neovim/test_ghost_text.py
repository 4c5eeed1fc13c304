"""Ghost text in the real Neovim, through the real language server, from a completion server that obeys the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.events import Accepted, Way
from core.wire import CompletionRequest
from tests.lsp.fake_server import FakeServer, Reply, reserved_port, running
from tests.neovim.driver import Neovim

pytestmark = pytest.mark.neovim

LINE = "hello world(1);"
SECOND = "second line;"


def continue_greeting(request: CompletionRequest) -> Reply:
    """What is left of a greeting, when the line typed so far begins it."""
    typed = request.prefix.rpartition("\n")[2]
    whole = f"{LINE}\n{SECOND}"
    return Reply(whole[len(typed) :] if typed and whole.startswith(typed) else "")


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with running(FakeServer(reply=continue_greeting)) as server:
        yield server


@pytest.fixture
def editing(nvim: Neovim, fake: FakeServer, tmp_path: Path) -> Neovim:
    """Neovim in an empty MoonBit file, set up for the fake server."""
    file = tmp_path / "main.mbt"
    file.write_text("\n")
    nvim.setup(server_url=fake.url)
    nvim.edit(file)
    return nvim


def test_typed_through_and_accepted(editing: Neovim, fake: FakeServer) -> None:
    editing.type("ihel")
    editing.wait_for_ghost(f"lo world(1);\n{SECOND}")
    editing.type("l")
    editing.wait_for_ghost(f"o world(1);\n{SECOND}")
    assert editing.lines == ["hell"]

    editing.type("<Tab>")

    editing.wait_for(lambda: editing.lines == [LINE, SECOND])
    assert editing.cursor == (2, len(SECOND))
    assert fake.requests[0].language == "moonbit"
    assert editing.messages == ""


def test_the_server_hears_of_an_acceptance_once_and_of_no_code(editing: Neovim, fake: FakeServer) -> None:
    editing.type("ihel")
    editing.wait_for_ghost(f"lo world(1);\n{SECOND}")
    editing.type("l")
    editing.wait_for_ghost(f"o world(1);\n{SECOND}")
    editing.type("<Tab>")
    editing.wait_for(lambda: editing.lines == [LINE, SECOND])
    editing.lua("vim.lsp.stop_client(vim.lsp.get_clients({ name = 'vernacular' }))")  # which sends what waits
    editing.wait_for(lambda: fake.events)
    offered, accepted = [event for event in fake.events if event.kind in ("offered", "accepted")][:2]
    assert isinstance(accepted, Accepted)
    assert (accepted.offer_id, accepted.way) == (offered.offer_id, Way.COMMAND)
    assert accepted.characters == len(f"o world(1);\n{SECOND}")
    assert "world" not in "".join(event.model_dump_json() for event in fake.events)


def test_what_other_tools_say_of_the_line_goes_with_the_request(editing: Neovim, fake: FakeServer) -> None:
    found = [{"lnum": 0, "col": 0, "message": "no such rule: hel", "severity": 1}]
    editing.lua("vim.diagnostic.set(vim.api.nvim_create_namespace('other tool'), 0, ...)", found)
    editing.type("ihel")
    editing.wait_for_ghost(f"lo world(1);\n{SECOND}")
    assert any("no such rule: hel" in piece.text for piece in fake.requests[-1].context)


def test_accepted_right_after_a_key_stroke(editing: Neovim) -> None:
    editing.type("ihel")
    editing.wait_for_ghost(f"lo world(1);\n{SECOND}")
    editing.type("lo w<Tab>!")  # before the language server has seen these keys
    editing.wait_for(lambda: editing.lines == [LINE, f"{SECOND}!"])


def test_what_does_not_fit_any_more_is_not_inserted(editing: Neovim) -> None:
    editing.type("ihel")
    editing.wait_for_ghost(f"lo world(1);\n{SECOND}")
    editing.type("xy<Tab>")
    editing.wait_for(lambda: editing.lines == ["helxy\t"])
    editing.wait_for_ghost("")


def test_undo_takes_back_the_proposal_alone(editing: Neovim) -> None:
    editing.type("ihel")
    editing.wait_for_ghost(f"lo world(1);\n{SECOND}")
    editing.type("<Tab>")
    editing.wait_for(lambda: editing.lines == [LINE, SECOND])
    editing.type("<Esc>u")
    editing.wait_for(lambda: editing.lines == ["hel"])


@pytest.mark.parametrize("keys", ["<Esc>", "zz"])
def test_dismissed(editing: Neovim, keys: str) -> None:
    editing.type("ihel")
    editing.wait_for_ghost(f"lo world(1);\n{SECOND}")
    editing.type(keys)
    editing.wait_for_ghost("")


def test_in_the_middle_of_wide_characters(editing: Neovim, fake: FakeServer) -> None:
    fake.reply = Reply("\N{GRINNING FACE} + e\N{COMBINING ACUTE ACCENT}")
    editing.type("i'\N{GRINNING FACE}' + ''<Left>")
    editing.wait_for_ghost("\N{GRINNING FACE} + e\N{COMBINING ACUTE ACCENT}")
    editing.type("<Tab>")
    face = "\N{GRINNING FACE}"
    editing.wait_for(lambda: editing.lines == [f"'{face}' + '{face} + e\N{COMBINING ACUTE ACCENT}'"])
    assert fake.requests[-1].suffix == "'\n"


MAPPINGS = {
    "nothing": ("", "\t"),
    "keys": ("vim.cmd('inoremap <Tab> [keys]')", "[keys]"),
    "keys that are mapped": ("vim.cmd('inoremap <Plug>x [mapped]|imap <Tab> <Plug>x')", "[mapped]"),
    "an expression": ("vim.cmd('inoremap <expr> <Tab> toupper(\"expr\")')", "EXPR"),
    "a function": (
        "vim.keymap.set('i', '<Tab>', function() vim.api.nvim_put({'[put]'}, 'c', false, true) end)",
        "[put]",
    ),
    "a function for keys": (
        "vim.keymap.set('i', '<Tab>', function() return '<C-v>u00e9' end, {expr = true})",
        "\u00e9",
    ),
}


@pytest.mark.parametrize("name", MAPPINGS)
def test_without_ghost_text_tab_does_what_it_did(nvim: Neovim, fake: FakeServer, tmp_path: Path, name: str) -> None:
    lua, expected = MAPPINGS[name]
    fake.reply = Reply("")
    nvim.lua(lua)
    nvim.setup(server_url=fake.url)
    nvim.edit(tmp_path / "a.mbt")
    nvim.type("ia<Tab>b")
    nvim.wait_for(lambda: nvim.lines == [f"a{expected}b"])
    assert nvim.messages == ""


def test_another_key_gives_the_first_one_back(nvim: Neovim, fake: FakeServer, tmp_path: Path) -> None:
    nvim.lua("vim.keymap.set('i', '<Tab>', '[mine]')")
    nvim.setup(server_url=fake.url)
    nvim.setup(server_url=fake.url, accept_key="<C-l>")
    nvim.edit(tmp_path / "a.py")
    nvim.type("ihel")
    nvim.wait_for_ghost(f"lo world(1);\n{SECOND}")
    nvim.type("<C-l>")
    nvim.wait_for(lambda: nvim.lines == [LINE, SECOND])
    nvim.type("<CR><Tab>")
    nvim.wait_for(lambda: nvim.lines[-1] == "[mine]")


def test_a_server_that_is_down_disturbs_nobody_and_is_found_again(nvim: Neovim, tmp_path: Path) -> None:
    with reserved_port() as port:
        nvim.setup(server_url=f"http://127.0.0.1:{port}")
        nvim.edit(tmp_path / "a.py")
        nvim.type("ihel")
        nvim.wait_for(lambda: "nobody answers" in nvim.messages)
        nvim.type("lo")
        nvim.wait_for(lambda: nvim.lines == ["hello"])
    with running(FakeServer(reply=continue_greeting), port):
        nvim.wait_for(lambda: "vernacular: ready: fake-model" in nvim.messages)
        nvim.type(" ")
        nvim.wait_for_ghost(f"world(1);\n{SECOND}")
    said = nvim.messages.splitlines()
    assert len(said) == 2, said
    assert said[0].startswith(f"vernacular: nobody answers at http://127.0.0.1:{port}")


def test_trouble_is_kept_quiet_where_that_is_wished(nvim: Neovim, tmp_path: Path) -> None:
    with reserved_port() as port:
        nvim.setup(server_url=f"http://127.0.0.1:{port}", notify=False)
        nvim.edit(tmp_path / "a.py")
        nvim.wait_for(lambda: nvim.lua("return require('vernacular').status().state") == "unreachable")
    assert nvim.messages == ""


def test_set_up_again_with_another_server(editing: Neovim, fake: FakeServer) -> None:
    with running(FakeServer(reply=Reply("from the other"))) as other:
        editing.setup(server_url=other.url)
        editing.wait_for(lambda: other.health_checks)
        editing.type("ihel")
        editing.wait_for_ghost("from the other")
    assert fake.requests == []
    assert editing.lua("return #vim.lsp.get_clients({ name = 'vernacular' })") == 1


def test_a_wrong_setting_of_the_language_server_is_said(nvim: Neovim, fake: FakeServer, tmp_path: Path) -> None:
    nvim.setup(server_url=fake.url, settings={"timeout": 3})
    nvim.edit(tmp_path / "a.py")
    nvim.wait_for(lambda: "unknown setting 'timeout' (did you mean 'timeout_s'?)" in nvim.messages)
