"""A short animation of ghost text in the example language, for the README: docs/images/levy-typing.svg.

    python -m scripts.animate_neovim [--server URL] [--output FILE]

Everything in it is real, as in the pictures of `scripts/screenshot_neovim.py`: a rule is typed into a file of Levy,
among the example's other files, with the embedded model, which never saw Levy, and the work space's own lines. Levy's
colours are those that `vernacular languages editor-support levy` writes. What was on the screen is kept with its time;
only waits for an answer are cut, at `LONGEST_WAIT_S`. The file plays in a browser without a script (SMIL).
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import pynvim

from scripts.screenshot_neovim import (
    BAR,
    BIN,
    CELL_X,
    CELL_Y,
    FONT,
    GHOST,
    MARGIN,
    ROOT,
    STATUS_LINE,
    Grid,
    colour,
    row_as_svg,
    served,
    wait_for,
)

LEVY = ROOT / "examples" / "levy"
FILE, BELOW = "leisure-and-culture/hotel.levy", "gives lodging + meals."
WIDTH, HEIGHT = 96, 16
KEY_S = 0.075
LOOK_S = 0.9
LONGEST_WAIT_S = 0.6
END_S = 2.5
KEYS = {"<Tab>": "Tab", "<M-Right>": "Alt Right", "<M-C-Right>": "Alt Ctrl Right"}

# What is typed; a key in angle brackets takes ghost text, which is waited for and left for a moment to be read.
SCENE = (
    "\n\n;; Breakfast alone, for a whole stay.\nrule breakfast(stay: S", "<Tab>", "\n  when departure ", "<M-C-Right>",
    "<M-Right>", "<M-Right>", " board-price(with-breakfast) * ", "<Tab>", ".",
)  # fmt: skip


@dataclass
class Frame:
    """What is on the screen from a second on."""

    at_s: float
    grid: Grid
    caption: str


@dataclass
class Film:
    """Takes a picture whenever something changed. Time stands still while an answer is waited for too long."""

    nvim: Any
    grid: Grid = field(default_factory=Grid)
    frames: list[Frame] = field(default_factory=list)
    caption: str = ""
    now_s: float = 0.0

    def look(self, longest_s: float = 10.0) -> None:
        """Take in what Neovim has drawn since."""
        began_s = time.monotonic()
        self.nvim.exec_lua("vim.cmd.redraw() vim.rpcnotify(..., 'drawn')", self.nvim.channel_id)
        before = (copy.deepcopy(self.grid.cells), self.grid.cursor)
        while (message := self.nvim.next_message())[1] != "drawn":
            if message[1] == "redraw":
                for event, *calls in message[2]:
                    for call in calls:
                        self.grid.draw(event, call)
        if not self.frames or before != (self.grid.cells, self.grid.cursor) or self.caption != self.frames[-1].caption:
            self.frames.append(Frame(self.now_s, copy.deepcopy(self.grid), self.caption))
        self.now_s += min(time.monotonic() - began_s, longest_s)

    def run(self, seconds: float) -> None:
        """Go on for so long."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            began_s = time.monotonic()
            time.sleep(0.02)
            self.now_s += time.monotonic() - began_s
            self.look()

    def wait(self, text_s: float = 60.0) -> None:
        """Wait until there is ghost text, and nothing is asked for any more."""
        began_s, left_s = time.monotonic(), LONGEST_WAIT_S
        while time.monotonic() - began_s < text_s:
            time.sleep(0.05)
            at_s = self.now_s
            self.look()
            self.now_s = at_s + min(0.06, left_s)
            left_s = max(left_s - 0.06, 0.0)
            if self.nvim.exec_lua(QUIET) and self.nvim.exec_lua(GHOST):
                return
        raise SystemExit("error: nothing is proposed where the scene takes it; change the scene")


QUIET = """
local client = vim.lsp.get_clients({ name = 'vernacular' })[1]
return client ~= nil and next(client.requests) == nil and vim.uv.now() - (_G.typed_at or 0) > 260
"""


def main() -> None:
    """Play the scene, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", metavar="URL", help="a completion server that is ready; default: start one")
    parser.add_argument("--output", type=Path, default=ROOT / "docs/images/levy-typing.svg")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        languages = str(LEVY / "languages")
        url = arguments.server or stack.enter_context(served(["--languages", languages]))
        frames = _played(url, Path(stack.enter_context(tempfile.TemporaryDirectory())), languages)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(as_svg(frames, Path(FILE).name))
    sys.stdout.write(f"wrote {arguments.output} ({arguments.output.stat().st_size // 1000} kB, {len(frames)} frames)\n")


def _played(url: str, folder: Path, languages: str) -> list[Frame]:
    support = folder / "support"
    command = [str(BIN / "vernacular"), "languages", "editor-support", "levy", "--languages", languages]
    subprocess.run([*command, "--editor", "neovim", "--output", support], check=True, stdout=subprocess.DEVNULL)
    work = folder / "tariffs"
    shutil.copytree(LEVY / "corpus", work)
    (work / ".git").mkdir()
    homes = [f"XDG_{kind}_HOME={folder / 'home' / kind.lower()}" for kind in ("CONFIG", "DATA", "STATE", "CACHE")]
    neovim = subprocess.run([ROOT / "scripts" / "install-neovim.sh"], stdout=subprocess.PIPE, text=True, check=True)
    plugins = f"set rtp^={ROOT / 'editor-extensions' / 'neovim'},{support / 'neovim'}"
    program = ["env", *homes, neovim.stdout.strip(), "--clean", "--embed", "-n", "--cmd", plugins]
    nvim = pynvim.attach("child", argv=program)
    try:
        nvim.ui_attach(WIDTH, HEIGHT, rgb=True, ext_linegrid=True)
        nvim.command("set number termguicolors noshowmode noruler noshowcmd laststatus=3 shortmess+=IF noswapfile")
        nvim.command("highlight ComplHint guifg=#8b93a1")  # Neovim's own is too faint for a picture this small
        nvim.options["statusline"] = STATUS_LINE
        settings = {"timeout_s": 30, "in_comments": False}
        options: dict[str, Any] = {"cmd": [str(BIN / "vernacular-lsp"), "--languages", languages], "server_url": url}
        options |= {"settings": settings, "filetypes": ["levy"], "extensions": {"levy": "levy"}}
        nvim.exec_lua("require('vernacular').setup(...)", options)
        nvim.command(f"cd {work} | edit {FILE}")
        nvim.command("setlocal indentexpr= noautoindent signcolumn=no formatoptions= scrolloff=5")
        ready = "return require('vernacular').status().state == 'ready'"
        wait_for(lambda: nvim.exec_lua(ready), "the server is not ready")
        nvim.exec_lua("vim.fn.search('\\\\V' .. vim.fn.escape(..., '\\\\'), 'cw')", BELOW)
        nvim.command("normal! zz")
        nvim.input("A")
        film = Film(nvim)
        film.look()
        _play(film)
        nvim.command("stopinsert")
        with contextlib.suppress(OSError, EOFError):
            nvim.command("qall!")
    finally:
        nvim.close()
    return film.frames


def _play(film: Film) -> None:
    film.run(LOOK_S)
    for part in SCENE:
        if part in KEYS:
            film.wait()
            film.run(LOOK_S)
            film.caption = KEYS[part]
            film.nvim.input(part)
            film.run(LOOK_S)
            film.caption = ""
            continue
        for key in part:
            film.nvim.input({"\n": "<CR>", " ": "<Space>"}.get(key, key))
            film.nvim.exec_lua("_G.typed_at = vim.uv.now()")
            film.run(KEY_S)
    film.run(END_S)


def as_svg(frames: list[Frame], title: str) -> str:
    """The frames as one picture that moves: each version of a row is on display for its time."""
    whole_s = frames[-1].at_s + END_S
    width = WIDTH * CELL_X + 2 * MARGIN
    height = HEIGHT * CELL_Y + BAR + MARGIN
    last = frames[-1].grid
    frame = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-label="A rule of Levy is typed in Neovim, with ghost text">'
    )
    parts = [
        frame,
        f'<rect width="{width:g}" height="{height:g}" rx="10" fill="{colour(last.background)}" stroke="#3b3f4a"/>',
        f'<g font-family="{FONT}" font-size="14" xml:space="preserve">',
        f'<text x="{width / 2:g}" y="23" text-anchor="middle" fill="#9aa0ac">{escape(title)}</text>',
    ]
    for number in range(HEIGHT):
        for drawn, spans in _versions([(frame.at_s, row_as_svg(frame.grid, number)) for frame in frames], whole_s):
            parts.append(_shown(drawn, spans, whole_s))
    for caption, spans in _versions([(frame.at_s, frame.caption) for frame in frames], whole_s):
        if caption:
            text = f'<text x="{width - MARGIN:g}" y="23" text-anchor="end" fill="#febc2e">{escape(caption)}</text>'
            parts.append(_shown(text, spans, whole_s))
    parts.append(_cursor(frames, whole_s))
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _versions(seen: list[tuple[float, str]], whole_s: float) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """Each different text with the spans of seconds in which it is there."""
    spans: dict[str, list[tuple[float, float]]] = {}
    ends = [at_s for at_s, _ in seen[1:]] + [whole_s]
    for (at_s, text), end_s in zip(seen, ends, strict=True):
        kept = spans.setdefault(text, [])
        if kept and kept[-1][1] == at_s:
            kept[-1] = (kept[-1][0], end_s)
        else:
            kept.append((at_s, end_s))
    yield from spans.items()


def _shown(drawn: str, spans: list[tuple[float, float]], whole_s: float) -> str:
    if not drawn or spans == [(0.0, whole_s)]:
        return drawn
    steps = [(0.0, "none")]
    for start_s, end_s in spans:
        steps += [(start_s, "inline"), (end_s, "none")]
    times = {round(at_s / whole_s, 4): value for at_s, value in steps if at_s < whole_s}
    return f'<g display="none">{drawn}{_animation("display", times, whole_s)}</g>'


def _cursor(frames: list[Frame], whole_s: float) -> str:
    moves = []
    for name, index, size, origin in (("x", 1, CELL_X, MARGIN), ("y", 0, CELL_Y, BAR)):
        times: dict[float, str] = {}
        for frame in frames:
            value = f"{origin + frame.grid.cursor[index] * size:g}"
            if not times or list(times.values())[-1] != value:
                times[round(frame.at_s / whole_s, 4)] = value
        moves.append(_animation(name, times, whole_s))
    return f'<rect width="2" height="{CELL_Y}" fill="{colour(frames[-1].grid.foreground)}">{"".join(moves)}</rect>'


def _animation(attribute: str, times: dict[float, str], whole_s: float) -> str:
    keys, values = ";".join(f"{at:g}" for at in times), ";".join(times.values())
    return (
        f'<animate attributeName="{attribute}" calcMode="discrete" dur="{whole_s:.2f}s" repeatCount="indefinite" '
        f'keyTimes="{keys}" values="{values}"/>'
    )


if __name__ == "__main__":
    main()
