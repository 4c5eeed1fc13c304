"""Typing beside ghost text, in one window: the real extension and language server, a completion server that obeys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from core.events import PartlyAccepted, Way
from tests.lsp.fake_server import FakeServer, Reply, running
from tests.vscode.code_server import CodeServer
from tests.vscode.conftest import LANGUAGE_SERVER
from tests.vscode.driver import Editor, window
from tests.vscode.greeting import LINE, SECOND, continue_greeting

pytestmark = pytest.mark.vscode

REST = f"lo world(1);\n{SECOND}"


def settings(url: str) -> dict[str, object]:
    """The extension's, for one completion server."""
    return {"serverUrl": url, "languageServer__path": LANGUAGE_SERVER, "proposers": "model", "telemetry": "on"}


@pytest.fixture(scope="module")
def desk(
    person: BrowserContext, code: CodeServer, fake: FakeServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Editor]:
    """One window, ready, which has no other lines to propose than the model's."""
    folder = tmp_path_factory.mktemp("work")
    code.settings(**settings(fake.url))
    with window(person, code, folder) as editor:
        editor.wait_for(lambda: editor.status == "Vernacular", 60)
        (folder / "first.mbt").write_text("\n")
        editor.open(folder / "first.mbt")
        editor.type_for_first_ghost("hel", REST)
        editor.close_all()
        yield editor
        assert editor.notifications == []


@pytest.fixture
def fresh(desk: Editor, fake: FakeServer, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file of the test's own on display, empty but for its line's end; it is closed at the end."""
    fake.reply = continue_greeting
    fake.requests.clear()
    desk.server.settings(**settings(fake.url))
    file = desk.folder / f"{request.node.name.split('[')[0]}.mbt"
    file.write_bytes(b"\n")
    desk.open(file)
    yield file
    desk.close_all()


def test_seen_typed_through_accepted_and_saved(desk: Editor, fresh: Path, fake: FakeServer) -> None:
    desk.type("hel")
    desk.wait_for_ghost(REST)
    desk.type("l")
    desk.wait_for_ghost(REST[1:])
    assert desk.lines == ["hell", ""]
    assert not [request for request in fake.requests if request.prefix.endswith("hell")]
    desk.press("Tab")
    desk.wait_for_lines(LINE, SECOND, "")
    assert desk.ghost == ""
    desk.type("!")
    assert desk.save(fresh) == f"{LINE}\n{SECOND}!\n".encode()
    assert fake.requests[0].language == "moonbit"


def test_a_word_a_line_and_the_rest(desk: Editor, fresh: Path) -> None:
    desk.type("hel")
    desk.wait_for_ghost(REST)
    desk.press("Control+ArrowRight")
    desk.wait_for_lines("hello", "")
    desk.wait_for_ghost(f" world(1);\n{SECOND}")
    desk.press("Control+Alt+ArrowRight")
    desk.wait_for(lambda: desk.lines[0] == LINE)
    desk.press("Tab")
    desk.wait_for_lines(LINE, SECOND, "")
    assert desk.save(fresh) == f"{LINE}\n{SECOND}\n".encode()


def test_the_server_hears_that_a_word_was_taken(desk: Editor, fresh: Path, fake: FakeServer) -> None:
    fake.events.clear()
    desk.type("hel")
    desk.wait_for_ghost(REST)
    desk.press("Control+ArrowRight")
    desk.wait_for_lines("hello", "")
    desk.type("?")
    desk.wait_for_ghost("")
    met = fake.health_checks
    desk.command("Vernacular: Restart the Language Server")  # which sends what waits
    taken = desk.wait_for(lambda: [event for event in fake.events if isinstance(event, PartlyAccepted)])
    assert [(event.way, event.characters) for event in taken] == [(Way.WORD, 2)]
    assert "hello" not in "".join(event.model_dump_json() for event in fake.events)
    desk.wait_for(lambda: fake.health_checks > met and desk.status == "Vernacular")


@pytest.mark.parametrize("key", ["Home", "ArrowUp", "ArrowLeft", "Escape", "z"])
def test_cancelled_by_moving_by_escape_and_by_typing_something_else(desk: Editor, fresh: Path, key: str) -> None:
    desk.press("Enter")
    desk.type("hel")
    desk.wait_for_ghost(REST)
    desk.press(key)
    desk.wait_for_ghost("")
    assert desk.lines == ["", "helz" if key == "z" else "hel", ""]


def test_several_cursors(desk: Editor, fresh: Path) -> None:
    desk.press("Enter", "Enter", "Control+Home")
    desk.press("Shift+Alt+ArrowDown", "Shift+Alt+ArrowDown")
    desk.type("hel")
    desk.wait_for_lines("hel", "hel", "hel", "")
    desk.wait_for(lambda: desk.ghost)
    desk.press("Tab")
    desk.wait_for_lines(LINE, SECOND, LINE, SECOND, LINE, SECOND, "")
    assert desk.save(fresh) == f"{LINE}\n{SECOND}\n".encode() * 3
    desk.press("Control+z")
    desk.wait_for_lines("hel", "hel", "hel", "")


def test_undo_restores_exactly_and_redo_too(desk: Editor, fresh: Path) -> None:
    desk.type("hel")
    desk.wait_for_ghost(REST)
    desk.press("Tab")
    desk.wait_for_lines(LINE, SECOND, "")
    desk.press("Control+z")
    desk.wait_for_lines("hel", "")
    assert desk.save(fresh) == b"hel\n"
    desk.press("Control+Shift+z")
    desk.wait_for_lines(LINE, SECOND, "")
    assert desk.save(fresh) == f"{LINE}\n{SECOND}\n".encode()


def test_line_ends_of_windows(desk: Editor, fresh: Path) -> None:
    file = fresh.with_name("windows.mbt")
    file.write_bytes(b"first\r\n\r\nlast\r\n")
    desk.open(file)
    desk.press("ArrowDown")
    desk.type("hel")
    desk.wait_for_ghost(REST)
    desk.press("Control+ArrowRight")
    desk.wait_for_ghost(REST[2:])
    desk.press("Tab")
    desk.wait_for_lines("first", LINE, SECOND, "last", "")
    assert desk.save(file) == f"first\r\n{LINE}\r\n{SECOND}\r\nlast\r\n".encode()


@pytest.mark.parametrize(
    ("before", "proposed", "after"),
    [
        pytest.param(
            "let a = '\N{GRINNING FACE}' + ",
            "'\N{FAMILY}\N{WAVING HAND SIGN}e\N{COMBINING ACUTE ACCENT}'",
            ")",
            id="emoji",
        ),
        pytest.param(
            "// \u05e9\u05dc\u05d5\u05dd \u05e2", "\u05d5\u05dc\u05dd", " \u05e1\u05d5\u05e3", id="right to left"
        ),
    ],
)
def test_wide_and_right_to_left(
    desk: Editor, fresh: Path, fake: FakeServer, before: str, proposed: str, after: str
) -> None:
    fake.reply = Reply(proposed)
    file = fresh.with_name("wide.mbt")
    file.write_text(before + after + "\n", encoding="utf-8")
    desk.open(file)
    for _ in before:
        desk.press("ArrowRight")
    desk.command("Vernacular: Propose Now")
    desk.wait_for_ghost(proposed)
    assert fake.requests[-1].prefix.endswith(before)
    assert fake.requests[-1].suffix == f"{after}\n"
    desk.press("Tab")
    desk.wait_for_lines(before + proposed + after, "")
    assert desk.save(file).decode() == f"{before}{proposed}{after}\n"


def test_switched_off_and_on_from_the_menu(desk: Editor, fresh: Path, fake: FakeServer) -> None:
    desk.menu("Switch Off")
    desk.wait_for(lambda: desk.status == "Vernacular: off")
    desk.focus()
    desk.type("hel")
    desk.menu("Switch On")
    desk.wait_for(lambda: desk.status == "Vernacular")
    assert fake.requests == []
    desk.focus()
    desk.press("End")
    desk.type("l")
    desk.wait_for_ghost(REST[1:])


def test_settings_changed_while_it_runs(desk: Editor, fresh: Path, fake: FakeServer) -> None:
    with running(FakeServer(reply=Reply("from the other"))) as other:
        desk.server.settings(**settings(other.url))
        desk.wait_for(lambda: other.health_checks)
        desk.type("hel")
        desk.wait_for_ghost("from the other")
        desk.server.settings(**settings(other.url), enabled=False)
        desk.wait_for(lambda: desk.status == "Vernacular: off")
        desk.type("z")
        desk.wait_for_ghost("")
        desk.server.settings(**settings(fake.url))
        desk.wait_for(lambda: desk.status == "Vernacular")
    assert fake.requests == []


def test_off_for_an_hour_and_for_one_language(desk: Editor, fresh: Path, fake: FakeServer) -> None:
    desk.menu("Switch Off for an Hour")
    desk.wait_for(lambda: desk.status.startswith("Vernacular: off until "))
    desk.menu("Switch On Again")
    desk.wait_for(lambda: desk.status == "Vernacular")
    desk.menu("Switch Off for plaintext")
    desk.wait_for(lambda: desk.status == "Vernacular: off for plaintext")
    desk.focus()
    desk.type("hel")
    other = fresh.with_suffix(".py")
    other.write_text("\n")
    desk.open(other)
    desk.wait_for(lambda: desk.status == "Vernacular")
    assert fake.requests == []
    desk.type_for_first_ghost("hel", REST)  # the language server may just be starting again, for fewer languages
    desk.open(fresh)
    desk.menu("Switch On for plaintext")
    desk.wait_for(lambda: desk.status == "Vernacular")
