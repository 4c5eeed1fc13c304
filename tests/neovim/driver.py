"""The real Neovim without a screen, driven over its own RPC, with the plugin as a user installs it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pynvim

from tests.installed import printed_by
from tests.lsp.fake_server import wait_until

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "editor-extensions" / "neovim"
LANGUAGE_SERVER = str(Path(sys.executable).parent / "vernacular-lsp")

GHOST = """
local namespace = vim.api.nvim_get_namespaces()['nvim.lsp.inline_completion']
if not namespace then return {} end
local lines = {}
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })) do
  table.insert(lines, mark[4].virt_text[1][1])
  for _, line in ipairs(mark[4].virt_lines or {}) do table.insert(lines, line[1][1]) end
end
return lines
"""
HINT = """
local namespace = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')
local mark = vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })[1]
if not mark then return '' end
local last = mark[4].virt_lines and mark[4].virt_lines[#mark[4].virt_lines] or mark[4].virt_text
return last[2] and last[2][1] or ''
"""
COUNT = """
_G.answers = 0
vim.api.nvim_create_autocmd('LspRequest', { callback = function(event)
  local request = event.data.request
  if request.method == 'textDocument/inlineCompletion' and request.type == 'complete' then
    vim.schedule(function() _G.answers = _G.answers + 1 end)
  end
end })
"""
READY = """
local client = vim.lsp.get_clients({ bufnr = 0, name = 'vernacular' })[1]
return client ~= nil and client.initialized and client:supports_method('textDocument/inlineCompletion')
"""


class Neovim:
    """One running Neovim."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def lua(self, code: str, *arguments: object) -> Any:
        """Run Lua and give what it returns."""
        return self.session.exec_lua(code, *arguments)

    def setup(self, **options: object) -> None:
        """Call the plugin's `setup` with the real language server as its command."""
        self.lua("require('vernacular').setup(...)", {"cmd": [LANGUAGE_SERVER]} | options)

    def edit(self, path: Path) -> None:
        """Open a file and wait until the language server is there for it."""
        self.session.command(f"edit {path}")
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until the language server is there for the current buffer."""
        wait_until(lambda: self.lua(READY))

    def type(self, keys: str) -> None:
        """Press keys, `<Esc>` and the like spelt so."""
        self.session.input(keys)

    @property
    def lines(self) -> list[str]:
        """The buffer's lines."""
        return list(self.session.current.buffer[:])

    @property
    def text(self) -> str:
        """The buffer's lines in one."""
        return "\n".join(self.lines)

    @property
    def cursor(self) -> tuple[int, int]:
        """One-based line and zero-based column in bytes."""
        row, column = self.session.current.window.cursor
        return row, column

    @property
    def ghost(self) -> str:
        """The ghost text on display, or nothing."""
        return "\n".join(self.lua(GHOST))

    @property
    def hint(self) -> str:
        """What stands behind the ghost text, such as which of how many it is."""
        return str(self.lua(HINT))

    @property
    def messages(self) -> str:
        """Everything that Neovim said."""
        return str(self.session.exec_lua("return vim.api.nvim_exec2('messages', { output = true }).output"))

    def wait_for(self, condition: Callable[[], Any], timeout_s: float = 30.0) -> Any:
        """The first true value."""
        return wait_until(condition, timeout_s)

    def wait_for_ghost(self, text: str, timeout_s: float = 30.0) -> None:
        """Wait until exactly this ghost text is on display."""
        try:
            wait_until(lambda: self.ghost == text, timeout_s)
        except AssertionError:
            raise AssertionError(f"ghost text is {self.ghost!r}, not {text!r}; messages: {self.messages!r}") from None

    def wait_for_text(self, text: str) -> None:
        """Wait until the buffer holds exactly this text."""
        wait_until(lambda: self.text == text)

    def wait_for_hint(self, hint: str) -> None:
        """Wait until this stands behind the ghost text."""
        wait_until(lambda: self.hint.strip() == hint)

    def count_answers(self) -> None:
        """Count what Neovim gets for its requests for ghost text from now on, for `answers`."""
        self.lua(COUNT)

    @property
    def answers(self) -> int:
        """How many requests for ghost text were answered since `count_answers`."""
        return int(self.lua("return _G.answers"))

    def wait_for_answer(self, before: int) -> None:
        """Wait until Neovim got more answers than it had `before`."""
        wait_until(lambda: self.answers > before, 60.0)

    def health(self) -> str:
        """What `:checkhealth vernacular` shows."""
        self.session.command("checkhealth vernacular")
        return "\n".join(self.lines)


def neovim_command() -> str:
    """The path of a Neovim that is new enough, which `scripts/install-neovim.sh` prints; skips where there is none."""
    return printed_by("install-neovim.sh")


@contextmanager
def neovim(command: str, home: Path) -> Iterator[Neovim]:
    """Start Neovim with folders of its own under `home`."""
    variables = [f"XDG_{kind}_HOME={home / kind.lower()}" for kind in ("CONFIG", "DATA", "STATE", "CACHE")]
    arguments = ["env", *variables, command, "--clean", "--embed", "--headless", "-n"]
    with attached(*arguments, "--cmd", f"set runtimepath^={PLUGIN}") as nvim:
        yield nvim


@contextmanager
def attached(*command: str) -> Iterator[Neovim]:
    """The Neovim that a command line starts; at the end it must leave when it is told to."""
    session = pynvim.attach("child", argv=list(command))
    try:
        session.command("set columns=100 lines=30 shortmess+=I")
        yield Neovim(session)
        session.command("stopinsert")
        with suppress(OSError, EOFError):  # it leaves before it answers
            session.command("qall!")
    finally:
        session.close()
