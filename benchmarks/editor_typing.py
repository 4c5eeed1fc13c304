"""Keys echoed in a 20,000-line file of the real VS Code with the extension, and beside it without, in one run.

code-server in headless Chromium, two of them: one with the packed extension, and one with no extension of anybody's.
Both have the same work space of 2,000 files open. With the extension lines are typed in two ways: a scripted
completion server proposes at nearly every key what is never typed next, or is asked as often and proposes nothing;
what lies between the two is what VS Code takes to draw ghost text. Typing goes to and fro between all three, so that
what else happens on this machine meets each. A key's time is taken in the page: from its `keydown` to the end of the
frame that shows the letter.

Beside that: what VS Code says the extension's activation took in its extension host ("Show Running Extensions"), in
windows opened one after the other; and the language server's resident memory once the work space is indexed and the
keys are typed.

    python -m benchmarks.editor_typing [--lines 20000] [--files 2000] [--keys 600] [--windows 5]
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.indexing import long_document, make_workspace
from benchmarks.report import percentile, publish, script
from core.wire import CompletionRequest
from tests.evaluation.report.browser import chromium
from tests.lsp.fake_server import FakeServer, Reply, running, wait_until
from tests.vscode.code_server import VSIX, CodeServer, code_server, install
from tests.vscode.driver import Editor, profile, window

AIM_P95_MS, AIM_ACTIVATION_MS, AIM_MEMORY_MB = 50.0, 100.0, 100.0
INDEXED_WITHIN_S = 180.0
GAP_S = 0.09
"""Between two keys: a fast typist's."""
TURN = 50
"""Keys typed in one way before it is the next one's turn."""
WAYS = {
    "with": "with the extension, ghost text at each key",
    "silent": "with the extension, nothing proposed",
    "without": "without any",
}
LINE = "total = merge_17(check_23(source), first)"

WATCH_KEYS = """
window.echoes = [];
let struck = 0;
window.addEventListener('keydown', event => {
  struck = event.key.length === 1 && !event.ctrlKey ? event.timeStamp : 0;
}, true);
const after = new MessageChannel();
const waiting = [];
after.port1.onmessage = () => { window.echoes.push(performance.now() - waiting.shift()); };
new MutationObserver(changes => {
  const element = node => node.nodeType === 1 ? node : node.parentElement;
  if (!struck || !changes.some(change => element(change.target)?.closest('.view-lines'))) return;
  waiting.push(struck);
  struck = 0;
  requestAnimationFrame(() => after.port2.postMessage(0));
}).observe(document.querySelector('.editor-instance .monaco-editor'),
  { childList: true, subtree: true, characterData: true });
"""


def main() -> None:
    """Measure, print, write `results/editor_typing.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=20_000, help="lines of the file")
    parser.add_argument("--files", type=int, default=2000, help="other files of the work space")
    parser.add_argument("--keys", type=int, default=600, help="keys typed in each of the three ways")
    parser.add_argument("--windows", type=int, default=5, help="windows whose activation is measured")
    arguments = parser.parse_args()
    if not VSIX.is_file():
        raise SystemExit(f"error: there is no {VSIX}; run `make vsix`")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        home = Path(name)
        work = home / "work"
        make_workspace(work, arguments.files)
        file = work / "part_1" / "typed.py"
        file.write_text("".join(long_document(work, arguments.lines).lines))
        browser = stack.enter_context(chromium())
        fake = stack.enter_context(running(FakeServer(reply=propose)))
        install(home / "with", VSIX)
        with_it = stack.enter_context(code_server(home / "home-with", home / "with"))
        without = stack.enter_context(code_server(home / "home-without", home / "without"))
        with_it.settings(serverUrl=fake.url, languageServer__path=script("vernacular-lsp"), proposers="model")
        activation_ms = [activation(browser, with_it, work) for _ in range(arguments.windows)]
        codes = {"with": with_it, "without": without}
        echo_ms, asked, memory_mb = typed(browser, codes, fake, file, work, arguments.keys)
    if min(asked["with"], asked["silent"]) < arguments.keys / 4:
        raise SystemExit(f"error: only {asked} requests for {arguments.keys} keys; that is no measurement")
    rows = [
        [label, *(f"{percentile(echo_ms[way], share):.1f}" for share in (0.5, 0.95, 1.0))]
        for way, label in WAYS.items()
    ]
    p95_ms = percentile(echo_ms["with"], 0.95)
    publish(
        "editor_typing",
        f"From a key to its frame in VS Code, ms; {arguments.lines:,} lines, {arguments.files:,} files",
        ["", "median", "p95", "max"],
        rows,
        {"echo_ms": echo_ms, "activation_ms": activation_ms, "memory_mb": memory_mb, "requests": asked},
        [
            f"with ghost text p95 {p95_ms:.1f} ms (goal: {AIM_P95_MS:.0f}).",
            f"{asked['with']} requests with it, {asked['silent']} without, for {arguments.keys} keys each.",
            f"activation: median {percentile(activation_ms, 0.5):.0f} ms (goal: {AIM_ACTIVATION_MS:.0f}).",
            f"language server's memory, {arguments.files:,} files: {memory_mb:.0f} MB (goal: {AIM_MEMORY_MB:.0f}).",
        ],
    )


def propose(request: CompletionRequest) -> Reply:
    """What is never typed next, so that nearly every key asks anew."""
    return Reply(f"zq_{len(request.prefix) % 7} zq_2")


def activation(browser: Browser, code: CodeServer, work: Path) -> float:
    """Milliseconds of the extension host's time, as VS Code tells it, in a new window."""
    with profile(browser) as person, window(person, code, work) as editor:
        editor.wait_for(lambda: editor.status.startswith("Vernacular"), 60)
        editor.command("Developer: Show Running Extensions")
        row = editor.page.locator(".runtime-extensions-editor .monaco-list-row", has_text="Vernacular")
        row.first.wait_for()
        found = re.search(r"Activation: (\d+)\s*ms", row.first.inner_text())
        if found is None:
            raise SystemExit(f"error: VS Code does not say what the activation took: {row.first.inner_text()!r}")
        return float(found[1])


def typed(
    browser: Browser, codes: dict[str, CodeServer], fake: FakeServer, file: Path, work: Path, keys: int
) -> tuple[dict[str, list[float]], dict[str, int], float]:
    """Milliseconds from key to frame and requests, both by way, and the language server's megabytes at the end."""
    echo_ms: dict[str, list[float]] = {way: [] for way in WAYS}
    asked = dict.fromkeys(WAYS, 0)
    with ExitStack() as stack:
        editors = {
            name: stack.enter_context(opened(browser, code, file, work, ready=name == "with"))
            for name, code in codes.items()
        }
        wait_until(lambda: "indexed" in codes["with"].log, INDEXED_WITHIN_S)
        for turn in range(keys // TURN):
            for way in WAYS if turn % 2 else reversed(WAYS):
                editor = editors["without" if way == "without" else "with"]
                fake.reply = Reply("") if way == "silent" else propose
                editor.page.bring_to_front()
                editor.focus()
                editor.go_to_line(10_000 + 100 * list(WAYS).index(way) + turn)
                editor.page.evaluate("window.echoes.length = 0")
                before = len(fake.requests)
                type_line(editor)
                asked[way] += len(fake.requests) - before
                echo_ms[way] += editor.page.evaluate("window.echoes")
        (process,) = codes["with"].processes(script("vernacular-lsp"))
        return echo_ms, asked, process.memory_info().rss / 1e6


@contextmanager
def opened(browser: Browser, code: CodeServer, file: Path, work: Path, *, ready: bool) -> Iterator[Editor]:
    """A window with the long file on display, whose keys are timed."""
    with profile(browser) as person, window(person, code, work) as editor:
        if ready:
            editor.wait_for(lambda: editor.status == "Vernacular", 60)
        editor.open(file)
        editor.page.evaluate(WATCH_KEYS)
        yield editor


def type_line(editor: Editor) -> None:
    """Type `TURN` keys at a steady pace."""
    for letter in (LINE * 2)[:TURN]:
        began_s = time.monotonic()
        editor.page.keyboard.press(letter)
        time.sleep(max(GAP_S - (time.monotonic() - began_s), 0))


if __name__ == "__main__":
    if not Path("pyproject.toml").is_file():
        raise SystemExit("error: run this from the repository's root folder")
    main()
