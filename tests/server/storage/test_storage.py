"""The database: its URL, its transactions, and the steps that make its tables."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, select, text

from core.errors import ConfigError, DatabaseError
from server.storage.database import Database
from server.storage.migrating import migrate, version_of
from server.storage.schema import API_KEYS, METADATA

KEY = {
    "id": "k1",
    "secret_sha256": bytes(32),
    "name": "laptop",
    "user_name": "ada",
    "scopes": "complete",
    "created_at": 1,
}


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path}/below/test.db")


def test_the_steps_make_what_the_schema_says(database: Database) -> None:
    migrate(database)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


def test_a_second_time_nothing_is_lost(database: Database) -> None:
    migrate(database)
    with database.writing() as connection:
        connection.execute(insert(API_KEYS).values(KEY))
    migrate(database)
    with database.reading() as connection:
        assert connection.execute(select(API_KEYS.c.user_name)).scalars().all() == ["ada"]


def test_servers_that_start_at_once_do_each_step_once(tmp_path: Path) -> None:
    failed: list[Exception] = []

    def start() -> None:
        try:
            migrate(Database(f"sqlite:///{tmp_path}/test.db"))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_newer_programs_database_is_refused_and_left(database: Database) -> None:
    migrate(database)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match=r"is of version 9999, .*; update the program"):
        migrate(database)
    with database.reading() as connection:
        assert version_of(connection) == "9999"


def test_a_failed_block_leaves_nothing(database: Database) -> None:
    migrate(database)
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        connection.execute(insert(API_KEYS).values(KEY))
        raise ZeroDivisionError
    with database.reading() as connection:
        assert connection.execute(select(API_KEYS)).all() == []


def test_a_failure_of_the_database_is_one_line(database: Database) -> None:
    line = r"^the database sqlite:///\S+ cannot be used \(no such table: api_keys\)$"
    with pytest.raises(DatabaseError, match=line), database.reading() as connection:
        connection.execute(select(API_KEYS))


def test_a_database_that_is_away_is_said_without_its_password() -> None:
    database = Database("postgresql://ada:s3cret@127.0.0.1:1/vernacular")
    with pytest.raises(DatabaseError, match="cannot be used") as raised, database.reading():
        pass
    assert "s3cret" not in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("url", ["", "vernacular.db", "sqlite://", "sqlite:///:memory:", "mysql://u:s3cret@h/d"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="write it like") as raised:
        Database(url)
    assert "s3cret" not in str(raised.value)
