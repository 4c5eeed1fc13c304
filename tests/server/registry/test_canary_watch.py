"""A canary from the first offer to its end: events in a real database, the models file changed by what they say."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.events import Accepted, Event, EventBatch, Latency, Offered, Way
from server.registry.canary_watch import CanaryWatch
from server.telemetry.collector import Telemetry, TelemetryOptions, telemetry_in

Start = Callable[..., Any]
Checkpoint = Callable[[str], Path]

NUMBERS = itertools.count()


@pytest.fixture
def telemetry(tmp_path: Path) -> Iterator[Telemetry]:
    with telemetry_in(f"sqlite:///{tmp_path / 'events.db'}", TelemetryOptions()) as found:
        assert found is not None
        yield found


async def tell(telemetry: Telemetry, model: str, users: int, taken: int, answer_ms: float = 100.0) -> None:
    """Twenty offers to each of so many users, of which so many were taken."""
    for user in range(users):
        events: list[Event] = []
        for offer in range(20):
            about = {"offer_id": f"o{next(NUMBERS)}", "age_s": 0.0, "language": "lua", "model": model}
            latency = Latency(answer_ms=answer_ms + user % 7)
            events.append(Offered(id=f"e{next(NUMBERS)}", characters=10, lines=1, latency=latency, **about))
            if offer < taken + user % 3:
                events.append(Accepted(id=f"e{next(NUMBERS)}", characters=10, way=Way.COMMAND, **about))
        await telemetry.receive(EventBatch(events=tuple(events)), f"{model}-{user}")


def models_yaml(checkpoint: Checkpoint, **canary: object) -> str:
    return json.dumps(
        {
            "models": {"old": {"checkpoint": str(checkpoint("old"))}, "new": {"checkpoint": str(checkpoint("new"))}},
            "languages": {"lua": "old"},
            "canaries": {"lua": {"candidate": "new", "since": "2020-01-01T00:00:00Z", **canary}},
        }
    )


@pytest.mark.parametrize(
    ("candidate", "slow_ms", "expected", "action"),
    [(12, 100.0, "new", "promote"), (1, 100.0, "old", "roll back"), (12, 900.0, "old", "roll back")],
)
async def test_a_sure_canary_ends_by_itself(
    start_models: Start,
    checkpoint: Checkpoint,
    telemetry: Telemetry,
    candidate: int,
    slow_ms: float,
    expected: str,
    action: str,
) -> None:
    async with start_models(models_yaml(checkpoint)) as server:
        watch = CanaryWatch(server.store, telemetry)
        await tell(telemetry, "old", users=40, taken=5)
        await tell(telemetry, "new", users=40, taken=candidate, answer_ms=slow_ms)
        await watch.look()
        assert server.models.file.canaries == {}
        assert server.models.file.languages == {"lua": expected}
        assert "canaries" in server.path.read_text()
        audited = [json.loads(line) for line in server.audit.read_text().splitlines()]
        assert audited[-1]["who"].startswith(f"canary: {action}, acceptance")


async def test_an_unsure_canary_and_one_that_is_decided_by_hand_go_on(
    start_models: Start, checkpoint: Checkpoint, telemetry: Telemetry
) -> None:
    async with start_models(models_yaml(checkpoint, decide="by hand")) as server:
        watch = CanaryWatch(server.store, telemetry)
        await watch.look()
        assert "0 offers to 0 users of the candidate" in watch.decisions["lua"].why
        await tell(telemetry, "old", users=40, taken=5)
        await tell(telemetry, "new", users=40, taken=12)
        await watch.look()
        assert watch.decisions["lua"].action == "promote"
        assert server.models.file.languages == {"lua": "old"}


async def test_offers_from_before_the_canary_do_not_count(
    start_models: Start, checkpoint: Checkpoint, telemetry: Telemetry
) -> None:
    async with start_models(models_yaml(checkpoint, since="2999-01-01T00:00:00Z")) as server:
        watch = CanaryWatch(server.store, telemetry)
        await tell(telemetry, "new", users=40, taken=12)
        await watch.look()
        assert watch.decisions["lua"].action == "wait"


async def test_without_telemetry_a_canary_goes_on_and_says_why(start_models: Start, checkpoint: Checkpoint) -> None:
    async with start_models(models_yaml(checkpoint)) as server:
        watch = CanaryWatch(server.store, None)
        await watch.look()
        assert "keeps no telemetry" in watch.decisions["lua"].why
        assert "keeps no telemetry" in (await server.decisions())["lua"]
