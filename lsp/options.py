"""What the command line gives the language server. Imports nothing heavy: it is there before `initialize`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """The command line, parsed. The editor's settings go before it."""

    server_url: str | None = None
    language_folders: tuple[Path, ...] = ()


def package_version() -> str:
    """The installed version, or `0` in a checkout that nobody installed."""
    try:
        return version("vernacular")
    except PackageNotFoundError:
        return "0"
