"""Databases to keep events in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.storage.database import Database
from server.telemetry.clock import Clock
from server.telemetry.collector import Telemetry, TelemetryOptions
from tests.server.telemetry.making import Times
from tests.server.telemetry.postgres import Cluster, cluster


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A real one, for all tests that leave it running."""
    with cluster() as one:
        yield one


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path}/events.db")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, sqlite: Database) -> Iterator[Database]:
    """An empty database of either kind."""
    if request.param == "sqlite":
        yield sqlite
        sqlite.close()
        return
    one = Database(request.getfixturevalue("postgres").url)
    with one.writing() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    yield one
    one.close()


@pytest.fixture
def times() -> Times:
    return Times()


@pytest.fixture
async def telemetry_on(times: Times) -> AsyncIterator[Callable[..., Telemetry]]:
    """`telemetry_on(database, text=True)`: started, and closed at the end."""
    started: list[Telemetry] = []

    def start(database: Database, **options: Any) -> Telemetry:
        clock = Clock(lambda: times.wall_s, lambda: times.steady_s)
        telemetry = Telemetry(database, TelemetryOptions(**options), clock)
        telemetry.start()
        started.append(telemetry)
        return telemetry

    yield start
    for telemetry in started:
        telemetry.close()
