"""What each user did with the proposals of one model in one language: what a canary is judged by."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from server.registry.sequential import UserFigures
from server.storage.schema import TELEMETRY_EVENTS as EVENTS


def by_user(connection: Connection, language: str, model: str, since_s: float) -> list[UserFigures]:
    """The figures of every user with an offer since then, a time in seconds since 1970.

    Whole and partial acceptances count alike: each proposal has one of them at most.
    """
    of = EVENTS.c.kind
    query = (
        select(
            func.count().filter(of == "offered"),
            func.count().filter(of.in_(("accepted", "partly_accepted"))),
            func.sum(EVENTS.c.answer_ms).filter(of == "offered"),
            func.count(EVENTS.c.answer_ms).filter(of == "offered"),
        )
        .where(EVENTS.c.language == language, EVENTS.c.model == model, EVENTS.c.happened_at >= int(since_s))
        .group_by(EVENTS.c.user_name)
    )
    return [
        UserFigures(int(offered), min(int(accepted), int(offered)), float(latency_ms or 0.0), int(measured))
        for offered, accepted, latency_ms, measured in connection.execute(query)
        if offered
    ]
