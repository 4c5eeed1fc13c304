"""A picture of ghost text in Neovim, for the README: docs/images/ghost-text.svg.

    python scripts/screenshot_neovim.py [--server URL] [--file FILE --below TEXT --typed TEXT] [--output FILE]
    python scripts/screenshot_neovim.py --model MODEL --languages FOLDER --language NAME --file FILE ...

Everything in it is real: Neovim, the plugin, the language server, and `vernacular serve` with the embedded model
(started here unless `--server` names one that runs). Neovim draws into a grid of cells over its own UI protocol
(`:help ui-linegrid`), and the cells become the picture. MoonBit has no colours in Neovim by itself; those of Rust
are borrowed.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import pynvim

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
WIDTH, HEIGHT = 84, 22
CELL_X, CELL_Y, MARGIN, BAR = 8.4, 18, 18, 34
FONT = "ui-monospace, 'JetBrains Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace"
GHOST = (
    "return vim.api.nvim_buf_get_extmarks(0, vim.api.nvim_create_namespace('nvim.lsp.inline_completion'), 0, -1, {})"
)
STATUS_LINE = " %f%=%{v:lua.require('vernacular').status().detail} "


@dataclass(frozen=True)
class Own:
    """A language of one's own: its name, and the folder of its file."""

    language: str | None
    folder: str | None


@dataclass
class Grid:
    """What Neovim drew: for each cell its text and the number of its highlight."""

    cells: list[list[tuple[str, int]]] = field(default_factory=list)
    highlights: dict[int, dict[str, Any]] = field(default_factory=dict)
    foreground: int = 0xE0E2EA
    background: int = 0x14161B
    cursor: tuple[int, int] = (0, 0)

    def draw(self, event: str, arguments: list[Any]) -> None:
        """Take one event of Neovim's redraw protocol."""
        match event, arguments:
            case "grid_resize", [_, width, height]:
                self.cells = [[(" ", 0)] * width for _ in range(height)]
            case "grid_clear", [_]:
                self.cells = [[(" ", 0)] * len(row) for row in self.cells]
            case "default_colors_set", [foreground, background, *_]:
                self.foreground, self.background = foreground, background
            case "hl_attr_define", [number, attributes, *_]:
                self.highlights[number] = attributes
            case "grid_cursor_goto", [_, row, column]:
                self.cursor = (row, column)
            case "grid_line", [_, row, column, cells, *_]:
                self._line(row, column, cells)
            case "grid_scroll", [_, top, bottom, left, right, rows, _]:
                self._scroll(top, bottom, left, right, rows)

    def _line(self, row: int, column: int, cells: list[list[Any]]) -> None:
        highlight = 0
        for text, *more in cells:
            highlight = more[0] if more else highlight
            for _ in range(more[1] if len(more) > 1 else 1):
                self.cells[row][column] = (text, highlight)
                column += 1

    def _scroll(self, top: int, bottom: int, left: int, right: int, rows: int) -> None:
        numbers = range(top, bottom - rows) if rows > 0 else range(bottom - 1, top - rows - 1, -1)
        for number in numbers:
            self.cells[number][left:right] = self.cells[number + rows][left:right]


def main() -> None:
    """Start what is missing, type, wait for ghost text, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", metavar="URL", help="a completion server that is ready; default: start one")
    parser.add_argument("--file", type=Path, default=ROOT / "tests/end_to_end/files/queue.mbt", help="what to edit")
    parser.add_argument("--below", default='content="Some(1)")', help="the line below which to type")
    parser.add_argument("--typed", default="  inspect(queue.len", help="what to type")
    parser.add_argument("--model", metavar="FOLDER", help="what to serve; default: the embedded model")
    parser.add_argument(
        "--languages", metavar="FOLDER", type=lambda path: str(Path(path).resolve()), help="language files of one's own"
    )
    parser.add_argument("--language", metavar="NAME", help="the file's language, where Neovim does not know its ending")
    parser.add_argument("--output", type=Path, default=ROOT / "docs/images/ghost-text.svg")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        named = (("--model", arguments.model), ("--languages", arguments.languages))
        chosen = [word for name, value in named if value for word in (name, value)]
        url = arguments.server or stack.enter_context(served(chosen))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        grid = _drawn(
            url, folder, arguments.file, arguments.below, arguments.typed, Own(arguments.language, arguments.languages)
        )
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(as_svg(grid, arguments.file.name))
    sys.stdout.write(f"wrote {arguments.output}\n")


def _drawn(url: str, folder: Path, file: Path, below: str, typed: str, own: Own) -> Grid:
    command = subprocess.run(
        [ROOT / "scripts" / "install-neovim.sh"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()
    (folder / ".git").mkdir()
    copy = Path(shutil.copy(file, folder / file.name))
    homes = [f"XDG_{kind}_HOME={folder / 'home' / kind.lower()}" for kind in ("CONFIG", "DATA", "STATE", "CACHE")]
    plugin = ROOT / "editor-extensions" / "neovim"
    nvim = pynvim.attach(
        "child", argv=["env", *homes, command, "--clean", "--embed", "-n", "--cmd", f"set rtp^={plugin}"]
    )
    grid = Grid()
    try:
        nvim.ui_attach(WIDTH, HEIGHT, rgb=True, ext_linegrid=True)
        nvim.command("set number termguicolors noshowmode noruler noshowcmd laststatus=3 shortmess+=I")
        nvim.options["statusline"] = STATUS_LINE
        options: dict[str, Any] = {
            "cmd": [str(BIN / "vernacular-lsp")],
            "server_url": url,
            "settings": {"timeout_s": 60, "single_line": "always"},
        }
        if own.language:
            options |= {"filetypes": [own.language], "extensions": {copy.suffix[1:]: own.language}}
        if own.folder:
            options["cmd"] += ["--languages", own.folder]
        nvim.exec_lua("require('vernacular').setup(...)", options)
        nvim.command(f"cd {folder} | edit {copy.name}")
        if copy.suffix == ".mbt":
            nvim.command("setlocal syntax=rust")
        nvim.command("setlocal indentexpr= noautoindent nosmartindent nocindent signcolumn=no")
        wait_for(
            lambda: nvim.exec_lua("return require('vernacular').status().state") == "ready", "the server is not ready"
        )
        nvim.exec_lua("vim.fn.search('\\\\V' .. vim.fn.escape(..., '\\\\'), 'cw')", below)
        nvim.command("normal! zz")
        nvim.input("o" + typed.replace("<", "<lt>").replace("\n", "<CR>"))
        wait_for(lambda: nvim.exec_lua(GHOST), "the model proposes nothing there; choose another place or text")
        nvim.command("redraw!")
        nvim.exec_lua("vim.rpcnotify(..., 'drawn')", nvim.channel_id)
        while (message := nvim.next_message())[1] != "drawn":
            if message[1] == "redraw":
                for event, *calls in message[2]:
                    for call in calls:
                        grid.draw(event, call)
        nvim.command("stopinsert")
        with contextlib.suppress(OSError, EOFError):
            nvim.command("qall!")
    finally:
        nvim.close()
    return grid


@contextlib.contextmanager
def served(options: list[str]) -> Iterator[str]:
    """`vernacular serve` with further arguments, until the block ends: its URL, once it is ready."""
    command = [str(BIN / "vernacular"), "serve", "--port", "0", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr
        for line in process.stderr:
            sys.stderr.write(line)
            if "listening on http" in line:
                url = line.split()[-1]
            if "vernacular: ready" in line:
                break
        yield url
    finally:
        process.terminate()
        process.wait(30)


def wait_for(condition: Callable[[], Any], otherwise: str, timeout_s: float = 120.0) -> None:
    """Wait until the condition holds. Raises `SystemExit` with the text `otherwise`."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"error: {otherwise}")
        time.sleep(0.05)


def as_svg(grid: Grid, title: str) -> str:
    """The grid as a window: runs of one highlight are one text element, stretched to their cells."""
    width = WIDTH * CELL_X + 2 * MARGIN
    height = len(grid.cells) * CELL_Y + BAR + MARGIN
    frame = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-label="Ghost text in Neovim">'
    )
    parts = [
        frame,
        f'<rect width="{width:g}" height="{height:g}" rx="10" fill="{colour(grid.background)}" stroke="#3b3f4a"/>',
    ]
    parts += [
        f'<circle cx="{22 + 20 * n}" cy="18" r="6" fill="{colour}"/>'
        for n, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    ]
    parts.append(f'<g font-family="{FONT}" font-size="14" xml:space="preserve">')
    parts.append(f'<text x="{width / 2:g}" y="23" text-anchor="middle" fill="#9aa0ac">{escape(title)}</text>')
    parts += [row_as_svg(grid, number) for number in range(len(grid.cells))]
    cursor_row, cursor_column = grid.cursor
    parts.append(
        f'<rect x="{_x(cursor_column):g}" y="{_y(cursor_row):g}" width="2" height="{CELL_Y}" '
        f'fill="{colour(grid.foreground)}"/>'
    )
    return "\n".join([*parts, "</g>", "</svg>", ""])


def row_as_svg(grid: Grid, number: int) -> str:
    """One line of the screen."""
    runs = _runs(grid.cells[number])
    return "\n".join(part for column, text, highlight in runs for part in _run(grid, number, column, text, highlight))


def _runs(row: list[tuple[str, int]]) -> Iterator[tuple[int, str, int]]:
    start = 0
    for column in range(1, len(row) + 1):
        if column == len(row) or row[column][1] != row[start][1]:
            yield start, "".join(text for text, _ in row[start:column]), row[start][1]
            start = column


def _run(grid: Grid, row: int, column: int, text: str, highlight: int) -> Iterator[str]:
    attributes = grid.highlights.get(highlight, {})
    foreground = attributes.get("foreground", grid.foreground)
    background = attributes.get("background", grid.background)
    if attributes.get("reverse"):
        foreground, background = background, foreground
    if background != grid.background:
        yield (
            f'<rect x="{_x(column):g}" y="{_y(row):g}" width="{len(text) * CELL_X:g}" height="{CELL_Y}" '
            f'fill="{colour(background)}"/>'
        )
    shown = text.strip()
    if not shown:
        return
    column += len(text) - len(text.lstrip())  # viewers disagree about spaces at a text's beginning
    shown = shown.replace(" ", "\N{NO-BREAK SPACE}")
    style = ' font-weight="bold"' if attributes.get("bold") else ""
    style += ' font-style="italic"' if attributes.get("italic") else ""
    yield (
        f'<text x="{_x(column):g}" y="{_y(row) + 13.5:g}" textLength="{len(shown) * CELL_X:g}" '
        f'fill="{colour(foreground)}"{style}>{escape(shown)}</text>'
    )


def _x(column: int) -> float:
    return MARGIN + column * CELL_X


def _y(row: int) -> float:
    return BAR + row * CELL_Y


def colour(value: int) -> str:
    """A number of Neovim's as SVG writes it."""
    return f"#{value:06x}"


if __name__ == "__main__":
    main()
