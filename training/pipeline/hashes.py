"""SHA-256 of files and folders; those of large files are kept beside the run, by size and time of change."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from core.checkpoint import file_sha256, model_files
from core.errors import ConfigError
from core.files import write_atomically

_LARGE_BYTES = 1 << 20


class Hashes:
    """`kept`: a file that remembers them; `reads_only`: it is left as it is."""

    def __init__(self, kept: Path | None = None, *, reads_only: bool = False) -> None:
        self._kept = None if reads_only else kept
        try:
            self._known: dict[str, str] = dict(json.loads(kept.read_bytes())) if kept else {}
        except (OSError, ValueError, TypeError):
            self._known = {}

    def file(self, path: Path) -> str:
        """Of one file. Raises `ConfigError`, one line."""
        try:
            state = path.stat()
            if state.st_size < _LARGE_BYTES:
                return file_sha256(path)
            mark = f"{path.resolve()}:{state.st_size}:{state.st_mtime_ns}"
            if mark not in self._known:
                self._known[mark] = file_sha256(path)
                if self._kept is not None:
                    write_atomically(self._kept, json.dumps(self._known, indent=1) + "\n")
            return self._known[mark]
        except OSError as problem:
            raise ConfigError(f"{path}: cannot be read ({(problem.strerror or 'error').lower()})") from None

    def model(self, folder: Path) -> str:
        """Of what decides a model's answers."""
        return self._all({path.name: self.file(path) for path in model_files(folder)})

    def content(self, path: Path) -> str:
        """Of a file, or of all files in a folder."""
        if path.is_file():
            return self.file(path)
        files = sorted(inner for inner in path.rglob("*") if inner.is_file())
        return self._all({inner.relative_to(path).as_posix(): self.file(inner) for inner in files})

    def _all(self, hashes: dict[str, str]) -> str:
        return hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()
