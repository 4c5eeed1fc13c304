"""The database that a config names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from core.errors import ConfigError
from core.yaml import read_text
from server.config.schema import DatabaseSection
from server.storage.database import Database


def database_url(section: DatabaseSection) -> str | None:
    """The URL that the config names; None where it names none. Raises `ConfigError` for a file without one."""
    if section.url_file is None:
        return section.url.get_secret_value() if section.url else None
    url = read_text(section.url_file).strip()
    if not url:
        raise ConfigError(f"{section.url_file}: the file is empty; it must hold the database's URL")
    return url


def open_database(section: DatabaseSection, environment: Mapping[str, str] = os.environ) -> Database:
    """The database, not yet connected to. Raises `ConfigError` for a URL that is none, or a file without one."""
    return Database(database_url(section) or f"sqlite:///{default_file(environment)}")


def default_file(environment: Mapping[str, str]) -> Path:
    """Where the database is if no URL is set: `$XDG_DATA_HOME/vernacular/server.db`, else under `~/.local/share`."""
    base = environment.get("XDG_DATA_HOME") or Path(environment.get("HOME") or Path.home()) / ".local" / "share"
    return Path(base) / "vernacular" / "server.db"
