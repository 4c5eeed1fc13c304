"""`vernacular usage` on a database that a server wrote."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from server.storage.database import Database
from server.telemetry.collector import Telemetry, TelemetryOptions
from tests.server.telemetry.making import batch, event

VERNACULAR = Path(sys.executable).with_name("vernacular")


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/usage.db"
    telemetry = Telemetry(Database(url), TelemetryOptions())
    telemetry.start()
    events = [event(), event(), event("accepted"), event(model=""), event("accepted", way="edit", model="")]
    asyncio.run(telemetry.receive(batch(*events), "ada"))
    asyncio.run(telemetry.receive(batch(event(language="moonbit")), "bob"))
    telemetry.close()
    return url


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([VERNACULAR, "usage", *arguments], capture_output=True, text=True, check=False)


def test_tables_by_language_model_and_day(database: str) -> None:
    answer = run("--database", database)
    assert answer.returncode == 0, answer.stderr
    rows = [line.replace("│", " ").split() for line in answer.stdout.splitlines()]
    assert ["levy", "3", "2", "(1*)", "0", "66.7%", "24", "-", "-", "40", "ms", "40", "ms"] in rows
    assert ["moonbit", "1", "0", "0", "0.0%", "0", "-", "-", "40", "ms", "40", "ms"] in rows
    assert "(work space's lines)" in answer.stdout
    assert "* inferred from edits" in answer.stdout


def test_json(database: str) -> None:
    found = json.loads(run("--database", database, "--since", "1d", "--json").stdout)
    assert (found["total"]["offered"], found["total"]["acceptance"]) == (4, 0.5)
    assert [group["name"] for group in found["models"]] == ["tiny", ""]


def test_a_user_is_forgotten(database: str) -> None:
    assert run("forget", "ada", "--database", database).stdout.startswith("5 events of 'ada' deleted from sqlite:///")
    assert json.loads(run("--database", database, "--json").stdout)["total"]["offered"] == 1


def test_of_another_time_there_is_nothing(database: str) -> None:
    assert run("--database", database, "--since", "2999-01-01").stdout.startswith("no proposals since 2999-01-01")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "error: no database is named"),
        (("--database", "sqlite:////nowhere/usage.db"), "error: sqlite:////nowhere/usage.db is not there"),
        (("--database", "mysql://a@b/c"), "error: a database of the kind 'mysql' is not supported"),
    ],
)
def test_mistakes_are_one_line(arguments: tuple[str, ...], says: str) -> None:
    answer = run(*arguments)
    assert (answer.returncode, answer.stderr.count("\n")) == (2, 1)
    assert answer.stderr.startswith(says)


def test_a_wrong_day_is_one_line(database: str) -> None:
    answer = run("--database", database, "--since", "yesterday")
    assert (answer.returncode, answer.stderr.startswith("error: --since yesterday: write a day")) == (2, True)
