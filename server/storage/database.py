"""Opening the database and talking to it: SQLite by default, PostgreSQL by URL.

Guarantees: each `reading` or `writing` block is one transaction; on SQLite a writing one has the write lock from its
start, so it never fails in the middle because another process wrote first; waiting for a lock, a connection or a
statement is bounded by `TIMEOUT_S`; every failure of the database is a `DatabaseError`, which holds no password.
Calls block: the event loop calls them in a thread.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from core.errors import ConfigError, DatabaseError

TIMEOUT_S = 5
_EXAMPLES = "write it like sqlite:////var/lib/vernacular/vernacular.db or postgresql://user@host/vernacular"
_WRITES = "vernacular_writes"


class Database:
    """A database that need not be there yet: nothing is connected or made before the first block.

    Raises `ConfigError` for a URL of no known kind.
    """

    def __init__(self, url: str) -> None:
        self._url = _parsed(url)
        self.engine: Engine = _sqlite(self._url) if self.is_sqlite else _postgresql(self._url)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of this machine."""
        return self._url.get_backend_name() == "sqlite"

    @property
    def shown(self) -> str:
        """The URL, without its password."""
        return self._url.render_as_string(hide_password=True)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises `DatabaseError`."""
        with self._transaction(writes=False) as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction, on the disk when the block ends without an error. Raises `DatabaseError`."""
        with self._transaction(writes=True) as connection:
            yield connection

    def close(self) -> None:
        """Close every connection that is not in a block."""
        self.engine.dispose()

    @contextlib.contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Connection]:
        try:
            if self.is_sqlite and self._url.database:
                Path(self._url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self.engine.connect().execution_options(**{_WRITES: writes}) as connection, connection.begin():
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise DatabaseError(f"the database {self.shown} cannot be used ({_reason(error)})") from error


def _parsed(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError:
        raise ConfigError(f"the database's URL cannot be read; {_EXAMPLES}") from None
    kind = url.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise ConfigError(f"a database of the kind {kind!r} is not supported; {_EXAMPLES}")
    if kind == "sqlite" and url.database in (None, "", ":memory:"):
        raise ConfigError(f"the database's URL names no file; {_EXAMPLES}")
    return url.set(drivername="postgresql+psycopg") if kind == "postgresql" else url


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": TIMEOUT_S}, pool_timeout=TIMEOUT_S)

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:
        # The driver would begin transactions by itself, and not before a change of the schema.
        connection.isolation_level = None
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: URL) -> Engine:
    arguments = {"connect_timeout": TIMEOUT_S, "options": f"-c statement_timeout={TIMEOUT_S}s"}
    return create_engine(
        url, connect_args=arguments, pool_pre_ping=True, pool_timeout=TIMEOUT_S, pool_recycle=1800, pool_size=5
    )


def _reason(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower()
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]
