"""Code from a comment in the real Neovim: streamed into a preview, accepted, rejected, cancelled, refused; and why."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.wire import Problem
from tests.lsp.fake_server import FakeServer, Reply, Turn, running
from tests.neovim.driver import Neovim

pytestmark = pytest.mark.neovim

FILE = "import os\n\n# the sum of two numbers\n\nlast = 1\n"
PIECES = ("```python\n", "def add(a, b):\n", "\treturn a + b\n", "```\n")
ADDED = "def add(a, b):\n\treturn a + b"
PREVIEW = """
local namespace = vim.api.nvim_get_namespaces()['vernacular.preview']
local found = {}
for _, mark in ipairs(namespace and vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true }) or {}) do
  for _, line in ipairs(mark[4].virt_lines or {}) do table.insert(found, line[1][1]) end
end
return found
"""


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with running(FakeServer(turn=Turn(PIECES))) as server:
        yield server


@pytest.fixture
def editing(nvim: Neovim, fake: FakeServer, tmp_path: Path) -> Neovim:
    """Neovim on the comment of a Python file."""
    file = tmp_path / "a.py"
    file.write_text(FILE)
    nvim.setup(server_url=fake.url, settings={"proposers": "model"})
    nvim.edit(file)
    nvim.session.command("setlocal tabstop=4 | normal! 3G")
    return nvim


def preview(nvim: Neovim) -> list[str]:
    """The lines of the preview on display; the last one says what to do."""
    return list(nvim.lua(PREVIEW))


def generated(nvim: Neovim) -> list[str]:
    """Ask, and wait until all of it is there."""
    nvim.session.command("Vernacular generate")
    return list(nvim.wait_for(lambda: [line for line in [preview(nvim)] if line and "accepts" in line[-1]])[0])


def test_streamed_and_accepted_as_one_undo_step(editing: Neovim, fake: FakeServer) -> None:
    ready = threading.Event()
    fake.turn = Turn(PIECES, hold=ready)
    editing.session.command("Vernacular generate")
    editing.wait_for(lambda: "def add(a, b):" in preview(editing))
    assert preview(editing)[-1] == "writing: <Esc> cancels"
    assert editing.text + "\n" == FILE
    ready.set()
    editing.wait_for(lambda: preview(editing)[-1:] == ["fake-model: <Tab> accepts, <Esc> rejects"])
    assert preview(editing)[:-1] == ["def add(a, b):", "    return a + b"]  # a tab as wide as in the buffer

    editing.type("<Tab>")

    editing.wait_for(lambda: editing.lines != FILE.splitlines())
    accepted = editing.text
    assert ADDED in accepted
    assert accepted.replace(ADDED + "\n", "", 1) + "\n" == FILE
    assert preview(editing) == []
    assert editing.lua("return vim.fn.maparg('<Tab>', 'n') .. vim.fn.maparg('<Esc>', 'n')") == ""
    assert "the sum of two numbers" in str(fake.conversations[0])
    editing.session.command("write | undo")
    assert editing.text + "\n" == FILE
    editing.session.command("redo")
    assert editing.text == accepted


@pytest.mark.parametrize("how", ["<Esc>", ":Vernacular reject<CR>", ":Vernacular cancel<CR>"])
def test_rejected(editing: Neovim, how: str) -> None:
    editing.session.command("nnoremap <buffer> <Tab> :let g:mine = 1<CR>")
    generated(editing)
    editing.type(how)
    editing.wait_for(lambda: preview(editing) == [])
    assert editing.text + "\n" == FILE
    editing.type("<Tab>")
    editing.wait_for(lambda: editing.lua("return vim.g.mine == 1"))


@pytest.mark.parametrize("how", ["<Esc>", ":Vernacular cancel<CR>"])
def test_cancelled_while_it_comes_down_to_the_server(editing: Neovim, fake: FakeServer, how: str) -> None:
    fake.turn = Turn(PIECES[:2], hang=True)
    editing.session.command("Vernacular generate")
    editing.wait_for(lambda: fake.conversations)
    editing.type(how)
    editing.wait_for(lambda: fake.abandoned == ["conversation"])
    assert preview(editing) == []
    assert editing.text + "\n" == FILE
    assert editing.messages == ""


def test_refused_where_the_lines_changed_meanwhile(editing: Neovim) -> None:
    generated(editing)
    editing.session.command("normal! A, and of none")
    changed = editing.text
    editing.session.command("Vernacular accept")
    assert editing.text == changed
    assert editing.messages.splitlines()[0] == ("vernacular: the lines around it changed meanwhile; ask again")
    assert preview(editing) == []


def test_what_changed_elsewhere_does_not_matter(editing: Neovim, fake: FakeServer) -> None:
    ready = threading.Event()
    fake.turn = Turn(PIECES, hold=ready)
    editing.session.command("Vernacular generate")
    editing.wait_for(lambda: fake.conversations)
    editing.session.command("call append(0, ['one', 'two'])")
    ready.set()
    editing.wait_for(lambda: "accepts" in "".join(preview(editing)))
    editing.session.command("call append(0, ['zero'])")
    editing.session.command("Vernacular accept")
    assert editing.text.replace(ADDED + "\n", "", 1) + "\n" == "zero\none\ntwo\n" + FILE
    assert editing.lines.index("# the sum of two numbers") == editing.lines.index("def add(a, b):") - 1


def test_in_insert_mode_the_key_accepts_it_too(editing: Neovim) -> None:
    editing.type("A")
    generated(editing)
    editing.type("<Tab>")
    editing.wait_for(lambda: ADDED in editing.text)


@pytest.mark.parametrize(
    ("turn", "line", "says"),
    [
        (Turn(PIECES), 1, "vernacular: no comment here; put the cursor in one, or just below"),
        (Turn(("I am sorry.",)), 3, "vernacular: fake-model answered without code"),
        (
            Turn(problem=Problem(code="no_chat_template", message="the model x has no chat template"), status=400),
            3,
            "vernacular: x was not made to follow instructions",
        ),
    ],
)
def test_what_keeps_it_from_coming_is_said_in_one_line(
    editing: Neovim, fake: FakeServer, turn: Turn, line: int, says: str
) -> None:
    fake.turn = turn
    editing.session.command(f"normal! {line}G")
    editing.session.command("Vernacular generate")
    editing.wait_for(lambda: says in editing.messages)
    assert "\n" not in editing.messages
    assert preview(editing) == []


def test_nothing_to_accept_or_cancel_is_said(editing: Neovim) -> None:
    editing.session.command("Vernacular accept | Vernacular cancel")
    assert editing.messages.splitlines() == [
        "vernacular: there is nothing to accept",
        "vernacular: there is nothing to cancel",
    ]


def test_explained_in_a_window_of_its_own(editing: Neovim, fake: FakeServer) -> None:
    fake.reply = Reply("more")
    editing.session.command("Vernacular explain")
    editing.wait_for(lambda: editing.session.current.buffer.name.endswith("vernacular://explain"))
    assert "fake-model" in editing.text
    assert not editing.session.current.buffer.options["modifiable"]
    editing.type("q")
    editing.wait_for(lambda: editing.session.current.buffer.name.endswith("a.py"))


def test_signing_in_where_nobody_signs_in_is_said(editing: Neovim) -> None:
    editing.session.command("Vernacular signin")
    editing.wait_for(lambda: "vernacular: sign in: nobody signs in at" in editing.messages)
    editing.session.command("messages clear | Vernacular signout")
    editing.wait_for(lambda: editing.messages)
    assert "\n" not in editing.messages
