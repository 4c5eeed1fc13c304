"""The two ways of driving vLLM, behind one interface.

`SyncBackend` steps `LLMEngine` on a thread of its own: on a few CPU cores half the time a token of `AsyncLLM`,
which runs its engine in a second process. `AsyncBackend` is `AsyncLLM`, for GPUs.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
import traceback
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vllm import SamplingParams
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.exceptions import VLLMClientError
from vllm.inputs import TokensPrompt
from vllm.outputs import RequestOutput
from vllm.v1.engine.async_llm import AsyncLLM
from vllm.v1.engine.exceptions import EngineDeadError
from vllm.v1.engine.llm_engine import LLMEngine

from server.worker.engine import JobError

ENGINE_DIED = 70
"""Exit status of a worker whose engine raised in the middle of a step: its state is not to be trusted."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step added to one request."""

    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    cached: int
    queue_ms: float
    finish: Literal["stop", "length"] | None


GATHER_S = 0.05
"""How long the tokens of a request are gathered, after its first."""

REFUSED = (ValueError, VLLMClientError)
"""What vLLM raises for a request that it does not take; it goes on with the others."""


class Backend(ABC):
    """`generated_tokens` counts what the engine made.

    An engine that raises in the middle of a step ends the process once `serving` is set; before that, while it is
    being tried out, `stream` raises `RuntimeError`.
    """

    name = ""
    dtype = ""

    def __init__(self) -> None:
        self.generated_tokens = 0
        self.serving = False

    @property
    @abstractmethod
    def stalled_s(self) -> float:
        """Seconds with work and without progress, whoever comes and goes meanwhile."""

    @abstractmethod
    async def load(self, arguments: AsyncEngineArgs) -> None:
        """Build the engine."""

    @abstractmethod
    def stream(self, request_id: str, prompt: Sequence[int], params: SamplingParams) -> AsyncGenerator[Step, None]:
        """Steps of a request; closing the generator aborts it in the engine. Raises `JobError`."""

    @abstractmethod
    async def close(self) -> None:
        """Stop the engine."""


class Gathered:
    """Gathers the steps of each request, so that the first and the last go out at once and those between together.

    Whoever a step is handed to takes time from the cores that the next one is computed on.
    """

    def __init__(self, every_s: float = GATHER_S) -> None:
        self._every_s = every_s
        self._kept: dict[str, Step] = {}
        self._due_s: dict[str, float] = {}

    def add(self, request_id: str, step: Step, now_s: float) -> Step | None:
        """All that is to go out now, this step the last of it; `None`: nothing yet."""
        is_first = request_id not in self._due_s
        before = self._kept.pop(request_id, None)
        if before is not None:
            step = replace(step, tokens=before.tokens + step.tokens, logprobs=before.logprobs + step.logprobs)
        if step.finish is not None:
            self._due_s.pop(request_id, None)
            return step
        if is_first or now_s >= self._due_s[request_id]:
            self._due_s[request_id] = now_s + self._every_s
            return step
        self._kept[request_id] = step
        return None

    def forget(self, request_id: str) -> None:
        """Drop what was gathered of a request that was aborted."""
        self._kept.pop(request_id, None)
        self._due_s.pop(request_id, None)


class SyncBackend(Backend):
    """`LLMEngine` in this process. The thread that loads it steps it: OpenMP binds its threads to their maker."""

    name = "synchronous"

    def __init__(self) -> None:
        super().__init__()
        self._wake = threading.Condition()
        self._commands: deque[Callable[[LLMEngine], None]] = deque()
        self._queues: dict[str, asyncio.Queue[Step | Exception]] = {}
        self._added: dict[str, float] = {}
        self._gathered = Gathered()
        self._busy_since: float | None = None
        self._closed = False

    @property
    def stalled_s(self) -> float:
        """Seconds that the current step takes already."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    async def load(self, arguments: AsyncEngineArgs) -> None:
        """Start the thread, and wait until it has built the engine."""
        self._loop = asyncio.get_running_loop()
        loaded: asyncio.Future[str] = self._loop.create_future()
        threading.Thread(target=self._run, args=(arguments, loaded), name="engine", daemon=True).start()
        self.dtype = await loaded

    async def stream(
        self, request_id: str, prompt: Sequence[int], params: SamplingParams
    ) -> AsyncGenerator[Step, None]:
        """Steps of a request."""
        queue: asyncio.Queue[Step | Exception] = asyncio.Queue()
        self._queues[request_id] = queue
        self._added[request_id] = time.monotonic()
        tokens = list(prompt)
        self._do(lambda engine: self._add(engine, request_id, tokens, params))
        step: Step | Exception | None = None
        try:
            while True:
                step = await queue.get()
                if isinstance(step, Exception):
                    raise step
                yield step
                if step.finish is not None:
                    return
        finally:
            del self._queues[request_id]
            self._added.pop(request_id, None)
            if not isinstance(step, Step) or step.finish is None:
                self._do(lambda engine: self._abort(engine, request_id))

    def _abort(self, engine: LLMEngine, request_id: str) -> None:
        engine.abort_request([request_id])
        self._gathered.forget(request_id)

    async def close(self) -> None:
        """Let the thread end after its current step."""
        self._closed = True
        self._do(lambda _: None)

    def _do(self, command: Callable[[LLMEngine], None]) -> None:
        with self._wake:
            self._commands.append(command)
            self._wake.notify()

    def _add(self, engine: LLMEngine, request_id: str, prompt: list[int], params: SamplingParams) -> None:
        if request_id not in self._queues:  # aborted before it began
            return
        try:
            engine.add_request(request_id, TokensPrompt(prompt_token_ids=prompt), params)
        except REFUSED as error:
            refused: list[tuple[str, Step | Exception]] = [(request_id, JobError(str(error)))]
            self._loop.call_soon_threadsafe(self._deliver, refused)

    def _run(self, arguments: AsyncEngineArgs, loaded: asyncio.Future[str]) -> None:
        try:
            engine = LLMEngine.from_engine_args(arguments)
        except Exception as error:
            traceback.print_exc()
            self._loop.call_soon_threadsafe(loaded.set_exception, RuntimeError(_cause(error)))
            return
        dtype = str(engine.model_config.dtype).removeprefix("torch.")
        self._loop.call_soon_threadsafe(loaded.set_result, dtype)
        try:
            while not self._closed:
                self._step(engine)
        except Exception as error:
            traceback.print_exc()
            if self.serving:
                os._exit(ENGINE_DIED)
            broken = RuntimeError(_cause(error))
            self._loop.call_soon_threadsafe(lambda: self._deliver([(job, broken) for job in self._queues]))

    def _step(self, engine: LLMEngine) -> None:
        with self._wake:
            while not self._commands and not engine.has_unfinished_requests():
                self._wake.wait()
            commands = list(self._commands)
            self._commands.clear()
        self._busy_since = began = time.monotonic()
        for command in commands:
            command(engine)
        outputs = engine.step() if engine.has_unfinished_requests() else []
        self._busy_since = None
        now = time.monotonic()
        steps: list[tuple[str, Step | Exception]] = []
        for output in outputs:
            if isinstance(output, RequestOutput):
                waited = began - self._added.pop(output.request_id, began)
                step = _step_of(output, waited * 1e3)
                self.generated_tokens += len(step.tokens)
                if due := self._gathered.add(output.request_id, step, now):
                    steps.append((output.request_id, due))
        if steps:
            self._loop.call_soon_threadsafe(self._deliver, steps)

    def _deliver(self, steps: list[tuple[str, Step | Exception]]) -> None:
        for request_id, step in steps:
            if queue := self._queues.get(request_id):
                queue.put_nowait(step)


class AsyncBackend(Backend):
    """`AsyncLLM`: vLLM schedules and computes in processes of its own."""

    name = "asynchronous"

    def __init__(self) -> None:
        super().__init__()
        self._streams = 0
        self._progress = time.monotonic()

    @property
    def stalled_s(self) -> float:
        """Seconds since the last output, or since there is work."""
        return time.monotonic() - self._progress if self._streams else 0.0

    async def load(self, arguments: AsyncEngineArgs) -> None:
        """Start `AsyncLLM`; its engine process is started from a thread, since that blocks for long."""
        loop = asyncio.get_running_loop()
        config = await loop.run_in_executor(None, arguments.create_engine_config)
        self._engine = await loop.run_in_executor(
            None, lambda: AsyncLLM.from_vllm_config(config, disable_log_stats=True)
        )
        self.dtype = str(config.model_config.dtype).removeprefix("torch.")

    async def stream(
        self, request_id: str, prompt: Sequence[int], params: SamplingParams
    ) -> AsyncGenerator[Step, None]:
        """Steps of a request."""
        if not self._streams:
            self._progress = time.monotonic()
        self._streams += 1
        outputs = self._engine.generate(TokensPrompt(prompt_token_ids=list(prompt)), params, request_id)
        try:
            async for output in outputs:
                self._progress = time.monotonic()
                step = _step_of(output, 0.0)
                self.generated_tokens += len(step.tokens)
                yield step
        except EngineDeadError as error:
            traceback.print_exc()
            if self.serving:
                os._exit(ENGINE_DIED)
            raise RuntimeError(_cause(error)) from error
        except REFUSED as error:
            raise JobError(str(error)) from error
        finally:
            self._streams -= 1
            await outputs.aclose()

    async def close(self) -> None:
        """Stop vLLM's processes."""
        self._engine.shutdown()


def _step_of(output: RequestOutput, queue_ms: float) -> Step:
    completion = output.outputs[0]
    tokens = tuple(completion.token_ids)
    found = completion.logprobs or ()
    logprobs = tuple(at[token].logprob for at, token in zip(found, tokens, strict=True) if at is not None)
    finish = completion.finish_reason
    return Step(
        tokens,
        logprobs,
        output.num_cached_tokens or 0,
        queue_ms,
        None if finish is None else "length" if finish == "length" else "stop",
    )


def _cause(error: BaseException) -> str:
    """The first line of the innermost error that says something."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
