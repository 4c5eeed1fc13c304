"""Parsing within a time limit, where a language has a tree-sitter grammar and its wheel is installed.

py-tree-sitter 0.26 holds the interpreter's lock while it parses, and its progress callback is not asked inside a
grammar's own scanner, where a known grammar hangs for ever on five bytes. So grammars run in a process of
their own (`parse_worker.py`), which is killed at the limit and started again for the next question.

Guarantees: `parse` returns within its limit plus the few milliseconds of a kill; it never raises for anything that a
grammar does; a grammar that failed `GIVE_UP_AFTER` times in a row is not asked again. Starting the process (about
0.1 s, once) does not count against the limit. Not on the path of a key stroke: call it from a thread beside it.
"""

from __future__ import annotations

import atexit
import json
import queue
import subprocess
import sys
import threading
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from completion import parse_worker
from core.languages import Grammar, LanguageSpec

GIVE_UP_AFTER = 3
MAX_BYTES = 4 * 1024 * 1024
START_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class SyntaxNode:
    """A named node, an error, or a token that the parser had to invent. Rows count from 0, ends are exclusive."""

    type: str
    start_byte: int
    end_byte: int
    start_row: int
    end_row: int
    depth: int
    is_error: bool
    is_missing: bool


@dataclass(frozen=True, slots=True)
class SyntaxTree:
    """A tree, flat: its nodes in pre-order. Offsets are UTF-8 bytes of the text that was parsed."""

    types: tuple[str, ...]
    columns: tuple[array[int], ...]

    def __len__(self) -> int:
        return len(self.columns[0])

    def __iter__(self) -> Iterator[SyntaxNode]:
        for kind, start, end, first, last, depth, flags in zip(*self.columns, strict=True):
            error, missing = bool(flags & parse_worker.ERROR), bool(flags & parse_worker.MISSING)
            yield SyntaxNode(self.types[kind], start, end, first, last, depth, error, missing)

    @property
    def has_errors(self) -> bool:
        """Whether the parser met something that it could not make sense of."""
        return any(self.columns[-1])


@dataclass(frozen=True, slots=True)
class Unparsed:
    """No tree, and one line that says why, for a log or a person."""

    reason: str


class Parsing:
    """Parses one text at a time, in a process that it starts when it is first needed. Threads may share it.

    `import_folders` are looked at for grammars after those of the installation; tests put stubs there.
    """

    def __init__(self, import_folders: Sequence[Path] = ()) -> None:
        self._folders = [str(folder) for folder in import_folders]
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._failures: dict[Grammar, tuple[int, str]] = {}
        atexit.register(self.close)

    def parse(self, spec: LanguageSpec, text: str, limit_s: float = 1.0) -> SyntaxTree | Unparsed:
        """The tree of `text`, or why there is none: no grammar, not installed, too slow, crashed, too large."""
        if spec.grammar is None:
            return Unparsed(f"{spec.name} has no grammar")
        count, reason = self._failures.get(spec.grammar, (0, ""))
        if count >= GIVE_UP_AFTER:
            return Unparsed(f"{spec.grammar.package} is not asked any more: {count} times in a row it {reason}")
        if missing := self._missing(spec.grammar):
            return Unparsed(f"{missing} is not installed; pip install {missing}")
        try:
            source = text.encode()
        except UnicodeEncodeError:
            return Unparsed("the text holds half a surrogate pair")
        if len(source) > MAX_BYTES:
            return Unparsed(f"the text has {len(source)} bytes, more than {MAX_BYTES}")
        with self._lock:
            answer = self._ask(spec.grammar, source, limit_s)
        if isinstance(answer, SyntaxTree):
            self._failures.pop(spec.grammar, None)
            return answer
        self._failures[spec.grammar] = (count + 1, answer)
        return Unparsed(f"{spec.grammar.package} {answer}")

    def close(self) -> None:
        """Kill the process, if there is one. The next `parse` starts another."""
        with self._lock:
            self._kill()

    def _missing(self, grammar: Grammar) -> str:
        if find_spec("tree_sitter") is None:
            return "tree-sitter"
        stubs = any((Path(folder) / f"{grammar.module}.py").exists() for folder in self._folders)
        return "" if stubs or is_installed(grammar.module) else grammar.package

    def _ask(self, grammar: Grammar, source: bytes, limit_s: float) -> SyntaxTree | str:
        """The tree, or what the grammar did wrong, as the end of a sentence."""
        if self._worker is None:
            self._worker = _Worker(self._folders)
            if isinstance(self._worker.receive(START_LIMIT_S), str):
                self._kill()
                return "could not be started"
        question = {"module": grammar.module, "function": grammar.function, "limit_s": limit_s}
        self._worker.send(json.dumps(question).encode(), source)
        frames = self._worker.receive(limit_s)
        if isinstance(frames, str):
            self._kill()
            return frames
        header = json.loads(frames[0])
        if "error" in header:
            return f"failed: {header['error']}"
        return SyntaxTree(tuple(header["types"]), _columns(frames[1]))

    def _kill(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker = None


class _Worker:
    """The process and a thread that talks to it, so that the caller can wait with a limit on every system."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", parse_worker.__file__, *folders],  # -I: nothing of the work space is importable
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._questions: queue.SimpleQueue[tuple[bytes, ...] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[bytes, bytes] | None] = queue.SimpleQueue()
        threading.Thread(target=self._talk, name="parse worker", daemon=True).start()

    def send(self, *frames: bytes) -> None:
        self._questions.put(frames)

    def receive(self, limit_s: float) -> tuple[bytes, bytes] | str:
        """Header and body, or what went wrong: none came in time, or the process has died."""
        try:
            return self._answers.get(timeout=limit_s) or "crashed"
        except queue.Empty:
            return f"took longer than {limit_s:g} s"

    def kill(self) -> None:
        self._process.kill()
        self._questions.put(None)
        self._process.wait()

    def _talk(self) -> None:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            return
        with stdin, stdout:
            while True:
                header = parse_worker.read_frame(stdout)
                body = parse_worker.read_frame(stdout)
                ended = header is None or body is None
                self._answers.put((header, body) if header is not None and body is not None else None)
                del header, body  # megabytes, which would stay until the next question
                question = self._questions.get()
                if question is None or ended:
                    return
                try:
                    parse_worker.write_frames(stdin, *question)
                except OSError:
                    self._answers.put(None)
                    return
                del question


def is_installed(module: str) -> bool:
    """Whether `module` could be imported, by what lies there alone: it is not run."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # the package around it is not there, or this is no module's name
        return False


def _columns(body: bytes) -> tuple[array[int], ...]:
    """The arrays, with no second copy of them all on the way."""
    size = len(body) // parse_worker.FIELDS
    columns = tuple(array("i") for _ in range(parse_worker.FIELDS))
    for number, column in enumerate(columns):
        column.frombytes(memoryview(body)[number * size : (number + 1) * size])
    return columns
