"""What somebody sees when something is wrong: one notification with buttons that lead on, however many keys follow."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from core.wire import Problem
from tests.lsp.fake_server import FakeServer, Reply, ready, reserved_port, running
from tests.lsp.issuer import Issuer, issuing
from tests.vscode.code_server import CodeServer, code_server
from tests.vscode.conftest import LANGUAGE_SERVER
from tests.vscode.driver import Editor, window
from tests.vscode.greeting import LINE, SECOND, continue_greeting

pytestmark = pytest.mark.vscode

REST = f"lo world(1);\n{SECOND}"
PLAIN_SHELL = '#!/bin/sh\nfor word; do command=$word; done\nexec /bin/sh -c "$command"\n'
"""The editor has the user's shell say what PATH is; this one leaves it as it is."""
MANY_KEYS = "some more keys, each of which could have been a notification of its own"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The only folder on the PATH of the editor: a test puts its Python there."""
    folder = tmp_path_factory.mktemp("bin")
    for name in ("env", "sh", "uname", "cat", "dirname"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    executable(folder / "shell", PLAIN_SHELL)
    return folder


@pytest.fixture(scope="module")
def code(extensions: Path, programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeServer]:
    home = tmp_path_factory.mktemp("code-server")
    with code_server(home, extensions, PATH=str(programs), SHELL=str(programs / "shell")) as one:
        yield one


@contextmanager
def opened(code: CodeServer, person: BrowserContext, work: Path, **settings: object) -> Iterator[Editor]:
    """A window with the empty file on display, under settings."""
    code.settings(**{"languageServer__path": LANGUAGE_SERVER, "proposers": "model"} | settings)
    with window(person, code, work) as editor:
        editor.open(work / "main.py")
        try:
            yield editor
        finally:
            editor.screenshot(work.parent / "seen.png")


def only_notification(editor: Editor, begins: str, *buttons: str) -> str:
    """The one notification that there is after many more keys; returns its text."""
    editor.wait_for(lambda: editor.notifications, 60)
    editor.type(MANY_KEYS)
    editor.wait_for(lambda: any(line.endswith(MANY_KEYS) for line in editor.lines))
    editor.screenshot(editor.folder.parent / "notified.png")
    said = editor.notifications
    assert len(said) == 1, said
    assert said[0].text.startswith(begins)
    assert said[0].buttons == buttons
    assert "\n" not in said[0].text
    return said[0].text


def python(programs: Path, *says: str) -> None:
    """Put a `python3` on the PATH that says this of its version."""
    for name in ("python3", "python"):
        (programs / name).unlink(missing_ok=True)
    for version in says:
        executable(programs / "python3", f"#!/bin/sh\necho {version}\n")


def test_no_python(code: CodeServer, person: BrowserContext, work: Path, programs: Path) -> None:
    python(programs)
    with opened(code, person, work, languageServer__path="") as editor:
        only_notification(editor, "Python 3.11 to 3.13 is needed", "Choose Python", "Get Python")
        assert editor.status == "Vernacular: stopped"
        editor.press_button("Choose Python")
        editor.page.locator(".settings-editor .setting-item-title", has_text="Language Server: Python").wait_for()


def test_a_python_that_is_too_old(code: CodeServer, person: BrowserContext, work: Path, programs: Path) -> None:
    python(programs, "3 7 3")
    with opened(code, person, work, languageServer__path="") as editor:
        text = only_notification(editor, "Python 3.11 to 3.13 is needed", "Choose Another Python", "Get Python")
        assert text.endswith("python3 is 3.7.3.")


def test_a_language_server_that_is_not_there(code: CodeServer, person: BrowserContext, work: Path) -> None:
    with opened(code, person, work, languageServer__path="/nowhere/vernacular-lsp") as editor:
        text = only_notification(editor, "vernacular.languageServer.path is", "Open Setting")
        assert "/nowhere/vernacular-lsp: there is no such file" in text


def test_no_completion_server_until_there_is_one(code: CodeServer, person: BrowserContext, work: Path) -> None:
    with reserved_port() as port:
        settings = {"serverUrl": f"http://127.0.0.1:{port}"}
    with opened(code, person, work, **settings) as editor:
        only_notification(editor, "The completion server cannot be reached", "Open Setting", "Open Log")
        assert editor.status == "Vernacular: offline"
        editor.screenshot(work.parent / "offline.png")
        with running(FakeServer(reply=continue_greeting), port) as fake:
            editor.wait_for(lambda: editor.status == "Vernacular", 30)
            editor.press("Enter")
            editor.type_for_first_ghost("hel", REST)
            assert fake.requests
        assert len(editor.notifications) == 1


def test_a_completion_server_killed_and_back(code: CodeServer, person: BrowserContext, work: Path) -> None:
    fake = FakeServer(reply=continue_greeting)
    with ExitStack() as alive:
        alive.enter_context(running(fake))
        with opened(code, person, work, serverUrl=fake.url, debounceMs=0) as editor:
            editor.wait_for(lambda: editor.status == "Vernacular", 60)
            editor.type_for_first_ghost("hel", REST)
            alive.close()
            editor.press("Escape", "Enter")
            editor.type_until(lambda: editor.status == "Vernacular: offline")
            only_notification(editor, "The completion server cannot be reached", "Open Setting", "Open Log")
            with running(FakeServer(reply=continue_greeting), int(fake.url.rpartition(":")[2])):
                editor.wait_for(lambda: editor.status == "Vernacular", 30)
                editor.press("Enter")
                editor.type("hel")
                editor.wait_for_ghost(REST)
                editor.press("Tab")
                editor.wait_for(lambda: editor.lines[-3:] == [LINE, SECOND, ""])
            assert len(editor.notifications) == 1


def test_a_wrong_key(code: CodeServer, person: BrowserContext, work: Path) -> None:
    with (
        running(FakeServer(reply=continue_greeting, token="right-key")) as fake,
        opened(code, person, work, serverUrl=fake.url) as editor,
    ):
        editor.type_until(lambda: editor.notifications)
        only_notification(editor, "The completion server wants a key", "Set API Key", "Sign In")
        assert editor.status == "Vernacular: no access"
        editor.press_button("Set API Key")
        box = editor.page.locator(".quick-input-widget input")
        box.wait_for()
        editor.page.keyboard.insert_text("right-key")
        editor.press("Enter")
        editor.wait_for(lambda: editor.status == "Vernacular", 30)
        editor.focus()
        editor.press("Control+End")
        editor.type_for_first_ghost("hel", REST)
        assert len(editor.notifications) == 1
    kept = (file for file in code.home.rglob("*") if file.is_file())
    assert not [file for file in kept if b"right-key" in file.read_bytes()]


def test_a_server_of_another_version(code: CodeServer, person: BrowserContext, work: Path) -> None:
    other = FakeServer(reply=Reply("other", protocol=2), health=ready().model_copy(update={"protocol": 2}))
    with running(other) as fake, opened(code, person, work, serverUrl=fake.url) as editor:
        only_notification(editor, "The completion server speaks another version", "Look for an Update", "Open Log")
        assert editor.status == "Vernacular: incompatible"


def test_a_server_that_answers_with_errors(code: CodeServer, person: BrowserContext, work: Path) -> None:
    broken = Reply(status=500, problem=Problem(code="internal", message="the engine is gone"))
    with (
        running(FakeServer(reply=broken)) as fake,
        opened(code, person, work, serverUrl=fake.url, debounceMs=0) as editor,
    ):
        editor.wait_for(lambda: editor.status == "Vernacular", 60)
        editor.type_until(lambda: len(fake.requests) > 3)
        only_notification(editor, "The completion server failed", "Open Log", "Open Setting")


def test_a_proxy_that_swallows_what_it_is_sent(
    extensions: Path, person: BrowserContext, work: Path, tmp_path: Path
) -> None:
    url = "http://completion.example.com"
    with (
        swallowing() as proxy,
        code_server(tmp_path / "home", extensions, {"http.proxy": proxy}) as code,
        opened(code, person, work, serverUrl=url, timeoutS=1) as editor,
    ):
        editor.type_until(lambda: editor.notifications)
        text = only_notification(editor, "The completion server ", "Open Setting", "Open Log")
        assert "did not answer in time" in text or "took longer than 1 s" in text


def test_a_language_server_that_crashes_in_a_loop(
    code: CodeServer, person: BrowserContext, work: Path, tmp_path: Path
) -> None:
    program, count = tmp_path / "vernacular-lsp", tmp_path / "count"
    executable(program, f"#!/bin/sh\necho x >>{count}\necho 'the disk is full' >&2\nexit 1\n")
    with opened(code, person, work, languageServer__path=str(program)) as editor:
        text = only_notification(editor, "The language server stopped 5 times", "Open Log", "Restart")
        assert text.endswith("the disk is full")
        assert editor.status == "Vernacular: stopped"
        assert count.read_text() == "x\n" * 5
        editor.press_button("Open Log")
        editor.page.locator(".part.panel .view-lines", has_text="the disk is full").wait_for()


def test_a_language_server_killed_comes_back_without_a_word(
    code: CodeServer, person: BrowserContext, work: Path
) -> None:
    with running(FakeServer(reply=continue_greeting)) as fake, opened(code, person, work, serverUrl=fake.url) as editor:
        editor.wait_for(lambda: editor.status == "Vernacular", 60)
        editor.type_for_first_ghost("hel", REST)
        met = fake.health_checks
        (process,) = code.processes(LANGUAGE_SERVER)
        process.kill()
        editor.wait_for(lambda: fake.health_checks > met and editor.status == "Vernacular", 30)
        editor.type("l")
        editor.wait_for_ghost(REST[1:])
        assert editor.notifications == []


def test_settings_of_the_wrong_type(code: CodeServer, person: BrowserContext, work: Path) -> None:
    wrong = {"languages": 7, "candidates": "many", "timeoutS": "soon", "languageServer__logLevel": ["loud"]}
    with (
        running(FakeServer(reply=continue_greeting)) as fake,
        opened(code, person, work, serverUrl=fake.url, **wrong) as editor,
    ):
        text = only_notification(editor, "", "Open Settings")
        for name in ("vernacular.languages", "candidates", "timeout", "logLevel"):
            assert name in text
        editor.press("Enter")
        editor.type_for_first_ghost("hel", REST)


def test_signing_in_shows_the_code_and_where_it_goes(code: CodeServer, person: BrowserContext, work: Path) -> None:
    with (
        issuing(Issuer(device={"interval": 0.05})) as issuer,
        running(FakeServer(reply=continue_greeting, login=issuer.login, token="a9")) as fake,
        opened(code, person, work, serverUrl=fake.url) as editor,
    ):
        editor.type_until(lambda: editor.notifications)
        editor.press_button("Sign In")
        asked = editor.wait_for(lambda: [said for said in editor.notifications if "ABCD" in said.text])
        assert asked[0].text.endswith(f"ABCD at {issuer.url}/go")
        assert asked[0].buttons == ("Open in Browser",)
        issuer.answers.append((200, {"access_token": "a9", "expires_in": 3600, "token_type": "Bearer"}))
        editor.wait_for(lambda: editor.status == "Vernacular")


def test_what_the_language_server_writes_is_logged_at_its_own_level(
    code: CodeServer, person: BrowserContext, work: Path
) -> None:
    with (
        running(FakeServer(reply=continue_greeting)) as fake,
        opened(code, person, work, serverUrl=fake.url, languageServer__logLevel="info") as editor,
    ):
        editor.type_for_first_ghost("hel", REST)
        said = editor.wait_for(lambda: [line for line in code.log.splitlines() if "INFO lsp.client: ok" in line])
    assert all("[info]" in line for line in said)


def executable(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o755)


@contextmanager
def swallowing() -> Iterator[str]:
    """The address of a proxy that takes connections and whatever comes over them, and never answers."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    for each in held:
        each.close()
