"""The engine over several replicas: who gets which session, what happens when one fails, drains or is full."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import EngineError, RequestError, UnavailableError, UnknownNameError
from server.engines.remote.routing import ranked


async def test_a_session_stays_on_its_replica(fleet: Any) -> None:
    async with fleet(3) as running:
        for number in range(30):
            for _ in range(3):
                await running.outputs(session=f"s{number}")
        order = [replica.url for replica in running.replicas]
        expected = [sum(3 for number in range(30) if ranked(f"s{number}", order)[0] == url) for url in order]
        assert [len(replica.jobs) for replica in running.replicas] == expected
        assert all(expected)


async def test_when_a_replica_goes_its_sessions_alone_move_and_come_back(fleet: Any) -> None:
    async with fleet(3) as running:
        lost = running.replicas[1]
        await lost.stop()
        await running.until(lambda: running.engine.state.detail == "2 of 3 replicas ready")
        urls = [replica.url for replica in running.replicas]
        for number in range(30):
            await running.outputs(session=f"s{number}")
        first = [ranked(f"s{number}", urls) for number in range(30)]
        expected = [sum((order[1] if order[0] == lost.url else order[0]) == url for order in first) for url in urls]
        assert [len(replica.jobs) for replica in running.replicas] == expected
        await lost.start()
        await running.until(lambda: running.engine.state.detail == "3 of 3 replicas ready")
        for number in range(30):
            await running.outputs(session=f"s{number}")
        assert len(lost.jobs) == sum(order[0] == lost.url for order in first)


@pytest.mark.parametrize("wrong", ["reset", "html", "500", "503", "429", "401", "hang_first"])
async def test_what_fails_before_the_first_byte_is_tried_on_the_next_replica(fleet: Any, wrong: str) -> None:
    async with fleet(2, first_token_s=0.5) as running:
        await running.outputs(session="s")
        home = running.home_of("s")
        (other,) = [replica for replica in running.replicas if replica is not home]
        home.wrong = wrong
        assert await running.ids(session="s") == [40, 41, 42]
        assert len(home.jobs) == 2
        assert len(other.jobs) == 1


@pytest.mark.parametrize("wrong", ["break", "garbage", "error", "hang", "abort"])
async def test_what_fails_after_it_is_an_error_and_is_never_repeated(fleet: Any, wrong: str) -> None:
    async with fleet(2, token_s=0.3) as running:
        await running.outputs(session="s")
        home = running.home_of("s")
        home.wrong = wrong
        came = []
        with pytest.raises(EngineError, match=r"^the replica that worked on this request \w"):
            async for output in running.engine.generate(running.job(session="s")):
                came += output.tokens
        assert came[0] == 40
        assert sum(len(replica.jobs) for replica in running.replicas) == 2


async def test_a_replica_that_is_slow_to_begin_is_raced_by_the_next(fleet: Any, wait_for: Callable[..., Any]) -> None:
    async with fleet(2, hedge_s=0.05) as running:
        await running.outputs(session="s")
        home = running.home_of("s")
        (other,) = [replica for replica in running.replicas if replica is not home]
        home.wrong = "hang_first"
        assert await running.ids(session="s") == [40, 41, 42]
        assert (len(home.jobs), len(other.jobs)) == (2, 1)
        await wait_for(lambda: home.aborted == 1)
        assert [replica.under_way for replica in running.engine.replicas] == [0, 0]
        assert running.engine.state.detail == "2 of 2 replicas ready"


async def test_a_replica_that_begins_in_time_is_not_raced(fleet: Any) -> None:
    async with fleet(2, hedge_s=5.0) as running:
        for _ in range(3):
            await running.outputs(session="s")
        assert len(running.home_of("s").jobs) == 3


@pytest.mark.parametrize("wrong", ["reset", "500", "html"])
async def test_a_race_is_won_by_whoever_does_not_fail(fleet: Any, wrong: str) -> None:
    async with fleet(2, hedge_s=0.05) as running:
        await running.outputs(session="s")
        home = running.home_of("s")
        (other,) = [replica for replica in running.replicas if replica is not home]
        home.wrong, other.wrong = "hang_first", wrong
        answering = asyncio.ensure_future(running.ids(session="s"))
        await running.until(lambda: running.engine.state.detail.startswith("1 of 2"))
        home.go_on.set()
        assert await answering == [40, 41, 42]
        assert len(home.jobs) == 2


async def test_where_both_fail_in_a_race_the_client_is_told_to_come_back(fleet: Any) -> None:
    async with fleet(2, hedge_s=0.05, first_token_s=0.2) as running:
        await running.outputs(session="s")
        for replica in running.replicas:
            replica.wrong = "hang_first"
        with pytest.raises(UnavailableError):
            await running.ids(session="s")
        assert [replica.under_way for replica in running.engine.replicas] == [0, 0]


async def test_nan_is_an_error_before_any_token_is_given(fleet: Any) -> None:
    async with fleet(1) as running:
        running.replicas[0].wrong = "nan"
        with pytest.raises(EngineError, match="NaN"):
            await running.outputs()


async def test_a_request_that_a_replica_refuses_is_refused_and_harms_nobody(fleet: Any) -> None:
    async with fleet(2) as running:
        for replica in running.replicas:
            replica.wrong = "400"
        with pytest.raises(RequestError, match="as the test says: 400") as caught:
            await running.outputs()
        assert caught.value.code == "refused_by_engine"
        assert sum(len(replica.jobs) for replica in running.replicas) == 1
        assert running.engine.state.detail == "2 of 2 replicas ready"


async def test_where_every_replica_fails_the_client_is_told_to_come_back(fleet: Any) -> None:
    async with fleet(2) as running:
        for replica in running.replicas:
            replica.wrong = "503"
        with pytest.raises(UnavailableError, match="no replica could answer; the last one answered HTTP 503") as caught:
            await running.outputs()
        assert caught.value.retry_after_s >= 1
        assert not isinstance(caught.value, EngineError)


async def test_a_failed_health_check_leaves_a_replica_out_until_it_computes_again(fleet: Any, wait_for: Any) -> None:
    async with fleet(2) as running:
        ill = running.replicas[0]
        ill.health, ill.sick, ill.wrong = 503, True, "500"
        await running.until(lambda: len(running.engine.fleet.ready) == 1)
        ill.health = 200  # it says that it is well, and cannot compute
        asked = len(ill.asked)
        await wait_for(lambda: running.engine.fleet.replicas[ill.url].failures >= 4)
        assert len(running.engine.fleet.ready) == 1
        assert any(each.path == "/v1/completions" for each in ill.asked[asked:])
        ill.sick = False
        await running.until(lambda: len(running.engine.fleet.ready) == 2)


async def test_waits_between_tries_double_up_to_the_longest(fleet: Any) -> None:
    async with fleet(1, first_backoff_s=0.01, max_backoff_s=0.04) as running:
        await running.replicas[0].stop()
        record = running.engine.fleet.replicas[running.replicas[0].url]
        waits: dict[int, float] = {}
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(20):
            while record.failures < 6:
                if record.failures:
                    waits.setdefault(record.failures, record.next_try - loop.time())
                await asyncio.sleep(0)
        for failures, wait_s in waits.items():
            assert wait_s <= 1.2 * min(0.01 * 2 ** (failures - 1), 0.04)
        assert waits[3] > waits[1]


async def test_with_no_replica_left_the_state_tells_and_jobs_are_refused(fleet: Any) -> None:
    async with fleet(2) as running:
        for replica in running.replicas:
            await replica.stop()
        await running.until(lambda: not running.engine.fleet.ready)
        assert running.engine.state.status == "starting"
        assert running.engine.state.detail.startswith("0 of 2 replicas ready; one cannot be reached")
        with pytest.raises(UnavailableError, match="0 of 2 replicas ready") as caught:
            await running.outputs()
        assert caught.value.retry_after_s >= 1
        await running.until(lambda: running.engine.state.status == "failed")
        await running.replicas[0].start()
        await running.until(lambda: running.engine.state.status == "ready")
        assert await running.ids() == [40, 41, 42]


async def test_a_full_replica_hands_over_to_the_next_and_a_full_fleet_refuses(fleet: Any) -> None:
    async with fleet(2, max_streams=1) as running:
        for replica in running.replicas:
            replica.wrong = "hang"
        streams = [running.engine.generate(running.job(session="s")) for _ in range(2)]
        for stream in streams:
            await anext(stream)
        assert [len(replica.jobs) for replica in running.replicas] == [1, 1]
        with pytest.raises(UnavailableError) as caught:
            await running.outputs(session="s")
        assert caught.value.code == "busy"
        for stream in streams:
            await stream.aclose()
        for replica in running.replicas:
            replica.wrong = ""
        assert await running.ids(session="s") == [40, 41, 42]


async def test_closing_the_generator_closes_the_stream_there(fleet: Any, wait_for: Callable[..., Any]) -> None:
    async with fleet(1) as running:
        running.replicas[0].wrong = "hang"
        stream = running.engine.generate(running.job())
        await anext(stream)
        assert (await running.engine.stats()).running == 1
        await stream.aclose()
        await wait_for(lambda: running.replicas[0].aborted == 1)
        stats = await running.engine.stats()
        assert (stats.running, stats.aborted) == (0, 1)


async def test_cancelling_the_task_closes_the_stream_too(fleet: Any, wait_for: Callable[..., Any]) -> None:
    async with fleet(1) as running:
        running.replicas[0].wrong = "hang_first"
        task = asyncio.ensure_future(running.outputs())
        await wait_for(lambda: len(running.replicas[0].jobs) == 1)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await wait_for(lambda: running.replicas[0].aborted == 1)
        assert running.engine.fleet.replicas[running.replicas[0].url].under_way == 0


async def test_a_draining_replica_ends_what_it_has_and_gets_nothing_new(fleet: Any) -> None:
    async with fleet(2) as running:
        await running.outputs(session="s")
        home = running.home_of("s")
        (other,) = [replica for replica in running.replicas if replica is not home]
        home.wrong = "hang"
        stream = running.engine.generate(running.job(session="s"))
        first = await anext(stream)
        running.engine.fleet.drain(home.url)
        assert running.engine.state.detail == "1 of 2 replicas ready"
        await running.outputs(session="s")
        assert len(other.jobs) == 1
        home.go_on.set()
        rest = [output async for output in stream]
        assert [token for output in (first, *rest) for token in output.tokens] == [40, 41, 42]
        running.engine.fleet.drain(home.url, draining=False)
        await running.outputs(session="s")
        assert len(home.jobs) == 3
        with pytest.raises(UnknownNameError, match="unknown replica"):
            running.engine.fleet.drain("http://elsewhere")


async def test_closing_the_engine_lets_answers_end_and_takes_no_new_ones(fleet: Any) -> None:
    async with fleet(1) as running:
        running.replicas[0].wrong = "hang"
        stream = running.engine.generate(running.job())
        first = await anext(stream)
        closing = asyncio.ensure_future(running.engine.close())
        await running.until(lambda: running.engine.state.status != "ready")
        with pytest.raises(UnavailableError):
            await running.outputs()
        running.replicas[0].go_on.set()
        rest = [output async for output in stream]
        assert [token for output in (first, *rest) for token in output.tokens] == [40, 41, 42]
        await closing


async def test_closing_ends_answers_that_take_too_long_with_an_error(fleet: Any) -> None:
    async with fleet(1, drain_s=0.05) as running:
        running.replicas[0].wrong = "hang"
        stream = running.engine.generate(running.job())
        await anext(stream)
        waiting = asyncio.ensure_future(anext(stream))
        await running.engine.close()
        with pytest.raises(EngineError, match="the server is ending"):
            await waiting


async def test_a_wrong_key_is_read_again_and_a_new_one_counts(fleet: Any, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("first\n")

    def prepare(replicas: list[Any]) -> None:
        replicas[0].key = "first"

    async with fleet(1, prepare=prepare, api_key_file=str(file)) as running:
        assert await running.ids() == [40, 41, 42]
        running.replicas[0].key = "second"
        await running.until(lambda: running.engine.state.status != "ready")
        assert "endpoint-key-file" in running.engine.state.detail
        file.write_text("second\n")
        await running.until(lambda: running.engine.state.status == "ready")
        assert await running.ids() == [40, 41, 42]


async def test_a_stream_whose_end_is_not_said_has_ended_all_the_same(fleet: Any) -> None:
    async with fleet(1, token_s=0.2) as running:
        running.replicas[0].wrong = "endless"
        outputs = await running.outputs()
        assert outputs[-1].finish == "length"
        assert outputs[-1].cached == 7
