"""Events go to the disk, are counted, and are forgotten: on SQLite and on the real PostgreSQL."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import UnavailableError
from server.storage.database import Database
from server.telemetry.clock import Clock
from server.telemetry.collector import Telemetry, forget_in, usage_of
from server.telemetry.retention import DAY_S, Retention
from server.telemetry.usage import Figures, Group
from server.telemetry.writer import Writer
from tests.server.telemetry.making import Times, batch, event, stored

On = Callable[..., Telemetry]
EPOCH = dt.date(1970, 1, 1)


async def test_what_was_sent_twice_counts_once(database: Database, telemetry_on: On) -> None:
    telemetry = telemetry_on(database)
    one = batch(event(), event("accepted"))
    receipts = [await telemetry.receive(one, "ada") for _ in range(3)]
    assert [(receipt.events, receipt.text) for receipt in receipts] == [(2, False)] * 3
    assert len(stored(database)) == 2


async def test_an_id_belongs_to_its_user(database: Database, telemetry_on: On) -> None:
    telemetry = telemetry_on(database)
    one = batch(event())
    await telemetry.receive(one, "ada")
    await telemetry.receive(one, "eve")
    assert sorted(stored(database, "user_name")) == ["ada", "eve"]


async def test_figures_by_day_language_and_model(database: Database, telemetry_on: On, times: Times) -> None:
    telemetry = telemetry_on(database)
    events = [event(latency={"answer_ms": float(ms)}) for ms in range(1, 21)]
    events += [event(age_s=DAY_S, language="moonbit", model="")]
    events += [event("accepted"), event("accepted", way="edit", characters=8), event("partly_accepted")]
    events += [event("superseded"), event("kept", changed=0.5), event("kept", changed=0.0)]
    events += [event("kept", after_s=300, changed=1.0)]
    await telemetry.receive(batch(*events), "ada")

    found = await telemetry.usage(30)

    levy = Figures(
        offered=20,
        accepted=2,
        accepted_inferred=1,
        partly_accepted=1,
        superseded=1,
        characters=12 + 8 + 5,
        acceptance=0.1,
        kept_30_s=0.75,
        kept_5_min=0.0,
        answer_p50_ms=10.0,
        answer_p95_ms=19.0,
    )
    moonbit = Figures(offered=1, acceptance=0.0, answer_p50_ms=40.0, answer_p95_ms=40.0)
    today = dt.datetime.fromtimestamp(times.wall_s, dt.UTC).date()
    assert found.languages == (Group(name="levy", figures=levy), Group(name="moonbit", figures=moonbit))
    assert found.models == (Group(name="tiny", figures=levy), Group(name="", figures=moonbit))
    yesterday = str(today - dt.timedelta(days=1))
    assert found.days == (Group(name=yesterday, figures=moonbit), Group(name=str(today), figures=levy))
    assert found.total.offered == 21
    assert (await telemetry.usage(1)).total.offered == 20


async def test_of_a_database_without_tables_there_is_nothing_to_tell(database: Database) -> None:
    assert usage_of(database, EPOCH).total == Figures()
    assert forget_in(database, "ada") == 0


async def test_a_user_is_forgotten_and_the_others_stay(database: Database, telemetry_on: On) -> None:
    telemetry = telemetry_on(database)
    await telemetry.receive(batch(*(event() for _ in range(7))), "ada")
    await telemetry.receive(batch(), "bob")
    assert await telemetry.forget("ada") == 7
    assert stored(database, "user_name") == ["bob"]
    assert await telemetry.forget("ada") == 0


async def test_no_text_unless_the_server_consents_too(database: Database, telemetry_on: On) -> None:
    await telemetry_on(database).receive(batch(event(text="let x = 1")), "ada")
    assert stored(database, "text") == [None]


async def test_texts_are_kept_without_secrets(database: Database, telemetry_on: On) -> None:
    telemetry = telemetry_on(database, text=True)
    receipt = await telemetry.receive(batch(event(text='password = "hunter2-9x!Q"\nlet x = 1\0')), "ada")
    assert receipt.text
    assert stored(database, "text") == ['password = "<KEY>"\nlet x = 1\N{REPLACEMENT CHARACTER}']


async def test_old_events_go_and_young_ones_stay(database: Database, telemetry_on: On, times: Times) -> None:
    old, young = event(age_s=10 * DAY_S), event()
    await telemetry_on(database).receive(batch(old, young), "ada")
    retention = Retention(database, clock_of(times), 7)
    assert retention.step() > 0
    assert stored(database) == [young.id]


@pytest.mark.parametrize("jump_s", [400 * DAY_S, -400 * DAY_S])
async def test_a_clock_that_jumps_deletes_nothing_for_a_day(
    sqlite: Database, telemetry_on: On, times: Times, jump_s: float
) -> None:
    await telemetry_on(sqlite).receive(batch(), "ada")
    retention = Retention(sqlite, clock_of(times), 7)
    times.wall_s += jump_s
    for _ in range(20):
        retention.step()
        times.pass_(3600)
    assert len(stored(sqlite)) == 1
    times.wall_s -= jump_s  # put right again
    retention.step()
    times.pass_(DAY_S + 1)
    retention.step()
    assert len(stored(sqlite)) == 1
    times.pass_(7 * DAY_S)
    retention.step()
    assert stored(sqlite) == []


async def test_the_day_is_the_servers_whatever_its_clock_does(sqlite: Database, telemetry_on: On, times: Times) -> None:
    telemetry = telemetry_on(sqlite)
    for wall_s in (-5.0, 0.0, 1e18, 1_800_000_000.0):
        times.wall_s = wall_s
        await telemetry.receive(batch(event(age_s=60.0)), "ada")
    assert [str(day) for day in sorted(stored(sqlite, "day"))] == [
        "1970-01-01",
        "1970-01-01",
        "2027-01-15",
        "9999-12-31",
    ]


async def test_a_locked_database_delays_and_bounds(sqlite: Database, telemetry_on: On, times: Times) -> None:
    """What is refused meanwhile is refused at once and with a time; afterwards everything is taken."""
    telemetry = telemetry_on(sqlite)
    await telemetry.receive(batch(), "ada")
    with sqlite.writing(), pytest.raises(UnavailableError) as refused:
        await telemetry.receive(batch(), "ada")
    assert refused.value.retry_after_s > 0
    with pytest.raises(UnavailableError):
        await telemetry.receive(batch(), "ada")
    times.pass_(refused.value.retry_after_s)
    await telemetry.receive(batch(), "ada")
    assert len(stored(sqlite)) == 2


def test_what_waits_in_memory_is_bounded(sqlite: Database, times: Times) -> None:
    writer = Writer(sqlite, clock_of(times), most_waiting=10)  # not started: nothing is written
    waiting = writer.submit([event() for _ in range(10)], "ada")
    with pytest.raises(UnavailableError, match="too many events wait"):
        writer.submit([event()], "ada")
    writer.start()
    waiting.result(30)
    writer.close()
    assert len(stored(sqlite)) == 10


def test_what_waits_at_the_end_is_written(sqlite: Database, times: Times) -> None:
    writer = Writer(sqlite, clock_of(times))
    waiting = [writer.submit([event()], "ada") for _ in range(20)]
    writer.start()
    writer.close()
    assert all(each.exception(30) is None for each in waiting)
    with pytest.raises(UnavailableError, match="stopping"):
        writer.submit([event()], "ada")


def test_the_waits_for_a_database_that_is_away_double(times: Times) -> None:
    writer = Writer(Database("postgresql://nobody@127.0.0.1:1/none"), clock_of(times))
    writer.start()
    waits: list[float] = []
    while len(waits) < 4:
        try:
            writer.submit([event()], "ada").result(30)
        except UnavailableError as error:
            if error.retry_after_s not in waits:
                waits.append(error.retry_after_s)
            times.pass_(error.retry_after_s)
    writer.close()
    assert waits == [1.0, 2.0, 4.0, 8.0]


async def test_many_senders_at_once(database: Database, telemetry_on: On) -> None:
    telemetry = telemetry_on(database)
    batches = [batch(*(event() for _ in range(20))) for _ in range(50)]
    await asyncio.gather(*(telemetry.receive(each, f"user{n}") for n, each in enumerate(batches)))
    assert len(stored(database)) == 1000


def test_two_servers_share_a_database(database: Database, times: Times) -> None:
    writers = [Writer(database, clock_of(times)) for _ in range(2)]
    events = [event() for _ in range(50)]
    failed: list[Any] = []

    def send(writer: Writer) -> None:
        failed.extend(writer.submit([each], "ada").exception(30) for each in events)

    for writer in writers:
        writer.start()
    threads = [threading.Thread(target=send, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for writer in writers:
        writer.close()
    assert failed == [None] * 100
    assert len(stored(database)) == 50


def clock_of(times: Times) -> Clock:
    return Clock(lambda: times.wall_s, lambda: times.steady_s)
