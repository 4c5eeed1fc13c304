"""A file of JSON lines that only grows: what was answered, under a key of all that decides the answer.

Guarantees: after a kill at any point the lines that are there are whole, but for a last one that is cut off when the
journal is opened again; of a key that is there twice the first counts.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import JsonValue

from training.synthesis.settings import SynthesisError


class Journal:
    """An open journal. Raises `SynthesisError` where it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[str, JsonValue] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as problem:
            raise self._error(problem) from None
        try:
            self._read(path.read_bytes())
        except BaseException as problem:
            os.close(self._file)
            raise (self._error(problem) if isinstance(problem, OSError) else problem) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def get(self, key: str) -> JsonValue:
        """What stands under the key; None: nothing yet."""
        return self._found.get(key)

    def add(self, key: str, value: JsonValue) -> None:
        """Append a line."""
        line = json.dumps({"key": key, "value": value}, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        end = os.fstat(self._file).st_size
        try:
            done = 0
            while done < len(line):
                done += os.write(self._file, line[done:])
        except OSError as problem:
            os.ftruncate(self._file, end)
            raise self._error(problem) from None
        self._found[key] = value

    def _read(self, content: bytes) -> None:
        whole = content.rfind(b"\n") + 1
        os.ftruncate(self._file, whole)
        for number, line in enumerate(content[:whole].splitlines(), 1):
            try:
                entry = json.loads(line)
                self._found.setdefault(entry["key"], entry["value"])
            except (ValueError, LookupError, TypeError):
                raise SynthesisError(f"{self._path}:{number}: is damaged; remove this line, or the file") from None

    def _error(self, problem: OSError) -> SynthesisError:
        reason = (problem.strerror or str(problem)).lower()
        return SynthesisError(f"{self._path}: {reason}; what is in it is kept, and the same command goes on")


def key_of(*parts: JsonValue) -> str:
    """A key: 32 letters, equal for equal parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
