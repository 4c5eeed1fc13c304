"""The code that a comment asks for: it streams into a diff, and goes into the file when it is accepted, not before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.lsp.fake_server import FakeServer, Turn
from tests.vscode.code_server import CodeServer
from tests.vscode.conftest import LANGUAGE_SERVER
from tests.vscode.driver import Editor, window

pytestmark = pytest.mark.vscode

SOURCE = "import os\n\n# sort the list\n\n\ndef after():\n    pass\n"
PIECES = ("```python\n", "for a in b:\n", "    a.sort()\n", "```\n")
WRITTEN = "import os\n\n# sort the list\nfor a in b:\n    a.sort()\n\ndef after():\n    pass\n"


@pytest.fixture(scope="module")
def desk(
    person: BrowserContext, code: CodeServer, fake: FakeServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Editor]:
    code.settings(serverUrl=fake.url, languageServer__path=LANGUAGE_SERVER)
    with window(person, code, tmp_path_factory.mktemp("work")) as editor:
        editor.wait_for(lambda: editor.status == "Vernacular", 60)
        yield editor


@pytest.fixture
def file(desk: Editor, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file with a comment, and the cursor on the line below the comment."""
    path = desk.folder / f"{request.node.name}.py"
    path.write_text(SOURCE)
    desk.open(path)
    desk.press("ArrowDown", "ArrowDown", "ArrowDown")
    yield path
    desk.close_all()


def written_so_far(desk: Editor, text: str) -> None:
    desk.wait_for(lambda: desk.preview and text in "\n".join(desk.preview))


def test_streamed_accepted_and_undone_in_one_step(desk: Editor, file: Path, fake: FakeServer) -> None:
    hold = threading.Event()
    fake.turn = Turn(PIECES, hold=hold)
    desk.press("Control+Alt+g")
    written_so_far(desk, "for a in b:")
    assert file.read_text() == SOURCE
    hold.set()
    desk.wait_for(lambda: desk.preview == WRITTEN.split("\n"))
    # While code is still being written the button is there, and takes nothing.
    desk.page.locator(".editor-actions .action-label:not(.disabled)[aria-label*='Accept the Written Code']").wait_for()
    desk.press("Control+Enter")
    desk.wait_for(lambda: desk.preview is None)
    desk.wait_for_lines(*WRITTEN.split("\n"))
    assert desk.save(file) == WRITTEN.encode()
    desk.press("Control+z")
    desk.wait_for_lines(*SOURCE.split("\n"))
    assert desk.save(file) == SOURCE.encode()
    assert [said for said in desk.notifications if said.buttons != ("Cancel",)] == []


def test_rejected(desk: Editor, file: Path, fake: FakeServer) -> None:
    fake.turn = Turn(PIECES)
    desk.press("Control+Alt+g")
    desk.wait_for(lambda: desk.preview == WRITTEN.split("\n"))
    desk.press("Escape")
    desk.wait_for(lambda: desk.preview is None)
    desk.wait_for_lines(*SOURCE.split("\n"))
    assert not desk.page.locator(".tab.dirty").count()
    assert file.read_text() == SOURCE


def test_cancelled_down_to_the_server(desk: Editor, file: Path, fake: FakeServer) -> None:
    fake.turn = Turn(PIECES[:2], hang=True)
    before = len(fake.abandoned)
    desk.press("Control+Alt+g")
    written_so_far(desk, "for a in b:")
    desk.command("Vernacular: Reject the Written Code")
    desk.wait_for(lambda: desk.preview is None)
    desk.wait_for(lambda: len(fake.abandoned) == before + 1)
    desk.wait_for_lines(*SOURCE.split("\n"))


def test_where_no_comment_is_that_is_said_once(desk: Editor, file: Path, fake: FakeServer) -> None:
    asked = len(fake.conversations)
    desk.press("Control+End", "Control+Alt+g")
    desk.wait_for(lambda: [said for said in desk.notifications if "comment" in said.text])
    (said,) = (said for said in desk.notifications if "comment" in said.text)
    assert said.text == "Vernacular: no comment here; put the cursor in one, or just below"
    assert said.buttons == ()
    assert len(fake.conversations) == asked
