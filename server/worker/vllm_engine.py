"""The vLLM engine of a worker: jobs become vLLM requests, token healing included.

How the answer is made to begin with given bytes: as long as bytes remain to be matched, one request for a single
token among `VocabularyIndex.allowed`; then one unconstrained request for the rest, which finds all before it in
the prefix cache. vLLM's structured output (a regular expression) does the same in one request; it took four
times as long to the first token (`benchmarks/README.md`), so it is not used. Both work under speculation.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from completion.healing import VocabularyIndex
from server.generation import EngineFacts, EngineStats, Job, Output
from server.tokens.vocabulary import load_token_bytes
from server.worker.engine import JobError, LoadError, Report, WorkerEngine
from server.worker.vllm_options import VllmOptions, prepare_environment

if TYPE_CHECKING:
    from vllm import SamplingParams
    from vllm.lora.request import LoRARequest

    from server.worker.backend import Backend

_V2_RUNNER_ALLOWED = 1024
"""vLLM's second model runner (GPU) takes at most so many allowed ids; its MAX_NUM_ALLOWED_TOKEN_IDS."""


def vllm_engine(options: dict[str, JsonValue]) -> WorkerEngine:
    """The engine, not loaded yet. Raises pydantic's error for wrong options."""
    return VllmEngine(VllmOptions.model_validate(options))


class VllmEngine(WorkerEngine):
    """vLLM in this process (on a CPU), or beside it (on a GPU)."""

    def __init__(self, options: VllmOptions) -> None:
        self._options = options
        self._started = time.monotonic()
        self._backend: Backend | None = None
        self._running = self._finished = self._aborted = 0
        self._allowed_limit: int | None = None
        self._adapters: dict[str, LoRARequest] = {}
        self._adding = asyncio.Lock()

    async def load(self, report: Report) -> EngineFacts:
        """Import vLLM, load the weights, compile."""
        prepare_environment(self._options)
        report("importing vLLM")
        loop = asyncio.get_running_loop()
        try:
            on_cpu = await loop.run_in_executor(None, _import_vllm, report)
            self._index = await loop.run_in_executor(
                None, lambda: VocabularyIndex(load_token_bytes(Path(self._options.model)))
            )
            self._line_ends = [index for index, data in enumerate(self._index.tokens) if b"\n" in data]
            self._allowed_ids = functools.lru_cache(maxsize=512)(self._allowed)
            if not on_cpu and os.environ.get("VLLM_USE_V2_MODEL_RUNNER") != "0":
                self._allowed_limit = _V2_RUNNER_ALLOWED
            if on_cpu:
                from server.worker.cpu_generator import give_generators_offsets

                give_generators_offsets()
            self._backend = self._new_backend(on_cpu)
            from server.worker.vllm_arguments import engine_arguments

            await self._backend.load(engine_arguments(self._options, on_cpu))
            await self._warm_up(report)
            self._backend.serving = True
        except ImportError as error:
            raise LoadError(f"vLLM cannot be imported ({error}); install it with `make serve`") from error
        except (OSError, ValueError, RuntimeError, TypeError, KeyError, AttributeError, AssertionError) as error:
            logging.getLogger(__name__).exception("loading failed")
            raise LoadError(f"vLLM could not load {self._options.model}: {_first_line(error)}") from error
        from vllm import __version__

        return EngineFacts(
            engine=f"vllm {__version__}, {self._backend.name}, {'cpu' if on_cpu else 'gpu'}",
            context_tokens=self._options.context_tokens(on_cpu),
            dtype=self._backend.dtype,
            token_healing=True,
            load_s=time.monotonic() - self._started,
        )

    async def generate(self, job: Job) -> AsyncGenerator[Output, None]:
        """Outputs of the job."""
        ended = False
        self._running += 1
        try:
            async with contextlib.aclosing(self._outputs(job)) as outputs:
                async for output in outputs:
                    ended = output.finish is not None
                    yield output
        finally:
            self._running -= 1
            self._finished += ended
            self._aborted += not ended

    def stats(self) -> EngineStats:
        """Counters."""
        backend = self._backend
        return EngineStats(
            running=self._running,
            finished=self._finished,
            aborted=self._aborted,
            generated_tokens=backend.generated_tokens if backend else 0,
            stalled_s=backend.stalled_s if backend else 0.0,
        )

    async def close(self) -> None:
        """Stop the backend."""
        if self._backend is not None:
            await self._backend.close()

    async def _outputs(self, job: Job) -> AsyncGenerator[Output, None]:
        assert self._backend is not None, "generate before load"
        adapter = await self._adapter(job.adapter) if job.adapter else None
        prompt = list(job.prompt)
        left, remaining, part = job.max_new_tokens, job.begin_with, 0
        cached, queue_ms = 0, 0.0
        while left > 0:
            allowed = self._allowed_ids(remaining) if remaining else None
            params = self._sampling(job, 1 if allowed else left, allowed)
            async with contextlib.aclosing(self._backend.stream(f"{job.id}.{part}", prompt, params, adapter)) as steps:
                async for step in steps:
                    if part == 0 and not queue_ms:
                        cached, queue_ms = step.cached, step.queue_ms
                    left -= len(step.tokens)
                    finish = step.finish
                    if allowed and left > 0:
                        finish = None
                    yield Output(
                        id=job.id,
                        tokens=step.tokens,
                        logprobs=step.logprobs,
                        cached=cached,
                        queue_ms=queue_ms,
                        finish=finish,
                    )
                    if allowed and step.tokens:
                        prompt += step.tokens
                        remaining = self._index.rest(remaining, step.tokens[0])
            part += 1
            if not allowed:
                return

    async def _adapter(self, folder: str) -> LoRARequest:
        """What vLLM is told of an adapter. Each folder is read once, and has a number of its own from then on."""
        async with self._adding:
            if folder not in self._adapters:
                if not self._options.adapters:
                    raise JobError("this engine was started without adapters")
                assert self._backend is not None, "generate before load"
                from vllm.lora.request import LoRARequest

                adapter = LoRARequest(folder, len(self._adapters) + 1, folder)
                try:
                    await self._backend.add_adapter(adapter)
                except Exception as error:  # vLLM's own, torch's, of the file system
                    raise JobError(f"the adapter in {folder} cannot be used: {_first_line(error)}") from error
                self._adapters[folder] = adapter
            return self._adapters[folder]

    def _allowed(self, remaining: bytes) -> list[int]:
        allowed = self._index.allowed(remaining)
        if not allowed:
            raise JobError(f"no token can begin with {remaining!r}")
        if self._allowed_limit is not None and len(allowed) > self._allowed_limit:
            # the lowest ids of a BPE vocabulary are its most frequent tokens
            return sorted(allowed)[: self._allowed_limit]
        return allowed

    def _sampling(self, job: Job, max_tokens: int, allowed: list[int] | None) -> SamplingParams:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        # a healed token may hold the line feed that was typed
        line_ends = self._line_ends if job.stop_at_line_end and not allowed else []
        return SamplingParams(
            temperature=job.temperature,
            top_p=job.top_p,
            seed=job.seed,
            max_tokens=max_tokens,
            stop_token_ids=[*job.stop, *line_ends],
            ignore_eos=True,
            detokenize=False,
            logprobs=0,
            allowed_token_ids=allowed,
            output_kind=RequestOutputKind.DELTA,
            skip_clone=True,  # a deep copy of 60,000 allowed ids takes tens of milliseconds
        )

    def _new_backend(self, on_cpu: bool) -> Backend:
        synchronous = self._options.mode == "sync" or (self._options.mode == "auto" and on_cpu)
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0" if synchronous else "1"
        if synchronous:
            from server.worker.sync_backend import SyncBackend

            return SyncBackend()
        from server.worker.async_backend import AsyncBackend

        return AsyncBackend()

    async def _warm_up(self, report: Report) -> None:
        """Run a short job of each kind, so that the first user does not pay for what is set up on first use."""
        report("warming up")
        some = next(index for index, data in enumerate(self._index.tokens) if data)
        for begin_with in (b"", self._index.tokens[some]):
            job = Job(id=f"warm-up{len(begin_with)}", prompt=(some,) * 8, begin_with=begin_with, max_new_tokens=4)
            async for _ in self.generate(job):
                pass


def _import_vllm(report: Report) -> bool:
    """Import what takes seconds; whether this is vLLM for a CPU."""
    import vllm  # noqa: F401
    from vllm.engine.arg_utils import AsyncEngineArgs  # noqa: F401
    from vllm.platforms import current_platform
    from vllm.v1.engine.llm_engine import LLMEngine  # noqa: F401

    _follow_log(report)
    return bool(current_platform.is_cpu())


def _follow_log(report: Report) -> None:
    """Tell in a few words what vLLM's own log says at length."""
    stages = {
        "Starting to load model": "loading the weights",
        "Loading weights took": "compiling",
        "Dynamo bytecode transform": "compiling",
        "Warming up model": "compiling",
    }

    class _Follower(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = record.getMessage()
            for beginning, stage in stages.items():
                if text.startswith(beginning):
                    report(stage)

    logging.getLogger("vllm").addHandler(_Follower(logging.INFO))


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
