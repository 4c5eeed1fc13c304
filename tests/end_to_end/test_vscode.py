"""As a new user has it: the extension alone is installed. It makes its own environment for the language server from
the wheel that it brings, and shows what the real server's embedded model says.

Nothing on this path is a stand-in. Packages come from the package index that pip is set up with.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Served
from tests.evaluation.report.browser import chromium
from tests.lsp.fake_server import wait_until
from tests.vscode.code_server import VSIX, code_server, install
from tests.vscode.driver import Editor, profile, window

pytestmark = [pytest.mark.engine, pytest.mark.vscode, pytest.mark.timeout(900)]

FILE = Path(__file__).parent / "files" / "queue.mbt"
BELOW = 'content="Some(1)")'
TYPED = "  inspect(queue.p"
RUNS = "from lsp.main import main"
INSTALLED_WITHIN_S = 180.0
GHOST_TIMEOUT_S = 60.0


def test_installed_seen_typed_through_accepted_and_saved(served: Served, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    file = Path(shutil.copy(FILE, work / FILE.name))
    before = file.read_text().split("\n")
    row = next(number for number, line in enumerate(before) if BELOW in line) + 1
    install(tmp_path / "extensions", VSIX)
    with (
        code_server(tmp_path / "home", tmp_path / "extensions") as code,
        chromium() as browser,
        profile(browser) as person,
    ):
        code.settings(serverUrl=served.url, timeoutS=GHOST_TIMEOUT_S, timeBudgetMs=0, singleLine="always")
        with window(person, code, work) as editor:
            editor.wait_for(lambda: editor.status == "Vernacular", INSTALLED_WITHIN_S)
            (process,) = code.processes(RUNS)
            assert str(tmp_path / "home") in process.cmdline()[0]
            editor.open(file)
            typed, ghost = seen(editor, row)
            editor.type(ghost[0])
            editor.wait_for_ghost(ghost[1:], GHOST_TIMEOUT_S)
            editor.press("Tab")
            expected = "\n".join([*before[:row], typed + ghost, *before[row:]])
            assert editor.save(file).decode() == expected
            editor.press("Control+z")
            without = "\n".join([*before[:row], typed + ghost[0], *before[row:]])
            assert editor.save(file).decode() == without
            progress = [said for said in editor.notifications if said.buttons == ("Cancel",)]
            assert editor.notifications == progress
        wait_until(lambda: not code.processes(RUNS))  # whoever closes the window leaves nothing behind


def seen(editor: Editor, row: int) -> tuple[str, str]:
    """Type below a line until the model has something to say; returns the line that was typed, and the ghost text."""
    editor.go_to_line(row)
    editor.press("End", "Enter")
    editor.type(TYPED)
    typed = TYPED
    for letter in (*"ush", ""):
        with suppress(AssertionError):
            wait_until(lambda: len(editor.ghost) > 1, 10.0)
            return typed, editor.ghost
        editor.type(letter)
        typed += letter
    pytest.fail("the model has nothing to say there")
