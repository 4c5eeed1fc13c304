"""Figures on proposals: how many, how many taken, what was kept of them, how long they took; by language, model, day.

Days are those of UTC. A percentile is the nearest rank: the smallest time that so large a share of the offers needed
at most. The queries are the same on SQLite and PostgreSQL, and read every event of the time once for each grouping.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Column, ColumnElement, Connection, func, select

from core.events import Delay, Way
from server.storage.schema import TELEMETRY_EVENTS as EVENTS

PERCENTILES = {"answer_p50_ms": 0.5, "answer_p95_ms": 0.95}


class Figures(BaseModel):
    """Of one group of proposals. Shares are from 0 to 1, and absent where there is nothing to divide by."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    offered: int = Field(default=0, description="proposals given to an editor")
    accepted: int = Field(default=0, description="of which the whole was taken")
    accepted_inferred: int = Field(default=0, description="of those, known by an inference from edits alone")
    partly_accepted: int = Field(default=0, description="of which a part was taken; always an inference")
    superseded: int = Field(default=0, description="of which nothing was taken before something else came")
    characters: int = Field(default=0, description="characters put in by an acceptance, whole or in part")
    acceptance: float | None = Field(default=None, description="accepted by offered")
    kept_30_s: float | None = Field(default=None, description="unchanged share of what was taken, 30 seconds later")
    kept_5_min: float | None = Field(default=None, description="the same 5 minutes later")
    answer_p50_ms: float | None = Field(default=None, description="half of the answers came within this time")
    answer_p95_ms: float | None = Field(default=None, description="95 % of the answers came within this time")


class Group(BaseModel):
    """Figures of a language, a model or a day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="of the group; a day as YYYY-MM-DD; no model: the work space's own lines")
    figures: Figures = Field(description="of its proposals")


class Usage(BaseModel):
    """Everything of a time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: dt.date = Field(description="the first day, in UTC")
    total: Figures = Field(description="of everything")
    days: tuple[Group, ...] = Field(description="oldest first; days without events are left out")
    languages: tuple[Group, ...] = Field(description="most offers first")
    models: tuple[Group, ...] = Field(description="most offers first")

    @classmethod
    def none(cls, since: dt.date) -> Usage:
        """Of a time in which nothing happened."""
        return cls(since=since, total=Figures(), days=(), languages=(), models=())


def usage(connection: Connection, since: dt.date) -> Usage:
    """The figures of everything that happened on that day and later."""
    total = _grouped(connection, since, None)
    by_size = [sorted(_grouped(connection, since, column), key=_size) for column in (EVENTS.c.language, EVENTS.c.model)]
    days = sorted(_grouped(connection, since, EVENTS.c.day), key=lambda group: group.name)
    return Usage(
        since=since,
        total=total[0].figures if total else Figures(),
        days=tuple(days),
        languages=tuple(by_size[0]),
        models=tuple(by_size[1]),
    )


def _size(group: Group) -> tuple[int, str]:
    return -group.figures.offered, group.name


def _grouped(connection: Connection, since: dt.date, column: Column[Any] | None) -> list[Group]:
    groups = [] if column is None else [column]
    within = EVENTS.c.day >= since
    counted = connection.execute(select(*groups, *_counts()).where(within).group_by(*groups)).mappings()
    times = _times(connection, since, groups)
    found = []
    for row in counted:
        name = "" if column is None else str(row[column.name])
        values = {field: row[field] for field in Figures.model_fields if field in row}
        values = {field: value for field, value in values.items() if value is not None}
        offered = values.get("offered", 0)
        acceptance = values.get("accepted", 0) / offered if offered else None
        found.append(Group(name=name, figures=Figures(**values, **times.get(name, {}), acceptance=acceptance)))
    return found


def _counts() -> Sequence[ColumnElement[Any]]:
    of = EVENTS.c.kind
    taken = of.in_(("accepted", "partly_accepted"))
    by_command = EVENTS.c.way == Way.COMMAND.value
    left = 1.0 - EVENTS.c.changed
    return (
        func.count().filter(of == "offered").label("offered"),
        func.count().filter(of == "accepted").label("accepted"),
        func.count().filter(of == "accepted", ~by_command).label("accepted_inferred"),
        func.count().filter(of == "partly_accepted").label("partly_accepted"),
        func.count().filter(of == "superseded").label("superseded"),
        func.coalesce(func.sum(EVENTS.c.characters).filter(taken), 0).label("characters"),
        func.avg(left).filter(EVENTS.c.after_s == int(Delay.SOON)).label("kept_30_s"),
        func.avg(left).filter(EVENTS.c.after_s == int(Delay.LATER)).label("kept_5_min"),
    )


def _times(connection: Connection, since: dt.date, groups: Sequence[Column[Any]]) -> dict[str, dict[str, float]]:
    """The percentiles of the answer times, by the group's name."""
    share = func.cume_dist().over(partition_by=groups or None, order_by=EVENTS.c.answer_ms).label("share")
    ranked = (
        select(*groups, EVENTS.c.answer_ms, share)
        .where(EVENTS.c.day >= since, EVENTS.c.kind == "offered", EVENTS.c.answer_ms.is_not(None))
        .subquery()
    )
    keys = [ranked.c[group.name] for group in groups]
    columns = [
        func.min(ranked.c.answer_ms).filter(ranked.c.share >= rank).label(name) for name, rank in PERCENTILES.items()
    ]
    found = {}
    for row in connection.execute(select(*keys, *columns).group_by(*keys)).mappings():
        name = str(row[groups[0].name]) if groups else ""
        found[name] = {each: row[each] for each in PERCENTILES if row[each] is not None}
    return found
