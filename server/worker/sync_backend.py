"""vLLM's `LLMEngine`, stepped by a thread of this process."""

from __future__ import annotations

import asyncio
import os
import threading
import time
import traceback
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace

from vllm import SamplingParams
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.inputs import TokensPrompt
from vllm.lora.request import LoRARequest
from vllm.outputs import RequestOutput
from vllm.v1.engine.llm_engine import LLMEngine

from server.worker.backend import ENGINE_DIED, REFUSED, Backend, Step, cause, step_of
from server.worker.engine import JobError

GATHER_S = 0.05
"""How long the tokens of a request are gathered, after its first."""


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
        self, request_id: str, prompt: Sequence[int], params: SamplingParams, adapter: LoRARequest | None = None
    ) -> AsyncGenerator[Step, None]:
        """Steps of a request."""
        queue: asyncio.Queue[Step | Exception] = asyncio.Queue()
        self._queues[request_id] = queue
        self._added[request_id] = time.monotonic()
        tokens = list(prompt)
        self._do(lambda engine: self._add(engine, request_id, tokens, params, adapter))
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

    async def add_adapter(self, adapter: LoRARequest) -> None:
        """Read an adapter's weights, between two steps."""
        read: asyncio.Future[None] = self._loop.create_future()

        def add(engine: LLMEngine) -> None:
            try:
                engine.add_lora(adapter)
            except Exception as error:
                self._loop.call_soon_threadsafe(read.set_exception, error)
            else:
                self._loop.call_soon_threadsafe(read.set_result, None)

        self._do(add)
        await asyncio.shield(read)

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

    def _add(
        self,
        engine: LLMEngine,
        request_id: str,
        prompt: list[int],
        params: SamplingParams,
        adapter: LoRARequest | None,
    ) -> None:
        if request_id not in self._queues:  # aborted before it began
            return
        try:
            engine.add_request(request_id, TokensPrompt(prompt_token_ids=prompt), params, lora_request=adapter)
        except REFUSED as error:
            refused: list[tuple[str, Step | Exception]] = [(request_id, JobError(str(error)))]
            self._loop.call_soon_threadsafe(self._deliver, refused)

    def _run(self, arguments: AsyncEngineArgs, loaded: asyncio.Future[str]) -> None:
        try:
            engine = LLMEngine.from_engine_args(arguments)
        except Exception as error:
            traceback.print_exc()
            self._loop.call_soon_threadsafe(loaded.set_exception, RuntimeError(cause(error)))
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
            broken = RuntimeError(cause(error))
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
                step = step_of(output, waited * 1e3)
                self.generated_tokens += len(step.tokens)
                if due := self._gathered.add(output.request_id, step, now):
                    steps.append((output.request_id, due))
        if steps:
            self._loop.call_soon_threadsafe(self._deliver, steps)

    def _deliver(self, steps: list[tuple[str, Step | Exception]]) -> None:
        for request_id, step in steps:
            if queue := self._queues.get(request_id):
                queue.put_nowait(step)
