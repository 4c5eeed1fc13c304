"""Batches go out, and come again where the server was away."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import pytest

from core.errors import RequestError, ServerUnreachableError, UnavailableError
from core.events import OLDEST_S, Event, EventBatch, EventReceipt, Latency, Offered, Superseded
from lsp.telemetry import sender as module
from lsp.telemetry.sender import MOST_AT_ONCE, MOST_WAITING, Sender

_NUMBERS = itertools.count(1)


def event(text: str | None = None) -> Event:
    number = next(_NUMBERS)
    latency = Latency(answer_ms=1.0)
    common = {"id": f"e{number}", "offer_id": "o", "age_s": 0.0, "language": "levy"}
    if text is None:
        return Superseded.model_validate({**common, "shown_ms": 1.0})
    return Offered.model_validate({**common, "characters": 1, "lines": 1, "latency": latency, "text": text})


class Server:
    """Takes batches; an exception in `troubles` is raised first."""

    def __init__(self, *troubles: Exception, text: bool = False) -> None:
        self.troubles = list(troubles)
        self.text = text
        self.batches: list[EventBatch] = []
        self.asked = 0

    async def tell(self, batch: EventBatch) -> EventReceipt:
        self.asked += 1
        await asyncio.sleep(0)
        if self.troubles:
            raise self.troubles.pop(0)
        self.batches.append(batch)
        return EventReceipt(events=len(batch.events), text=self.text)

    @property
    def ids(self) -> list[str]:
        return [each.id for batch in self.batches for each in batch.events]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_WAIT_S", 0.01)


async def test_what_was_added_goes_out_in_batches_and_ages() -> None:
    server, now = Server(), [100.0]
    sender = Sender(server.tell, clock=lambda: now[0], every_s=0.01)
    events = [event() for _ in range(2 * MOST_AT_ONCE + 1)]
    for each in events:
        sender.add(each, 95.0)
    await until(lambda: len(server.ids) == len(events))
    assert server.ids == [each.id for each in events]
    assert [len(batch.events) for batch in server.batches] == [MOST_AT_ONCE, MOST_AT_ONCE, 1]
    assert server.batches[0].events[0].age_s == 5.0


@pytest.mark.parametrize(
    "trouble", [UnavailableError("busy", retry_after_s=0.01), ServerUnreachableError("nobody answers")]
)
async def test_what_did_not_go_goes_again_under_the_same_id(trouble: Exception) -> None:
    server = Server(trouble, trouble, trouble)
    sender = Sender(server.tell, every_s=0.01)
    one = event()
    sender.add(one, 0.0)
    await until(lambda: server.ids)
    assert (server.ids, server.asked) == ([one.id], 4)


async def test_what_the_server_never_takes_is_dropped_and_the_next_sent() -> None:
    server = Server(RequestError("wrong fields", status=422))
    sender = Sender(server.tell, every_s=0.01)
    sender.add(event(), 0.0)
    await until(lambda: server.asked)
    later = event()
    sender.add(later, 0.0)
    await until(lambda: server.ids)
    assert server.ids == [later.id]


async def test_a_server_without_telemetry_is_asked_no_more_until_there_is_another() -> None:
    server = Server(RequestError("this server keeps no telemetry", status=404, code="telemetry_off"))
    sender = Sender(server.tell, every_s=0.0)
    sender.add(event(), 0.0)
    await until(lambda: server.asked)
    sender.add(event(), 0.0)
    await asyncio.sleep(0.05)
    assert server.asked == 1
    sender.forget()
    sender.add(event(), 0.0)
    await until(lambda: server.ids)


async def test_text_goes_only_to_a_server_that_said_that_it_wants_it() -> None:
    server = Server(text=True)
    sender = Sender(server.tell, every_s=0.01)
    for count in (1, 2):
        sender.add(event("let x"), 0.0)
        await until(lambda count=count: len(server.batches) == count)  # type: ignore[misc]
    texts = [each.text for batch in server.batches for each in batch.events if isinstance(each, Offered)]
    assert texts == [None, "let x"]


async def test_what_waits_is_bounded_and_what_is_old_is_dropped() -> None:
    server, now = Server(), [OLDEST_S + 100.0]
    sender = Sender(server.tell, clock=lambda: now[0], every_s=0.02)
    sender.add(event(), 0.0)
    events = [event() for _ in range(MOST_WAITING + 5)]
    for each in events:
        sender.add(each, 1000.0)
    await until(lambda: len(server.ids) >= MOST_WAITING)
    assert server.ids == [each.id for each in events[5:]]


async def test_the_end_sends_what_waits_and_does_not_wait_for_ever() -> None:
    server = Server()
    sender = Sender(server.tell, every_s=3600)
    events = [event() for _ in range(MOST_AT_ONCE + 1)]
    for each in events:
        sender.add(each, 0.0)
    await sender.close()
    assert len(server.ids) == len(events)

    async def never(_: EventBatch) -> EventReceipt:
        await asyncio.Event().wait()
        raise AssertionError

    stuck = Sender(never, every_s=0.0)
    stuck.add(event(), 0.0)
    await asyncio.wait_for(stuck.close(0.05), 20)
