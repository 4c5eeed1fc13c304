"""The tree-sitter parser of a language, as a library that Neovim loads, and what its grammar is made of.

Of a folder with the grammar's sources (`src/parser.c`) it is compiled with the system's C compiler; of a wheel it is
taken as it is, if it exports the grammar. Most published wheels hide it (`TREE_SITTER_HIDE_SYMBOLS`): their sources are
needed then. Wherever there is no parser, one line says why; the syntax file gives the colours.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from completion.parsing import is_installed
from core.errors import ConfigError
from core.languages import Grammar, LanguageSpec
from editor_support import probe
from editor_support.highlights import Asked, highlights, samples

COMPILE_LIMIT_S = 600
PROBE_LIMIT_S = 30
_SYMBOL = re.compile(r"^\s*(?:extern |TS_PUBLIC |const )*TSLanguage \*tree_sitter_(\w+)\(", re.MULTILINE)


@dataclass(frozen=True)
class Parser:
    """A parser: its tree-sitter name, its library, its query for highlighting, and its tokens that may be words."""

    name: str
    library: bytes
    highlights: str
    tokens: tuple[str, ...]


@dataclass(frozen=True)
class NoParser:
    """Why there is none, as a line for people, or empty where nobody would expect one; and the grammar's tokens."""

    reason: str
    tokens: tuple[str, ...] = ()


def find_parser(spec: LanguageSpec, sources: Path | None) -> Parser | NoParser:
    """The parser of a language: of `sources` if they are given, else of its wheel.

    Raises `ConfigError` for `sources` that are none, or that do not compile.
    """
    if sources is not None:
        return _of_sources(spec, sources)
    if spec.grammar is None:
        return NoParser("")
    if not is_installed(spec.grammar.module):
        return NoParser(f"{spec.grammar.package} is not installed; pip install it, or name its sources with --grammar")
    return _of_wheel(spec, spec.grammar)


def _of_sources(spec: LanguageSpec, folder: Path) -> Parser | NoParser:
    parser = folder / "src" / "parser.c"
    try:
        text = parser.read_text(encoding="utf-8", errors="replace")
    except OSError:
        raise ConfigError(f"{folder}: has no src/parser.c; name the folder of a tree-sitter grammar") from None
    found = _SYMBOL.search(text)
    if found is None:
        raise ConfigError(f"{parser}: is no parser that tree-sitter wrote: it defines no tree_sitter_NAME()")
    if "_external_scanner_create" in text and _scanner(folder / "src") is None:
        raise ConfigError(
            f"{folder}: its parser needs src/scanner.c, which is not there; take the grammar's repository"
        )
    with tempfile.TemporaryDirectory() as temporary:
        library = Path(temporary) / "parser.so"
        _compile(folder / "src", library)
        return _described(spec, found[1], library, folder / "queries" / "highlights.scm")


def _compile(folder: Path, library: Path) -> None:
    """The library of `parser.c` and, where there is one, the scanner beside it."""
    scanner = _scanner(folder)
    compiler = os.environ.get("CXX", "c++") if scanner and scanner.suffix == ".cc" else os.environ.get("CC", "cc")
    files = [folder / "parser.c", *([scanner] if scanner else [])]
    command = [*compiler.split(), "-shared", "-fPIC", "-O2", f"-I{folder}", "-o", str(library), *map(str, files)]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMPILE_LIMIT_S)
    except OSError as error:
        raise ConfigError(
            f"{compiler}: {error.strerror}; a C compiler is needed for --grammar: install gcc or clang,"
            " or leave --grammar out"
        ) from None
    except subprocess.TimeoutExpired:
        raise ConfigError(f"{folder}: does not compile within {COMPILE_LIMIT_S} s; leave --grammar out") from None
    if answer.returncode:
        wrong = next((line for line in answer.stderr.splitlines() if "error" in line), answer.stderr.strip()[:200])
        raise ConfigError(f"{folder}: does not compile: {wrong}")


def _scanner(folder: Path) -> Path | None:
    return next((path for name in ("scanner.c", "scanner.cc") if (path := folder / name).exists()), None)


def _of_wheel(spec: LanguageSpec, grammar: Grammar) -> Parser | NoParser:
    found = find_spec(grammar.module)
    folders = [Path(folder) for folder in (found.submodule_search_locations if found else None) or ()]
    libraries = [path for folder in folders for ending in ("so", "pyd") for path in folder.glob(f"*.{ending}")]
    # `tree_sitter_ocaml` has `language_ocaml` and `language_ocaml_type`
    name = grammar.function.removeprefix("language").lstrip("_") or grammar.module.removeprefix("tree_sitter_")
    for library in libraries:
        if f"tree_sitter_{name}".encode() + b"\0" in library.read_bytes() and exports(library, f"tree_sitter_{name}"):
            return _described(spec, name, library, library.parent / "queries" / "highlights.scm")
    asked = _ask({"module": grammar.module, "function": grammar.function}, spec, ())
    reason = (
        f"the wheel {grammar.package} keeps its parser to itself; for tree-sitter in Neovim name the grammar's sources"
        f" with --grammar (pip download --no-deps --no-binary :all: {grammar.package} fetches them)"
    )
    return NoParser(reason if isinstance(asked, Asked) else asked, asked.tokens if isinstance(asked, Asked) else ())


def exports(library: Path, symbol: str) -> bool:
    """Whether a library exports `symbol`; asked in a process of its own, since it has to be loaded for that."""
    program = "import ctypes, sys; sys.exit(not hasattr(ctypes.CDLL(sys.argv[1]), sys.argv[2]))"
    command = [sys.executable, "-I", "-c", program, str(library), symbol]
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=PROBE_LIMIT_S).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _described(spec: LanguageSpec, name: str, library: Path, query: Path) -> Parser | NoParser:
    where = {"library": str(library), "symbol": f"tree_sitter_{name}"}
    asked = _ask(where, spec, ())
    if isinstance(asked, str):
        return NoParser(asked)

    def valid(queries: Sequence[str]) -> Sequence[bool]:
        answer = _ask(where, spec, queries)
        return answer.valid if isinstance(answer, Asked) else [False] * len(queries)

    own = query.read_text(encoding="utf-8", errors="replace") if query.is_file() else ""
    return Parser(name, library.read_bytes(), highlights(spec, asked, own, valid), asked.tokens)


def _ask(where: dict[str, str], spec: LanguageSpec, queries: Iterable[str]) -> Asked | str:
    """What the grammar says of itself, or one line that says why it does not."""
    if not is_installed("tree_sitter"):
        return "tree-sitter is not installed, so the grammar cannot be read; pip install tree-sitter"
    question: dict[str, Any] = where | {"samples": samples(spec), "queries": list(queries)}
    command = [sys.executable, "-I", probe.__file__]
    try:
        answer = subprocess.run(
            command, input=json.dumps(question), capture_output=True, text=True, check=False, timeout=PROBE_LIMIT_S
        )
    except subprocess.TimeoutExpired:
        return f"the grammar did not answer within {PROBE_LIMIT_S} s"
    if answer.returncode:
        why = (answer.stderr.strip().splitlines() or [f"it ended with status {answer.returncode}"])[-1]
        return f"the grammar cannot be loaded: {why}"
    said = json.loads(answer.stdout)
    return Asked(tuple(said["kinds"]), tuple(said["tokens"]), said["found"], tuple(said["valid"]))
