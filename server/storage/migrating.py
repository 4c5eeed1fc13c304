"""Bringing a database to the version that this program reads and writes.

Guarantees: a step is done whole or not at all, on SQLite and PostgreSQL; several servers that start at once do each
step once; a database of a newer program is refused and left as it is. Going back is by a backup: there are no steps
backwards.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from core.errors import ConfigError
from server.storage.database import Database

_STEPS = Path(__file__).parent / "migrations"
_LOCK = 0x7665726E  # any number, as long as every server takes the same


def migrate(database: Database) -> None:
    """Do the steps that are missing. Raises `DatabaseError`, and `ConfigError` for a newer program's database."""
    config = _config()
    steps = ScriptDirectory.from_config(config)
    known = {step.revision for step in steps.walk_revisions()}
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        found = version_of(connection)
        if found is not None and found not in known:
            newest = steps.get_current_head()
            raise ConfigError(
                f"the database {database.shown} is of version {found}, this program knows {newest}; "
                "update the program, or restore the backup that was made before the update"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def version_of(connection: Connection) -> str | None:
    """The name of the last step that was done; None: the database is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
