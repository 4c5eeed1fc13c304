"""Files that lie as JSON Lines, such as the documents of a corpus that was built before: a line is a file.

`path` and `text` of each are read, and `package`, if there is one, as the folder above the path.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.checkpoint import file_sha256
from training.corpora.reading import Entry, visible
from training.corpora.settings import CorpusError


class Documents:
    """A file of JSON Lines; one line is in memory at a time."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise CorpusError(f"{path}: no such file of documents; check the path in `sources`")
        self._path = path

    def fingerprint(self) -> str:
        """Of all bytes."""
        return hashlib.sha256(file_sha256(self._path).encode()).hexdigest()

    def entries(self) -> Iterator[Entry]:
        """See `OpenSource`. Raises `CorpusError` naming the line for what is no document."""
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    path, content = self._document(line, number)
                    if visible(path):
                        yield Entry(path, len(content), lambda content=content: content)  # type: ignore[misc]

    def _document(self, line: bytes, number: int) -> tuple[str, bytes]:
        try:
            fields: Any = json.loads(line)
        except ValueError:
            fields = None
        match fields:
            case {"path": str() as path, "text": str() as text} if path:
                package = fields.get("package")
                place = f"{package}/{path}" if package else path
                return place.encode("utf-8", "replace").decode(), text.encode("utf-8", "replace")
            case _:
                raise CorpusError(
                    f'{self._path}, line {number}: is no document; a line is {{"path": "a/b.py", "text": "..."}}'
                )
