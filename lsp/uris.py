"""Documents' URIs: which file each names, if any, and what it is called. Pure; nothing here raises.

Editors open more than files: what was never saved (`untitled:`), another machine's (`vscode-remote:`), an old version
(`git:`), cells of notebooks (`vscode-notebook-cell:`). They write the same file in several ways: VS Code encodes a
drive's colon, other editors do not.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pygls.uris import to_fs_path

CELL = "vscode-notebook-cell"


@lru_cache(maxsize=1024)
def path_of(uri: str) -> Path | None:
    """The file that a URI names, of a cell its notebook's; `None` where it names none of this machine."""
    scheme, separator, rest = uri.partition(":")
    if not separator or scheme.lower() not in ("file", CELL):
        return None
    try:
        name = to_fs_path(f"file:{rest.partition('#')[0]}")
    except ValueError:  # such as brackets that no host can have
        return None
    return Path(name) if name else None


@lru_cache(maxsize=1024)
def name_of(uri: str) -> str:
    """What a document is called, with the ending that tells its language: the path of any URI, decoded."""
    if path := path_of(uri):
        return str(path)
    try:
        return unquote(urlsplit(uri).path) or uri
    except ValueError:
        return uri


@lru_cache(maxsize=1024)
def key_of(uri: str) -> str:
    """The same for all ways of writing a file's URI; of everything else the URI itself."""
    path = None if is_cell(uri) else path_of(uri)
    return path.as_uri() if path and path.is_absolute() and "\0" not in str(path) else uri


def is_cell(uri: str) -> bool:
    """Whether it is a cell of a notebook."""
    return uri.startswith(f"{CELL}:")


def notebook_of(uri: str) -> str:
    """What the cells of one notebook have in common."""
    return uri.partition("#")[0]
