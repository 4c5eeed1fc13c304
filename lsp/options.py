"""What the language server is given at its start: by the command line, and by the editor.

Imports nothing heavy: it is there before `initialize`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """The command line, parsed. The editor's settings go before it."""

    server_url: str | None = None
    language_folders: tuple[Path, ...] = ()


def of_section(values: object) -> object:
    """The settings that an editor sent: they themselves, or an object that holds them under `vernacular`."""
    return values.get("vernacular", values) if isinstance(values, Mapping) else values


def package_version() -> str:
    """The installed version, or `0` in a checkout that nobody installed."""
    try:
        return version("vernacular")
    except PackageNotFoundError:
        return "0"
