"""Who goes to the engine, in which order, and who is told to come back later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from core.errors import UnavailableError
from server.admission import Admission, Concurrency, QueueLimits


class Jobs:
    """Starts jobs that end when told to; `began` are their names in the order in which they were let in."""

    def __init__(self, admission: Admission) -> None:
        self.began: list[str] = []
        self._admission = admission
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, name: str, user: str = "ada", *, batch: bool = False) -> asyncio.Task[None]:
        self._ends[name] = asyncio.Event()
        self._tasks[name] = task = asyncio.ensure_future(self._run(name, user, batch))
        await settle()
        return task

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await self._tasks[name]
        await settle()

    async def _run(self, name: str, user: str, batch: bool) -> None:
        async with self._admission.slot(user, batch=batch):
            self.began.append(name)
            await self._ends[name].wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_more_than_the_slots_are_inside_and_the_next_one_follows() -> None:
    admission = Admission(QueueLimits(slots=2))
    jobs = Jobs(admission)
    for name in "abc":
        await jobs.start(name)
    assert jobs.began == ["a", "b"]
    assert (admission.state.running, admission.state.waiting_interactive) == (2, 1)
    await jobs.end("b")
    assert jobs.began == ["a", "b", "c"]
    assert admission.state.running == 2
    await jobs.end("a")
    await jobs.end("c")
    await asyncio.wait_for(admission.idle(), 1)
    assert admission.state.running == 0


async def test_turns_go_round_the_users() -> None:
    jobs = Jobs(Admission(QueueLimits(slots=1)))
    await jobs.start("inside")
    for number in range(3):
        await jobs.start(f"greedy {number}", "greedy")
    await jobs.start("modest", "modest")
    for name in ("inside", "greedy 0", "modest", "greedy 1"):
        await jobs.end(name)
    assert jobs.began == ["inside", "greedy 0", "modest", "greedy 1", "greedy 2"]


async def test_typists_go_before_batches() -> None:
    jobs = Jobs(Admission(QueueLimits(slots=1)))
    await jobs.start("inside")
    await jobs.start("batch", batch=True)
    await jobs.start("typist")
    await jobs.end("inside")
    assert jobs.began == ["inside", "typist"]


async def test_a_full_queue_refuses_at_once_and_says_when_to_come_back() -> None:
    admission = Admission(QueueLimits(slots=1, max_waiting=1))
    jobs = Jobs(admission)
    await jobs.start("inside")
    await jobs.start("waiting")
    with pytest.raises(UnavailableError, match="1 under way, 1 waiting") as refused:
        await (await jobs.start("too much"))
    assert refused.value.code == "busy"
    assert 1 <= refused.value.retry_after_s <= 60
    assert admission.state.refused == 1


async def test_who_would_wait_too_long_is_refused_before_waiting() -> None:
    now = 0.0
    admission = Admission(QueueLimits(slots=1, interactive_wait_s=1.0), clock=lambda: now)
    async with admission.slot("ada"):
        now = 10.0  # so a slot is held for ten seconds
    async with admission.slot("ada"):
        with pytest.raises(UnavailableError) as refused:
            await asyncio.wait_for(admission.slot("bob").__aenter__(), 0.5)
    assert refused.value.retry_after_s >= 10
    assert admission.state.waiting_interactive == 0


async def test_who_waited_too_long_is_refused_and_leaves_no_gap() -> None:
    admission = Admission(QueueLimits(slots=1, interactive_wait_s=0.01))
    jobs = Jobs(admission)
    await jobs.start("inside")
    with pytest.raises(UnavailableError):
        await (await jobs.start("late"))
    await jobs.start("next", batch=True)
    await jobs.end("inside")
    assert jobs.began == ["inside", "next"]


async def test_a_request_taken_back_in_the_moment_of_its_turn_gives_the_slot_on() -> None:
    admission = Admission(QueueLimits(slots=1))
    jobs = Jobs(admission)
    await jobs.start("inside")
    taken_back = await jobs.start("taken back")
    await jobs.start("next", "bob")
    jobs._ends["inside"].set()
    await asyncio.sleep(0)  # its turn has come, and it does not know yet
    taken_back.cancel()
    await asyncio.gather(taken_back, return_exceptions=True)
    await settle()
    assert jobs.began[-1] == "next"
    await jobs.end("next")
    assert admission.state.running == 0


async def test_a_turn_that_is_taken_back_while_a_slot_is_given_on_is_passed_over() -> None:
    admission = Admission(QueueLimits(slots=1))
    jobs = Jobs(admission)
    inside = await jobs.start("inside")
    taken_back = await jobs.start("taken back")
    inside.cancel()  # which runs first, and finds a turn that nobody waits for any more
    taken_back.cancel()
    results = await asyncio.gather(inside, taken_back, return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError] * 2
    assert (admission.state.running, admission.state.waiting_interactive) == (0, 0)
    await jobs.start("next")
    assert jobs.began[-1] == "next"


async def test_a_failing_job_leaves_its_slot() -> None:
    admission = Admission(QueueLimits(slots=1))
    with pytest.raises(ValueError, match="job"):
        async with admission.slot("ada"):
            raise ValueError("job")
    assert admission.state.running == 0


async def test_batches_fill_every_slot_where_nobody_types_and_leave_room_where_somebody_does() -> None:
    now = 0.0
    admission = Admission(QueueLimits(slots=8, interactive_wait_s=60), clock=lambda: now)
    for _ in range(50):  # the engine is too slow for eight at once
        async with admission.slot("ada"), admission.slot("bob"), admission.slot("cem"):
            now += 5
    limit = admission.state.limit
    assert limit < 8
    jobs = Jobs(admission)
    for number in range(9):
        await jobs.start(f"batch {number}", batch=True)
    assert admission.state.running == 8
    await jobs.start("typist")
    for number in range(8 - limit):
        await jobs.end(f"batch {number}")
    assert jobs.began[-1] == "batch 7"
    await jobs.end(f"batch {8 - limit}")
    assert jobs.began[-1] == "typist"
    assert admission.state.waiting_batch == 1


def _tried(seconds_with: Callable[[int], float], most: int = 32, rounds: int = 400) -> int:
    """The limit after so many rounds in which as many requests as may be are inside, and take so long."""
    concurrency, now = Concurrency(most), 0.0
    concurrency.held(seconds_with(1), 0, full=False, now=now)
    for _ in range(rounds):
        inside = concurrency.limit
        seconds = seconds_with(inside)
        now += seconds / inside
        concurrency.held(seconds, inside - 1, full=True, now=now)
    return concurrency.limit


def test_an_engine_that_many_make_slow_gets_fewer_at_once() -> None:
    assert 8 <= _tried(lambda inside: 0.05 * inside) <= 11


def test_an_engine_that_many_do_not_make_slow_gets_all() -> None:
    assert _tried(lambda inside: 0.3 + 0.001 * inside) == 32


def test_a_model_that_is_slow_for_one_too_gets_all() -> None:
    assert _tried(lambda inside: 2.0 + 0.01 * inside) == 32


def test_the_limit_comes_back_after_a_slow_time() -> None:
    concurrency, now = Concurrency(16), 0.0
    for _ in range(50):
        now += 2.0
        concurrency.held(2.0, 15, full=True, now=now)
    assert concurrency.limit == Concurrency.FLOOR
    for _ in range(400):
        now += 0.1
        concurrency.held(0.1, 15, full=True, now=now)
    assert concurrency.limit == 16
