"""Draw the pictures of VS Code in the README: the real code-server in Chromium, the packed extensions.

Writes into docs/images: vscode-ghost-text.png, what the real server's embedded model proposes in MoonBit;
vscode-menu.png, the menu of the status bar; and vscode-generate.png, a comment's code as a diff, in Levy. Both
languages are coloured by what `vernacular languages editor-support` makes. So small a model writes no code of use for a
comment: in the last picture a scripted server writes it.

    python -m scripts.screenshot_vscode [--server URL]
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import ViewportSize

from scripts.screenshot_neovim import served
from tests.evaluation.report.browser import chromium
from tests.lsp.fake_server import FakeServer, Turn, running
from tests.vscode.code_server import VSIX, CodeServer, code_server, install
from tests.vscode.driver import Editor, profile, window

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
IMAGES = ROOT / "docs" / "images"
QUEUE = ROOT / "tests" / "end_to_end" / "files" / "queue.mbt"
BELOW, TYPED = 'content="Some(1)")', "  inspect(queue.len"
QUAY = """\
;; What a ship pays at the quay.

rule shore-power(used: Energy): Money
  gives 0.31 EUR/kWh * used.

;; The hire of a crane costs 85 EUR, and 42.50 EUR/h on top for its duration.

expect crane-hire(90 min) = 148.75 EUR.
"""
CRANE = ("```levy\n", "rule crane-hire(duration: Time): Money\n", "  gives 85 EUR + 42.50 EUR/h * duration.\n", "```\n")
SIZE: ViewportSize = {"width": 900, "height": 460}


def main() -> None:
    """Draw all three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", metavar="URL", help="a server that runs; default: one is started")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        url = arguments.server or stack.enter_context(served([]))
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        work = home / "harbour"
        work.mkdir()
        shutil.copy(QUEUE, work)
        (work / "quay.levy").write_text(QUAY)
        languages = [
            colours(home, "moonbit", []),
            colours(home, "levy", ["--languages", str(ROOT / "examples" / "levy" / "languages")]),
        ]
        install(home / "extensions", VSIX, *languages)
        code = stack.enter_context(code_server(home / "home", home / "extensions"))
        person = stack.enter_context(profile(stack.enter_context(chromium())))
        settle(code, url)
        with window(person, code, work) as editor:
            editor.page.set_viewport_size(SIZE)
            editor.wait_for(lambda: editor.status == "Vernacular", 60)
            editor.command("View: Toggle Primary Side Bar Visibility")
            ghost_text(editor, work / QUEUE.name)
            menu(editor)
            scripted = stack.enter_context(running(FakeServer(turn=Turn(CRANE))))
            settle(code, scripted.url)
            editor.wait_for(lambda: scripted.health_checks and editor.status == "Vernacular")
            generate(editor, work / "quay.levy")


def settle(code: CodeServer, url: str) -> None:
    """The settings: one server, patience, one line."""
    languages = ["moonbit", "levy"]
    code.settings(
        serverUrl=url,
        languageServer__path=str(BIN / "vernacular-lsp"),
        languageServer__languageFolders=[str(ROOT / "examples" / "levy" / "languages")],
        timeoutS=60,
        timeBudgetMs=0,
        singleLine="always",
        languages=languages,
    )


def colours(home: Path, language: str, options: Sequence[str]) -> Path:
    """The packed extension that tells VS Code what a language looks like."""
    folder = home / language
    command = [str(BIN / "vernacular"), "languages", "editor-support", language, "--editor", "vscode", *options]
    subprocess.run([*command, "--output", str(folder)], check=True, stdout=subprocess.DEVNULL)
    (package,) = folder.glob("*.vsix")
    return package


def ghost_text(editor: Editor, file: Path) -> None:
    """What the model proposes for the rest of a line."""
    row = next(number for number, line in enumerate(file.read_text().split("\n"), 1) if BELOW in line)
    editor.open(file)
    editor.go_to_line(row)
    editor.press("End", "Enter")
    editor.type(TYPED)
    editor.wait_for(lambda: editor.ghost, 60)
    draw(editor, "ghost-text")


def menu(editor: Editor) -> None:
    """What a click on the status bar's item opens."""
    editor.page.locator(".statusbar-item", has_text="Vernacular").first.click()
    editor.page.locator(".quick-input-list .monaco-list-row").first.wait_for()
    draw(editor, "menu")
    editor.press("Escape")
    editor.close_all()


def generate(editor: Editor, file: Path) -> None:
    """A comment's code, as a diff that one accepts or rejects."""
    editor.open(file)
    editor.go_to_line(next(n for n, line in enumerate(file.read_text().split("\n"), 1) if "crane" in line))
    editor.press("End", "Control+Alt+g")
    editor.wait_for(lambda: editor.preview and any("duration." in line for line in editor.preview), 60)
    editor.page.locator(".notification-toast").first.wait_for(state="detached")
    draw(editor, "generate")


def draw(editor: Editor, name: str) -> None:
    """Write one picture."""
    file = editor.screenshot(IMAGES / f"vscode-{name}.png")
    sys.stdout.write(f"wrote {file.relative_to(ROOT)}, {file.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
