"""One window of VS Code in Chromium: keys go in as a person's do, and what is read is what a person sees."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.lsp.fake_server import wait_until
from tests.vscode.code_server import CodeServer

OPENED_WITHIN_MS = 60_000
SIZE: ViewportSize = {"width": 1100, "height": 700}

WATCH = """
window.vernacularToasts = new Map();
new MutationObserver(() => {
  for (const toast of document.querySelectorAll('.notification-toast')) {
    const text = toast.querySelector('.notification-list-item-message')?.textContent;
    const buttons = [...toast.querySelectorAll('.notification-list-item-buttons-container .monaco-button')];
    if (text) window.vernacularToasts.set(toast, [text, buttons.map(button => button.textContent)]);
  }
}).observe(document, { childList: true, subtree: true, characterData: true });
"""
"""Runs before the editor does, and remembers every notification that ever popped up."""

SEEN = r"""
() => {
  const plain = text => text.replaceAll('\u00a0', ' ').replaceAll('\u200b', '');
  const top = node => parseFloat(node.style.top);
  const ghostly = '.ghost-text-decoration, .ghost-text-decoration-preview';
  const editor = document.querySelector('.monaco-editor.focused')
    || document.querySelector('.editor-group-container.active .editor-instance .monaco-editor');
  if (!editor) return null;
  const rows = [...editor.querySelectorAll('.view-lines > .view-line')].sort((a, b) => top(a) - top(b));
  const lines = rows.map(row => {
    const copy = row.cloneNode(true);
    copy.querySelectorAll(ghostly).forEach(node => node.remove());
    return plain(copy.textContent);
  });
  const inline = rows.map(row => [...row.querySelectorAll(ghostly)].map(node => plain(node.textContent)).join(''))
    .filter(text => text);
  const below = [...editor.querySelectorAll('.suggest-preview-text .view-line, .suggest-preview-additional-widget')]
    .sort((a, b) => top(a) - top(b)).map(node => plain(node.textContent));
  return { lines, ghost: [...inline, ...below], shown: rows.map(row => plain(row.textContent)) };
}
"""


MODIFIED = r"""
() => {
  const side = document.querySelector('.editor-group-container.active .monaco-diff-editor .editor.modified');
  if (!side?.checkVisibility({ visibilityProperty: true })) return null;
  return [...side.querySelectorAll('.lines-content > .view-lines > .view-line')]
    .sort((a, b) => parseFloat(a.style.top) - parseFloat(b.style.top))
    .map(row => row.textContent.replaceAll('\u00a0', ' ').replaceAll('\u200b', ''));
}
"""
STATUS = """
() => [...document.querySelectorAll('.statusbar-item')].map(item => item.innerText.trim())
  .find(text => text.includes('Vernacular')) ?? ''
"""
TEXT_OF = "selector => document.querySelector(selector)?.innerText.trim() ?? ''"


@dataclass(frozen=True)
class Notification:
    """What popped up, and the buttons on it."""

    text: str
    buttons: tuple[str, ...]


class Editor:
    """One window."""

    def __init__(self, page: Page, server: CodeServer, folder: Path) -> None:
        self.page = page
        self.server = server
        self.folder = folder

    def type(self, text: str) -> None:
        """Press the keys of a text, one after the other."""
        self.page.keyboard.type(text)

    def type_until(self, condition: Callable[[], Any]) -> None:
        """Type one letter after the other until something is so."""

        def so() -> bool:
            self.type("x")
            return bool(condition())

        self.wait_for(so, 60.0)

    def press(self, *keys: str) -> None:
        """Press keys by Playwright's names: `Tab`, `Control+Home`."""
        for key in keys:
            self.page.keyboard.press(key)

    def seen(self) -> dict[str, list[str]]:
        """What is on display: `lines` of the text, `ghost` text by line, and `shown`: both together."""
        return self.page.evaluate(SEEN) or {"lines": [], "ghost": [], "shown": []}

    @property
    def lines(self) -> list[str]:
        """The lines of the text that are on display, without ghost text."""
        return self.seen()["lines"]

    @property
    def ghost(self) -> str:
        """The ghost text on display, or nothing."""
        return "\n".join(self.seen()["ghost"])

    def command(self, name: str) -> None:
        """Run a command by its title, from the palette."""
        self.press("F1")
        self.page.wait_for_selector(".quick-input-widget:not([style*='display: none']) input")
        self.page.keyboard.insert_text(name)
        row = self.page.locator(".quick-input-list .monaco-list-row").filter(has_text=name).first
        row.wait_for()
        if "focused" in (row.get_attribute("class") or ""):  # the list may still move under a click
            self.press("Enter")
        else:
            row.click()

    def open(self, file: Path) -> None:
        """Open a file by its path, with the cursor at its beginning."""
        self.press("Control+p")
        self.page.wait_for_selector(".quick-input-widget:not([style*='display: none']) input")
        self.page.keyboard.insert_text(str(file))
        self.page.locator(".quick-input-list .monaco-list-row").filter(has_text=file.name).first.click()
        self.page.locator(".tab.active").filter(has_text=file.name).wait_for()
        self.page.locator(".editor-group-container.active .monaco-editor.focused .view-lines").first.wait_for()
        self.press("Control+Home")

    def open_notebook(self, file: Path) -> None:
        """Open a notebook by its path, and wait for its cells."""
        self.press("Control+p")
        self.page.wait_for_selector(".quick-input-widget:not([style*='display: none']) input")
        self.page.keyboard.insert_text(str(file))
        self.page.locator(".quick-input-list .monaco-list-row").filter(has_text=file.name).first.click()
        self.page.locator(".notebookOverlay .cell-editor-container .view-lines").first.wait_for()

    @property
    def suggestion(self) -> str:
        """What is selected in the suggestion widget; nothing where that is not open."""
        return str(self.page.evaluate(TEXT_OF, ".suggest-widget.visible .monaco-list-row.focused .label-name"))

    def go_to_line(self, number: int) -> None:
        """Put the cursor at the beginning of a line, counted from one."""
        self.press("Control+g")
        self.page.wait_for_selector(".quick-input-widget:not([style*='display: none']) input")
        self.page.keyboard.insert_text(str(number))
        self.press("Enter")
        self.page.locator(".statusbar-item", has_text=f"Ln {number}, ").wait_for()

    def focus(self) -> None:
        """Put the keyboard into the text, and the cursor at its beginning."""
        self.page.locator(".editor-group-container.active .monaco-editor .view-lines").first.click()
        self.press("Control+Home")

    def close_all(self) -> None:
        """Close every file, without saving. One after the other: the command is none where no file is open."""
        tabs = self.page.locator(".tab")
        while before := tabs.count():
            self.command("View: Revert and Close Editor")
            tabs.nth(before - 1).wait_for(state="detached")

    def save(self, file: Path) -> bytes:
        """Save, and give what is in the file once the editor says that nothing waits any more."""
        self.press("Control+s")
        self.wait_for(lambda: not self.page.locator(".tab.active.dirty").count())
        return file.read_bytes()

    def choose(self, entry: str) -> None:
        """Click an entry of the list that is open."""
        rows = self.page.locator(".quick-input-list .monaco-list-row")
        rows.filter(has_text=re.compile(rf"^\W*{re.escape(entry)}")).first.click()

    def menu(self, entry: str) -> None:
        """Open the menu of the status-bar item, and choose from it."""
        self.page.locator(".statusbar-item", has_text="Vernacular").first.click()
        self.choose(entry)

    def press_button(self, title: str) -> None:
        """Press the button of a notification; the newest that has one with this title."""
        self.page.locator(".notifications-toasts .monaco-button", has_text=title).first.click()

    @property
    def status(self) -> str:
        """What the status-bar item says, or nothing while there is none."""
        # In one step: an item that is drawn anew between two would be waited for.
        return str(self.page.evaluate(STATUS))

    @property
    def notifications(self) -> list[Notification]:
        """All that ever popped up in this window, in order."""
        said = self.page.evaluate("() => [...window.vernacularToasts.values()]")
        return [Notification(text, tuple(buttons)) for text, buttons in said]

    @property
    def preview(self) -> list[str] | None:
        """The lines of the right side of the diff that is open; `None` where none is."""
        lines: list[str] | None = self.page.evaluate(MODIFIED)
        return lines

    def wait_for(self, condition: Callable[[], Any], timeout_s: float = 20.0) -> Any:
        """The first true value."""
        return wait_until(condition, timeout_s)

    def wait_for_ghost(self, text: str, timeout_s: float = 20.0) -> None:
        """Wait until exactly this ghost text is on display."""
        self._wait_for(lambda: self.ghost == text, f"ghost text {text!r}", timeout_s)

    def type_for_first_ghost(self, text: str, *ghosts: str) -> None:
        """Type the first text of a window, and its last character again until one of these ghost texts is on display:
        VS Code loads its part of it when it has time, and asks nobody for keys that came before."""
        self.type(text)

        def again() -> bool:
            with suppress(AssertionError):
                return bool(wait_until(lambda: self.ghost in ghosts, 2.0))
            self.press("Backspace")
            self.type(text[-1])
            return False

        self._wait_for(again, f"ghost text of {ghosts!r}", 30.0)

    def wait_for_lines(self, *lines: str) -> None:
        """Wait until the text on display is these lines."""
        self._wait_for(lambda: self.lines == list(lines), f"lines {list(lines)!r}", 20.0)

    def screenshot(self, path: Path) -> Path:
        """Draw the window as it is."""
        self.page.screenshot(path=path)
        return path

    def _wait_for(self, condition: Callable[[], Any], what: str, timeout_s: float) -> None:
        try:
            wait_until(condition, timeout_s)
        except AssertionError:
            seen, said = self.seen(), self.notifications
            raise AssertionError(f"no {what}; seen: {seen}; status: {self.status!r}; notifications: {said}") from None


@contextmanager
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody's browser: windows that share one start faster, and share what VS Code keeps of a person."""
    context = browser.new_context(viewport=SIZE)
    context.add_init_script(WATCH)
    yield context
    context.close()


@contextmanager
def window(profile: BrowserContext, server: CodeServer, folder: Path, *files: Path) -> Iterator[Editor]:
    """Open a folder with these files in a window of its own; it is closed at the end."""
    page = profile.new_page()
    try:
        page.goto(server.address(folder, *files))
        page.wait_for_selector(".monaco-workbench .statusbar-item", timeout=OPENED_WITHIN_MS)
        if files:
            page.wait_for_selector(".editor-instance .monaco-editor .view-lines", timeout=OPENED_WITHIN_MS)
        yield Editor(page, server, folder)
    finally:
        page.close()
