"""A generated extension in the real VS Code: a language by its file's ending, colours, comments, pairs, indentation."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext
from typer.testing import CliRunner

from cli.main import app
from tests.lsp.fake_server import FakeServer
from tests.vscode.code_server import ROOT, code_server, install
from tests.vscode.conftest import LANGUAGE_SERVER
from tests.vscode.driver import Editor, window
from tests.vscode.greeting import LINE, SECOND

pytestmark = [pytest.mark.vscode, pytest.mark.timeout(300)]

LANGUAGES = ROOT / "examples" / "levy" / "languages"

PROGRAM = """\
;; The fee.
rule fee(zone: Number): Money
  when zone > 3 refuse "too far"
  gives 2 EUR.
"""
USUAL = {
    "editor.autoIndent": "full",
    "editor.autoClosingBrackets": "languageDefined",
    "editor.autoClosingQuotes": "languageDefined",
}
"""What VS Code does by itself, unlike the editor of the other tests."""
COLOURS = r"""
() => Object.fromEntries([...document.querySelectorAll('.monaco-editor.focused .view-line span > span')]
  .map(span => [span.textContent.replaceAll('\u00a0', ' ').trim(), getComputedStyle(span).color]))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension for Levy, to be installed."""
    folder = tmp_path_factory.mktemp("levy")
    command = ["languages", "editor-support", "levy", "--languages", str(LANGUAGES), "--editor", "vscode"]
    written = CliRunner().invoke(app, [*command, "--output", str(folder)])
    assert written.exit_code == 0, written.output
    (file,) = folder.glob("*.vsix")
    return file


@pytest.fixture(scope="module")
def desk(package: Path, person: BrowserContext, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """A window with a Levy program, in a VS Code with no other extension."""
    folder = tmp_path_factory.mktemp("alone")
    install(folder / "extensions", package)
    file = folder / "work" / "quay.levy"
    file.parent.mkdir()
    file.write_text(PROGRAM)
    with (
        code_server(folder / "home", folder / "extensions", USUAL) as code,
        window(person, code, file.parent, file) as opened,
    ):
        opened.wait_for(lambda: opened.lines[:1] == [";; The fee."], 60.0)
        opened.wait_for(lambda: opened.page.locator(".statusbar-item", has_text="Levy").count(), 60.0)
        yield opened


@pytest.fixture
def editor(desk: Editor) -> Editor:
    """The window, with the program as it is in the file."""
    desk.focus()
    desk.command("File: Revert File")
    desk.wait_for_lines(*PROGRAM.split("\n"))
    desk.focus()
    return desk


def test_words_strings_and_comments_have_colours_of_their_own(editor: Editor) -> None:
    parts = (";; The fee.", "rule", "fee", "when", "Number", "3", '"too far"')

    def seen() -> dict[str, str]:
        colours = editor.page.evaluate(COLOURS)
        return {part: colour for part in parts for text, colour in colours.items() if part in text}

    editor.wait_for(lambda: len(set(seen().values())) == len(parts))


def test_return_indents_as_the_language_says(editor: Editor) -> None:
    """Each line is waited for: where VS Code had no time to look at what was typed, Return only keeps the column."""
    editor.press("Control+a", "Delete")
    seen: list[str] = []
    for text, indented in (
        ("rule fee(zone: Number): Money", "  "),
        ("let base be table zone", "    "),
        ("| 1 => 3 EUR", "    "),
        ("| any => f(7).", ""),
        ('test "fee"', "  "),
        ("expect fee(2) = 3.", ""),
    ):
        editor.type(text)
        seen = [*seen[:-1], (seen or [""])[-1] + text]
        editor.wait_for_lines(*seen)
        editor.press("Enter")
        seen.append(indented)
        editor.wait_for_lines(*seen)


def test_return_between_brackets_opens_them(editor: Editor) -> None:
    editor.press("Control+a", "Delete")
    editor.type("show f(")
    editor.wait_for_lines("show f()")
    editor.press("Enter")
    editor.wait_for_lines("show f(", "  ", ")")


def test_documentation_goes_on_and_pairs_close(editor: Editor) -> None:
    editor.press("Control+a", "Delete")
    editor.type(";; The fee.\n")
    editor.wait_for_lines(";; The fee.", ";; ")
    editor.press("Control+a", "Delete")
    editor.type('show "')
    editor.wait_for_lines('show ""')
    editor.type('a", [f(1')
    editor.wait_for_lines('show "a", [f(1)]')


def test_a_comment_is_put_before_a_line_and_taken_away(editor: Editor) -> None:
    editor.press("Control+End", "ArrowUp", "Control+/")
    editor.wait_for(lambda: "  ; gives 2 EUR." in editor.lines)
    editor.press("Control+/")
    editor.wait_for_lines(*PROGRAM.split("\n"))


def test_a_word_is_taken_whole(editor: Editor) -> None:
    editor.press("Control+a", "Delete")
    editor.type("shore-power-fee")
    editor.press("Control+Backspace")
    editor.wait_for_lines("")


def test_ghost_text_without_a_word_about_the_language_in_the_settings(
    package: Path, extensions: Path, person: BrowserContext, fake: FakeServer, tmp_path: Path
) -> None:
    """But for where its language file is."""
    both = shutil.copytree(extensions, tmp_path / "extensions")
    install(both, package)
    file = tmp_path / "work" / "quay.levy"
    file.parent.mkdir()
    file.write_text("\n")
    with code_server(tmp_path / "home", both) as code:
        code.settings(
            serverUrl=fake.url,
            languageServer__path=LANGUAGE_SERVER,
            languageServer__languageFolders=[str(LANGUAGES)],
            proposers="model",
        )
        with window(person, code, file.parent, file) as editor:
            editor.wait_for(lambda: editor.status == "Vernacular", 60.0)
            editor.focus()
            editor.type_for_first_ghost("hel", f"lo world(1);\n{SECOND}")
            editor.press("Tab")
            editor.wait_for_lines(LINE, SECOND, "")
    assert {request.language for request in fake.requests} == {"levy"}
