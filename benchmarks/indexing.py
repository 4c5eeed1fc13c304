"""The workspace's index: how long it holds up the event loop, what a question costs, how much memory it takes.

Three workspaces are made in a temporary folder. While the first (`--files`, each about 60 lines) is indexed by the real
thread, this process's main thread plays the event loop: every few milliseconds it types a key and asks for pieces, and
notes how late it wakes and how long the answer takes. Then the same key strokes are asked in a settled workspace of
2,000 files, in the middle of a 5,000-line document. The third has 100,000 files (`--huge`), most of them empty; what
counts is the resident memory of a process of its own that does nothing else.

    python -m benchmarks.indexing [--files 10000] [--keys 2000]
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import percentile, publish
from core.language_files import load_languages
from lsp.context import Budget, Origin
from lsp.documents import Document, Place
from lsp.workspace.workspace import Workspace

PAUSE_S = 0.003
LONGEST_S = 600.0
BUDGET = Budget()
_VERBS = ("load", "store", "check", "merge", "split", "render", "close", "open", "count", "find")


def main() -> None:
    """Measure, print, write `results/indexing.json`; with `--memory FOLDER` index that folder and print MB alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000, help="files that are indexed while keys are typed")
    parser.add_argument("--keys", type=int, default=2000, help="key strokes in the settled workspace")
    parser.add_argument("--huge", type=int, default=100_000, help="files of the workspace whose memory is measured")
    parser.add_argument("--memory", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory:
        print(_memory(arguments.memory))
        return
    with tempfile.TemporaryDirectory() as name:
        busy, settled, huge = (Path(name, kind) for kind in ("busy", "settled", "huge"))
        make_workspace(busy, arguments.files)
        idle_ms = _lateness()
        late_ms, asked_ms, took_s = _while_indexing(busy)
        make_workspace(settled, 2000)
        keys_ms, lines_ms = _settled(settled, arguments.keys)
        make_workspace(huge, arguments.huge // 5, empty=arguments.huge - arguments.huge // 5)
        command = [sys.executable, "-m", "benchmarks.indexing", "--memory", str(huge)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        memory_mb = float(done.stdout.split()[-1])
    figures = {
        "lateness of the loop with no index at all: the machine's own": idle_ms,
        f"lateness of the loop while {arguments.files:,} files are indexed": late_ms,
        "pieces for a key meanwhile": asked_ms,
        "pieces for a key, 2,000 files indexed": keys_ms,
        "of these, on a line that was just come to": lines_ms,
    }
    rows = [
        [label, *(f"{percentile(values, share):.2f}" for share in (0.5, 0.95, 1.0))]
        for label, values in figures.items()
    ]
    publish(
        "indexing",
        "The workspace's index, ms; a 5,000-line document",
        ["", "median", "p95", "max"],
        rows,
        {
            "late_ms": late_ms,
            "asked_ms": asked_ms,
            "keys_ms": keys_ms,
            "took_s": took_s,
            "memory_mb": memory_mb,
            "huge": arguments.huge,
        },
        [
            f"longest pause while indexing: {max(late_ms):.1f} ms (goal: 50); all indexed in {took_s:.0f} s.",
            f"pieces p95 with 2,000 files: {percentile(keys_ms, 0.95):.2f} ms (goal: 3).",
            f"peak resident memory with {arguments.huge:,} files in the workspace: {memory_mb:.0f} MB (goal: 150).",
        ],
    )


def make_workspace(folder: Path, files: int, empty: int = 0) -> None:
    """Python files that declare and use each other's functions; the same for the same numbers."""
    rng = random.Random(files)
    for number in range(files + empty):
        path = folder / f"part_{number % 97}" / f"module_{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_module(rng, number, files) if number < files else "", encoding="utf-8")


def _module(rng: random.Random, number: int, files: int) -> str:
    functions = []
    for verb in rng.sample(_VERBS, 6):
        other, called = rng.randrange(files), rng.choice(_VERBS)
        functions.append(
            f"def {verb}_{number}(source, limit={number % 9}):\n"
            f'    """{verb.title()} what stands in a source."""\n'
            f"    first = {called}_{other}(source, limit)\n"
            "    for item in first:\n"
            f"        if item.weight_{number % 50} > limit:\n"
            f"            source.{verb}(item)\n"
            "    return first\n\n\n"
        )
    return f"from part_{number % 7} import module_{rng.randrange(files)}\n\n\n" + "".join(functions)


def long_document(folder: Path, lines: int = 5000) -> Document:
    """A module of so many lines, not on the disk, in the manner of the others."""
    text = "".join(_module(random.Random(seed), seed, 2000) for seed in range(lines // 57 + 1))
    return Document.of((folder / "part_1" / "typed.py").as_uri(), "\n".join(text.split("\n")[:lines]) + "\n", "python")


def _typing(workspace: Workspace, document: Document, keys: int, gone: list[float], came: list[float]) -> Document:
    """Type a line anew in the middle of the document, key after key; note what each answer took, in milliseconds."""
    origin = Origin("python", "part_1/typed.py", "workspace")
    row = len(document.lines) // 2
    line = "    total = merge_17(check_23(source, limit), first)\n"
    for key in range(keys):
        column = key % len(line)
        place = Place(row + key // len(line), column)
        document = document.replaced(place, place, line[column])
        workspace.edited(document)
        after = Place(place.line, column + 1) if line[column] != "\n" else Place(place.line + 1, 0)
        began = time.perf_counter()
        workspace.pieces(document, after, origin, BUDGET)
        took_ms = (time.perf_counter() - began) * 1e3
        came.append(took_ms)
        if after.column == 0:
            gone.append(took_ms)
    return document


def _lateness(seconds: float = 5.0) -> list[float]:
    """How late a loop wakes that has nothing to do, in milliseconds."""
    late_ms: list[float] = []
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        slept = time.perf_counter()
        time.sleep(PAUSE_S)
        late_ms.append((time.perf_counter() - slept - PAUSE_S) * 1e3)
    return late_ms


def _while_indexing(folder: Path) -> tuple[list[float], list[float], float]:
    """How late the loop woke, what the answers took, both in milliseconds, and how long indexing took, in seconds."""
    workspace = Workspace([folder], load_languages([], {}))
    document = long_document(folder)
    workspace.opened(document)
    late_ms: list[float] = []
    asked_ms: list[float] = []
    began = time.perf_counter()
    workspace.start()
    while not workspace.status.finished and time.perf_counter() - began < LONGEST_S:
        slept = time.perf_counter()
        time.sleep(PAUSE_S)
        woke = time.perf_counter()
        document = _typing(workspace, document, 1, [], asked_ms)
        late_ms.append((woke - slept - PAUSE_S) * 1e3 + asked_ms[-1])
    took_s = time.perf_counter() - began
    workspace.close()
    return late_ms, asked_ms, took_s


def _settled(folder: Path, keys: int) -> tuple[list[float], list[float]]:
    """What the answers took for every key, and for those that began a line, in milliseconds."""
    workspace = Workspace([folder], load_languages([], {}))
    document = long_document(folder)
    workspace.opened(document)
    workspace.start()
    lines_ms: list[float] = []
    keys_ms: list[float] = []
    workspace.wait(LONGEST_S)
    document = _typing(workspace, document, 60, [], [])  # attention turns to the document
    workspace.wait(LONGEST_S)
    _typing(workspace, document, keys, lines_ms, keys_ms)
    workspace.close()
    return keys_ms, lines_ms


def _memory(folder: Path) -> float:
    """Megabytes that are resident once a workspace is indexed, in a process that serves it as the editor's would."""
    import lsp.workbench  # noqa: F401  what the language server has in memory besides

    workspace = Workspace([folder], load_languages([], {}))
    document = long_document(folder)
    workspace.opened(document)
    workspace.start()
    while not workspace.status.finished:
        time.sleep(0.05)
    _typing(workspace, document, 100, [], [])
    time.sleep(1.0)
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    workspace.close()
    return int(status.split("VmHWM:")[1].split()[0]) / 1000


if __name__ == "__main__":
    main()
