"""An engine without a model, which does what a script says: for tests of everything round an engine.

It honours `begin_with`, stops, aborts and counts like a real one, and can die, hang, or fail on cue.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import signal
import time
from collections.abc import AsyncGenerator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from completion.healing import VocabularyIndex
from server.generation import EngineFacts, EngineStats, Job, Output
from server.tokens.vocabulary import load_token_bytes
from server.worker.engine import JobError, LoadError, Report, WorkerEngine


class Script(BaseModel):
    """What the engine does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(default="", description="folder with a tokenizer.json; empty: no constrained first token")
    answer: tuple[int, ...] = Field(default=(1,), description="ids that each job gets, in turn, again and again")
    drawn: tuple[tuple[int, ...], ...] = Field(default=(), description="ids that jobs with a temperature get, in turn")
    adapters: dict[str, tuple[int, ...]] = Field(default_factory=dict, description="folder of an adapter -> its answer")
    context_tokens: int = Field(default=2048, description="what it says its context is", ge=1)
    token_s: float = Field(default=0.0, description="seconds a token takes", ge=0)
    load_s: float = Field(default=0.0, description="seconds that loading takes", ge=0)
    fail: str = Field(default="", description="loading fails with this message")
    fail_while: str = Field(default="", description="a file: loading fails while it is there")
    raise_after: int | None = Field(default=None, description="raise what no engine should, after so many tokens")
    die_after: int | None = Field(default=None, description="SIGKILL itself after so many tokens")
    hang_after: int | None = Field(default=None, description="block the whole process after so many tokens")
    nan_after: int | None = Field(default=None, description="answer with what is no number after so many tokens")
    stall_after: int | None = Field(default=None, description="stop producing, but answer pings, after so many tokens")
    log_bytes: int = Field(default=0, description="so much is written to the log without a line end", ge=0)
    child: str = Field(default="", description="a file that gets the id of a process that is started beside it")
    once: str = Field(default="", description="a file: dying and hanging happen only while it is not there")


class ScriptedEngine(WorkerEngine):
    """See the module."""

    def __init__(self, options: dict[str, JsonValue]) -> None:
        self._script = Script.model_validate(options)
        self._index: VocabularyIndex | None = None
        self._running = self._finished = self._aborted = self._tokens = 0
        self._progress = time.monotonic()
        self._drawn = itertools.cycle(self._script.drawn)

    async def load(self, report: Report) -> EngineFacts:
        """Wait as scripted, then be ready or fail."""
        report("reading the script")
        await asyncio.sleep(self._script.load_s)
        if self._script.fail:
            raise LoadError(self._script.fail)
        if self._script.fail_while and os.path.exists(self._script.fail_while):  # noqa: ASYNC240, PTH110
            raise LoadError("the memory is still taken")
        print("x" * self._script.log_bytes, end="", flush=True)  # noqa: T201
        if self._script.child:
            child = await asyncio.create_subprocess_exec("sleep", "600")
            Path(self._script.child).write_text(str(child.pid))  # noqa: ASYNC240
        if self._script.model:
            self._index = VocabularyIndex(load_token_bytes(Path(self._script.model)))
        return EngineFacts(
            engine="scripted",
            context_tokens=self._script.context_tokens,
            dtype="none",
            token_healing=self._index is not None,
            load_s=self._script.load_s,
        )

    async def generate(self, job: Job) -> AsyncGenerator[Output, None]:
        """The scripted answer; the first token is the lowest id that begins with `begin_with`, where it is set."""
        if job.adapter and job.adapter not in self._script.adapters:
            raise JobError(f"the adapter in {job.adapter} cannot be used: not in the script")
        answer = self._script.adapters.get(job.adapter, self._script.answer)
        if job.temperature > 0:
            answer = next(self._drawn, answer)
        if not self._running:
            self._progress = time.monotonic()
        self._running += 1
        ended = False
        try:
            for position in range(job.max_new_tokens):
                await asyncio.sleep(self._script.token_s)
                await self._misbehave()
                token = answer[position % len(answer)]
                if position == 0 and job.begin_with and self._index:
                    token = min(self._index.starting_with(job.begin_with))
                logprob = math.nan if self._cued(self._script.nan_after) else -0.5
                self._tokens += 1
                self._progress = time.monotonic()
                finish = "stop" if token in job.stop else "length" if position + 1 == job.max_new_tokens else None
                ended = finish is not None
                yield Output(
                    id=job.id, tokens=(token,), logprobs=(logprob,), cached=len(job.prompt) // 2, finish=finish
                )
                if ended:
                    return
        finally:
            self._running -= 1
            self._finished += ended
            self._aborted += not ended

    def stats(self) -> EngineStats:
        """Counters."""
        return EngineStats(
            running=self._running,
            finished=self._finished,
            aborted=self._aborted,
            generated_tokens=self._tokens,
            stalled_s=time.monotonic() - self._progress if self._running else 0.0,
        )

    async def close(self) -> None:
        """Nothing to let go of."""

    def _cued(self, after: int | None) -> bool:
        """Whether what is to happen after so many tokens happens now."""
        return self._tokens == after and (not self._script.once or _first_time(Path(self._script.once)))

    async def _misbehave(self) -> None:
        script = self._script
        cues = (script.raise_after, script.die_after, script.hang_after, script.stall_after)
        if self._tokens not in cues or not self._cued(self._tokens):
            return
        if self._tokens == script.raise_after:
            raise LookupError("as scripted")
        if self._tokens == script.die_after:
            os.kill(os.getpid(), signal.SIGKILL)
        if self._tokens == script.hang_after:
            while True:
                time.sleep(1)  # noqa: ASYNC251  blocking the loop is the point
        await asyncio.Event().wait()


def _first_time(mark: Path) -> bool:
    """Whether `mark` was not there; it is from now on."""
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
