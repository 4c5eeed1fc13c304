"""Names, and which files declare them.

A file's declarations are kept packed, as bytes: a hundred thousand objects would cost the language server tens of
megabytes and its garbage collector a pause. Languages do not see each other's names.

One thread writes. Others may ask meanwhile without a lock, so that a key stroke never waits for the index: each
question is one look into a dictionary, a file's entry never changes, and a number whose file is gone has neither path
nor declarations. `paths` and `all_paths` are for the writing thread.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from completion.declarations import Declaration
from lsp.workspace.limits import Limits

COMMON = 64
"""A name that so many files declare tells nothing; further files are not noted under it."""

_FIELD, _RECORD = "\x1f", "\x1e"
_DROPPED = str.maketrans("", "", _FIELD + _RECORD)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its path in the workspace, with forward slashes, its language, and what it declares."""

    path: str
    language: str
    packed: bytes
    count: int


class Table:
    """Declarations of many files, by name, within limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._entries: dict[int, Entry] = {}
        self._numbers: dict[str, int] = {}
        self._names: dict[str, dict[str, tuple[int, ...]]] = {}
        self._stems: dict[str, dict[str, tuple[int, ...]]] = {}
        self._next = 0
        self.declarations = 0
        self.kept_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, path: str, language: str, found: tuple[Declaration, ...]) -> bool:
        """Keep what a file declares, in place of what it declared before. False: there is no room for it."""
        packed = _packed(found)
        known = self._entries.get(self._numbers.get(path, -1))
        if known and known.packed == packed and known.language == language:
            return True
        self.remove(path)
        limits = self._limits
        if (
            len(self._entries) >= limits.files
            or self.declarations + len(found) > limits.declarations
            or self.kept_bytes + len(packed) > limits.kept_bytes
        ):
            return False
        number, self._next = self._next, self._next + 1
        self._entries[number] = Entry(path, language, packed, len(found))
        self._numbers[path] = number
        names = self._names.setdefault(language, {})
        for name in {declaration.name for declaration in found}:
            _with(names, sys.intern(name), number)
        _with(self._stems.setdefault(language, {}), stem_of(path), number)
        self.declarations += len(found)
        self.kept_bytes += len(packed)
        return True

    def remove(self, path: str) -> None:
        """Forget a file; nothing where it is not known."""
        number = self._numbers.pop(path, None)
        if number is None:
            return
        entry = self._entries.pop(number)
        names = self._names[entry.language]
        for name in {declaration.name for declaration in _unpacked(entry.packed)}:
            _without(names, name, number)
        _without(self._stems[entry.language], stem_of(path), number)
        self.declarations -= entry.count
        self.kept_bytes -= len(entry.packed)

    def has(self, path: str) -> bool:
        """Whether a file is known."""
        return path in self._numbers

    def declaring(self, language: str, name: str) -> tuple[int, ...]:
        """The numbers of the files that declare `name`, at most `COMMON`."""
        return self._names.get(language, {}).get(name, ())

    def with_stem(self, language: str, stem: str) -> tuple[int, ...]:
        """The numbers of the files that are called `stem`, without folder and ending, in lower case."""
        return self._stems.get(language, {}).get(stem, ())

    def path(self, number: int) -> str:
        """The path of a file; empty if it is gone."""
        entry = self._entries.get(number)
        return entry.path if entry else ""

    def number(self, path: str) -> int:
        """The number of a file, another one each time that it declares something else; -1 where it is not known."""
        return self._numbers.get(path, -1)

    def declarations_of(self, number: int, names: Collection[str] | None = None) -> Iterator[Declaration]:
        """What a file declares under `names`, or at all, in its order; nothing if it is gone."""
        entry = self._entries.get(number)
        return _unpacked(entry.packed, names) if entry else iter(())

    def paths(self, language: str) -> list[str]:
        """The paths of a language's files."""
        return [entry.path for entry in self._entries.values() if entry.language == language]

    def all_paths(self) -> set[str]:
        """The paths of all files."""
        return set(self._numbers)


def stem_of(path: str) -> str:
    """What a file is called for whoever imports it: no folder, no ending, lower case."""
    name = PurePosixPath(path).name.lower()
    return name.partition(".")[0] or name


def _with(table: dict[str, tuple[int, ...]], key: str, number: int) -> None:
    there = table.get(key, ())
    if len(there) < COMMON:
        table[key] = (*there, number)


def _without(table: dict[str, tuple[int, ...]], key: str, number: int) -> None:
    left = tuple(other for other in table.get(key, ()) if other != number)
    if left:
        table[key] = left
    else:
        table.pop(key, None)


def _packed(found: tuple[Declaration, ...]) -> bytes:
    records = (_FIELD.join((d.name, d.kind, str(d.line), d.text.translate(_DROPPED))) for d in found)
    return _RECORD.join(records).encode(errors="replace")


def _unpacked(packed: bytes, names: Collection[str] | None = None) -> Iterator[Declaration]:
    if not packed:
        return
    for record in packed.decode().split(_RECORD):
        name, _, rest = record.partition(_FIELD)
        if names is None or name in names:
            kind, line, text = rest.split(_FIELD)
            yield Declaration(name, kind, int(line), text)
