"""How long a key takes to the screen in a 20,000-line file: Neovim with the plugin beside Neovim without it.

Two real Neovims in one run, in turns; the plugin with the real language server. In place of a completion server, a
socket in this process that proposes the rest of the line after 20 ms; after a pause in typing, which Neovim waits for,
it is on display and typed through, until one key goes another way and takes it off. A key is timed from when it leaves
here to the end of the redraw in which Neovim's cursor stands behind it, over Neovim's own UI protocol
(`:help ui-linegrid`).

    python -m benchmarks.neovim_typing [--lines 20000] [--keys 600] [--rounds 6]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.indexing import long_document
from benchmarks.key_stroke import SlowServer
from benchmarks.report import percentile, publish
from core.wire import CompletionRequest
from tests.neovim.driver import Neovim, neovim, neovim_command

AIM_P95_MS = 50.0
GAP_S, PAUSE_S, PAUSE_EVERY = 0.06, 0.5, 15
"""Between two keys: a fast typist's, and the pause after so many."""
LINE, OTHER = "    total = merge_17(check_23(source), first)", "~"
"""What is typed, and proposed; the key that goes another way."""
COLUMNS, ROWS = 120, 40
WITH, WITHOUT = "with the plugin", "without it"
READY_S = 60.0


@dataclass
class Screen:
    """A Neovim with a screen: where its cursor is, and when that was drawn."""

    editor: Neovim
    cursor: tuple[int, int] = (0, 0)
    took_ms: list[float] = field(default_factory=list)

    def press(self, key: str) -> float:
        """Press a key that moves the cursor; the milliseconds until the screen shows it."""
        session, before = self.editor.session, self.cursor
        began_s = time.perf_counter()
        session.input(key)
        while True:
            kind, name, batches = session.next_message()
            if kind != "notification" or name != "redraw":
                continue
            moved = self._drawn(batches)
            if moved and self.cursor != before:
                return (time.perf_counter() - began_s) * 1e3

    def _drawn(self, batches: list[Any]) -> bool:
        """Take a redraw; whether it ended with what is to be seen."""
        done = False
        for event, *calls in batches:
            if event == "grid_cursor_goto":
                self.cursor = (calls[-1][1], calls[-1][2])
            done = done or event == "flush"
        return done


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=20_000, help="of the file")
    parser.add_argument("--keys", type=int, default=600, help="in each Neovim, all rounds together")
    parser.add_argument("--rounds", type=int, default=6, help="turns that each Neovim gets")
    arguments = parser.parse_args()
    measured, shown = _measure(arguments.lines, arguments.keys, arguments.rounds)
    rows = [
        [name, *(f"{value:.1f}" for value in (percentile(times, 0.5), percentile(times, 0.95), max(times)))]
        for name, times in measured.items()
    ]
    p95 = {name: percentile(times, 0.95) for name, times in measured.items()}
    verdict = (
        f"With the plugin a key is on the screen after {p95[WITH]:.1f} ms (p95; goal: {AIM_P95_MS:g}), "
        f"{p95[WITH] - p95[WITHOUT]:+.1f} ms beside Neovim without it; "
        f"ghost text stood there after {shown:.0%} of the keys."
    )
    title = f"From a key to the screen in Neovim, ms; a file of {arguments.lines} lines, {arguments.keys} keys each"
    publish("neovim_typing", title, ["", "p50", "p95", "max"], rows, {"took_ms": measured}, [verdict])


def _measure(lines: int, keys: int, rounds: int) -> tuple[dict[str, list[float]], float]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(_serving())
        (folder / ".git").mkdir()
        text = "".join(long_document(folder, lines).lines)
        screens = {}
        for name in (WITHOUT, WITH):
            place = folder / name.replace(" ", "_")
            editor = stack.enter_context(neovim(neovim_command(), place))
            screens[name] = _opened(editor, place.with_suffix(".py"), text, url if name == WITH else None)
        seen: list[bool] = []
        for _ in range(rounds):
            for name, screen in screens.items():
                for number, key in enumerate(_keys(keys // rounds)):
                    time.sleep(GAP_S if number % PAUSE_EVERY else PAUSE_S)
                    screen.took_ms.append(screen.press(key))
                    if name == WITH:
                        seen.append(bool(screen.editor.ghost))
        for screen in screens.values():
            screen.editor.type("<Esc>")
        return {name: screens[name].took_ms for name in (WITH, WITHOUT)}, sum(seen) / len(seen)


def _opened(editor: Neovim, file: Path, text: str, url: str | None) -> Screen:
    """Neovim in insert mode in the middle of the file; with a URL, ghost text has been there once."""
    file.write_text(text)
    if url:
        editor.setup(server_url=url, settings={"telemetry": "off", "proposers": "model"})
        editor.edit(file)
    else:
        editor.session.command(f"edit {file}")
    editor.session.command("setlocal indentexpr= noautoindent | normal! 50%zz")
    editor.session.ui_attach(COLUMNS, ROWS, rgb=True, ext_linegrid=True)
    editor.type("o" + LINE[:12])
    if url:
        editor.wait_for(lambda: editor.ghost, READY_S)
    screen = Screen(editor)
    screen.cursor = (-1, -1)
    screen.press(LINE[12])
    return screen


def _keys(count: int) -> Iterator[str]:
    """Lines one after the other, key by key."""
    text = "\n" + LINE[:36] + OTHER
    for number in range(count):
        key = text[number % len(text)]
        yield {"\n": "<CR>", " ": "<Space>"}.get(key, key)


def _rest_of_line(request: CompletionRequest) -> str:
    typed = request.prefix.rpartition("\n")[2]
    return LINE[len(typed) :] if typed and LINE.startswith(typed) else ""


@contextmanager
def _serving() -> Iterator[str]:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    starting = asyncio.start_server(SlowServer(propose=_rest_of_line).serve, "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(starting, loop).result()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)


async def _end(server: asyncio.Server) -> None:
    server.close()
    connections = asyncio.all_tasks() - {asyncio.current_task()}
    for task in connections:
        task.cancel()
    await asyncio.gather(*connections, return_exceptions=True)


if __name__ == "__main__":
    main()
