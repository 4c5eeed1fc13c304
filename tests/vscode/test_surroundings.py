"""Ghost text beyond one file in one folder: several folders, notebooks, other extensions, folders without trust."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.lsp.fake_server import FakeServer
from tests.vscode.code_server import CodeServer, code_server
from tests.vscode.conftest import LANGUAGE_SERVER
from tests.vscode.driver import Editor, window
from tests.vscode.greeting import LINE, SECOND, continue_greeting

pytestmark = pytest.mark.vscode

REST = f"lo world(1);\n{SECOND}"


@pytest.fixture(autouse=True)
def set_up(code: CodeServer, fake: FakeServer) -> Iterator[None]:
    """The settings, with every language wanted; what the completion server was asked before is forgotten."""
    fake.reply = continue_greeting
    fake.requests.clear()
    code.settings(serverUrl=fake.url, languageServer__path=LANGUAGE_SERVER, proposers="model", languages=["*"])
    yield


def ready(editor: Editor) -> None:
    editor.wait_for(lambda: editor.status == "Vernacular", 60)


def test_two_work_folders(code: CodeServer, person: BrowserContext, fake: FakeServer, tmp_path: Path) -> None:
    for name in ("north", "south"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.py").write_text("\n")
        (tmp_path / name / "compass.py").write_text(f"def hello_{name}(step):\n    return step\n")
    both = tmp_path / "both.code-workspace"
    both.write_text(json.dumps({"folders": [{"path": "north"}, {"path": "south"}]}))
    with window(person, code, both) as editor:
        ready(editor)
        for name, typed in (("north", "hel"), ("south", "hell")):
            file = tmp_path / name / "main.py"
            editor.open(file)
            editor.type_for_first_ghost(typed, f"{LINE}\n{SECOND}".removeprefix(typed))
            editor.press("Tab")
            editor.wait_for_lines(LINE, SECOND, "")
            assert editor.save(file) == f"{LINE}\n{SECOND}\n".encode()
            asked = [request for request in fake.requests if request.repository == name]
            assert asked
            assert {request.path for request in asked} == {"main.py"}
        assert editor.notifications == []


def test_a_notebook_cell(code: CodeServer, person: BrowserContext, fake: FakeServer, tmp_path: Path) -> None:
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
        for source in ("step = 1", "")
    ]
    language = {"language_info": {"name": "python"}}
    file = tmp_path / "notes.ipynb"
    file.write_text(json.dumps({"cells": cells, "metadata": language, "nbformat": 4, "nbformat_minor": 5}))
    with window(person, code, tmp_path) as editor:
        ready(editor)
        editor.open_notebook(file)
        editor.page.locator(".notebookOverlay .cell-editor-container .view-lines").nth(1).click()
        editor.type_for_first_ghost("hel", REST)
        editor.press("Tab")
        editor.wait_for_lines(LINE, SECOND)
        editor.save(file)
        assert editor.notifications == []
    saved = json.loads(file.read_text())
    assert ["".join(cell["source"]) for cell in saved["cells"]] == ["step = 1", f"{LINE}\n{SECOND}"]
    assert fake.requests[-1].language == "python"


def test_beside_the_suggestion_widget(
    code: CodeServer, person: BrowserContext, fake: FakeServer, tmp_path: Path
) -> None:
    file = tmp_path / "words.widget"
    file.write_text("\n")
    with window(person, code, tmp_path) as editor:
        ready(editor)
        editor.open(file)
        editor.type_for_first_ghost("hel", REST)
        editor.press("Control+Space")
        editor.wait_for(lambda: editor.suggestion == "hello")
        editor.wait_for_ghost(REST)
        editor.press("ArrowDown")
        editor.wait_for(lambda: editor.suggestion == "helicopter")
        editor.wait_for_ghost("")
        editor.press("Escape")
        editor.wait_for_ghost(REST)
        editor.press("Control+Space")
        editor.wait_for(lambda: editor.suggestion == "hello")
        editor.wait_for_ghost(REST)
        editor.press("Tab")
        editor.wait_for_lines("hello", "")
        editor.wait_for_ghost(REST[2:])
        editor.press("Tab")
        editor.wait_for_lines(LINE, SECOND, "")
        assert editor.save(file) == f"{LINE}\n{SECOND}\n".encode()
        assert editor.notifications == []


def test_beside_another_provider(code: CodeServer, person: BrowserContext, tmp_path: Path) -> None:
    file = tmp_path / "two.both"
    file.write_text("\n")
    ours, others = REST, " of the other"
    with window(person, code, tmp_path) as editor:
        ready(editor)
        editor.open(file)
        editor.type_for_first_ghost("hel", ours, others)
        first = editor.ghost
        editor.press("Alt+]")
        editor.wait_for_ghost(others if first == ours else ours)
        editor.press("Alt+]")
        editor.wait_for_ghost(first)
        if first != ours:
            editor.press("Alt+]")
            editor.wait_for_ghost(ours)
        editor.press("Tab")
        editor.wait_for(lambda: editor.lines[:2] == [LINE, SECOND])
        assert editor.save(file) == f"{LINE}\n{SECOND}\n".encode()
        assert editor.notifications == []


def test_nothing_runs_in_a_folder_before_it_is_trusted(
    person: BrowserContext, extensions: Path, fake: FakeServer, tmp_path: Path
) -> None:
    trust = {"security.workspace.trust.enabled": True, "security.workspace.trust.startupPrompt": "never"}
    folder = tmp_path / "work"
    (folder / ".vscode").mkdir(parents=True)
    program, ran = folder / "program", folder / "ran"
    (folder / ".vscode" / "settings.json").write_text(json.dumps({"vernacular.languageServer.path": str(program)}))
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    (folder / "main.py").write_text("\n")
    met = fake.connections
    with code_server(tmp_path / "home", extensions, trust) as code:
        code.settings(serverUrl=fake.url, languageServer__path=LANGUAGE_SERVER, proposers="model")
        with window(person, code, folder) as editor:
            restricted = editor.page.locator(".statusbar-item", has_text="Restricted Mode")
            restricted.wait_for()
            editor.open(folder / "main.py")
            editor.type("hel")
            editor.wait_for(lambda: "onStartupFinished" in code.log)
            editor.wait_for(lambda: editor.status == "Vernacular: not trusted")
            assert code.processes("vernacular-lsp") == []
            assert not ran.exists()
            assert editor.notifications == []
            assert fake.connections == met
            restricted.click()
            editor.page.get_by_role("button", name="Trust", exact=True).click()
            editor.wait_for(ran.exists)
