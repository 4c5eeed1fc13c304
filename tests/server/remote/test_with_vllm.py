"""The real `vllm serve` behind the engine: the same tokens as the local worker's."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.peers.vllm_bare import vllm_process
from server.engines.base import Engine
from server.engines.remote.engine import RemoteEngine
from server.engines.supervised import SupervisedWorker
from server.generation import Job
from server.models.folder import EMBEDDED
from server.tokens.rendering import TokenRenderer

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

OPTIONS: dict[str, Any] = {"dtype": "float32", "eager": True, "kv_cache_gib": 0.25}
CODE = "def total(rows):\n    amount = 0\n    for row in rows:\n        amount += row.price\n    ret"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("vllm") / "server.log"
    with vllm_process(EMBEDDED, log, arguments=(), **OPTIONS) as (url, _):
        yield url


@pytest.fixture(scope="module")
def jobs() -> list[Job]:
    """Prompts of many lengths: with and without a beginning, a line's end, a stop, a seed."""
    encode = TokenRenderer.from_folder(EMBEDDED).encode
    code = tuple(encode(CODE))
    rng = random.Random(1)
    found = [
        Job(id="plain", prompt=code, max_new_tokens=24),
        Job(id="line", prompt=code, max_new_tokens=24, stop_at_line_end=True),
        Job(id="stop", prompt=code, max_new_tokens=24, stop=tuple(encode(" "))),
    ]
    found += [
        Job(id=f"healed {number}", prompt=code[:-1], begin_with=begin, max_new_tokens=12)
        for number, begin in enumerate((b"r", b" ret", b"\n    re", b"zq~", "é".encode()[:1]))
    ]
    found += [
        Job(id=f"of {length}", prompt=tuple(rng.randrange(10, 6000) for _ in range(length)), max_new_tokens=16)
        for length in (1, 31, 32, 33, 200, 900)
    ]
    return found


async def ready(engine: Engine) -> None:
    await engine.start()
    while engine.state.status != "ready":
        await engine.changed(engine.state)


async def answers(engine: Engine, jobs: list[Job]) -> list[tuple[list[int], list[float], str | None]]:
    found: list[tuple[list[int], list[float], str | None]] = []
    for job in jobs:
        outputs = [output async for output in engine.generate(job)]
        tokens = [token for output in outputs for token in output.tokens]
        found.append((tokens, [value for output in outputs for value in output.logprobs], outputs[-1].finish))
    return found


async def test_remote_answers_equal_the_local_worker_s(endpoint: str, jobs: list[Job]) -> None:
    local = SupervisedWorker("vllm", {"model": str(EMBEDDED), "context_limit": 1024, **OPTIONS})
    remote = RemoteEngine(
        {"model": str(EMBEDDED), "context_limit": 2048, "endpoints": [endpoint], "max_allowed": 10_000}
    )
    try:
        await asyncio.gather(ready(local), ready(remote))
        assert remote.state.facts is not None
        assert remote.state.facts.context_tokens == 1024
        here, there = await answers(local, jobs), await answers(remote, jobs)
        assert [tokens for tokens, _, _ in there] == [tokens for tokens, _, _ in here]
        assert [finish for _, _, finish in there] == [finish for _, _, finish in here]
        unconstrained = [number for number, job in enumerate(jobs) if not job.begin_with]
        for number in unconstrained:
            assert there[number][1] == pytest.approx(here[number][1], abs=1e-4)
    finally:
        await asyncio.gather(local.close(), remote.close())


async def test_the_prefix_cache_is_counted_and_a_closed_stream_is_aborted(endpoint: str) -> None:
    engine = RemoteEngine({"model": str(EMBEDDED), "context_limit": 1024, "endpoints": [endpoint]})
    try:
        await ready(engine)
        prompt = tuple(range(100, 300))
        for extra, expected in ((), 0), ((5,), 192):
            outputs = [output async for output in engine.generate(Job(id="1", prompt=prompt + extra, max_new_tokens=2))]
            assert outputs[-1].cached == expected
        stream = engine.generate(Job(id="2", prompt=prompt, max_new_tokens=800))
        await anext(stream)
        await stream.aclose()
        await no_more_running(f"{endpoint}/metrics")
    finally:
        await engine.close()


async def test_the_wrong_tokenizer_is_noticed(endpoint: str, model_folder: Path) -> None:
    engine = RemoteEngine({"model": str(model_folder), "context_limit": 1024, "endpoints": [endpoint]})
    try:
        await engine.start()
        async with asyncio.timeout(60):
            while "another tokenizer" not in engine.state.detail:
                await engine.changed(engine.state)
    finally:
        await engine.close()


async def no_more_running(url: str) -> None:
    """Wait until vLLM's own metrics say that it computes nothing."""
    async with asyncio.timeout(20), httpx.AsyncClient(trust_env=False) as http:
        while True:
            lines = (await http.get(url)).text.splitlines()
            running = [line for line in lines if line.startswith("vllm:num_requests_running")]
            if running and all(float(line.split()[-1]) == 0 for line in running):
                return
            await asyncio.sleep(0.05)
