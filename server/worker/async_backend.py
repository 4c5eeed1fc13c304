"""vLLM's `AsyncLLM`, which schedules and computes in processes of its own."""

from __future__ import annotations

import asyncio
import os
import time
import traceback
from collections.abc import AsyncGenerator, Sequence

from vllm import SamplingParams
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.inputs import TokensPrompt
from vllm.lora.request import LoRARequest
from vllm.v1.engine.async_llm import AsyncLLM
from vllm.v1.engine.exceptions import EngineDeadError

from server.worker.backend import ENGINE_DIED, REFUSED, Backend, Step, cause, step_of
from server.worker.engine import JobError


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
        self, request_id: str, prompt: Sequence[int], params: SamplingParams, adapter: LoRARequest | None = None
    ) -> AsyncGenerator[Step, None]:
        """Steps of a request."""
        if not self._streams:
            self._progress = time.monotonic()
        self._streams += 1
        tokens = TokensPrompt(prompt_token_ids=list(prompt))
        outputs = self._engine.generate(tokens, params, request_id, lora_request=adapter)
        try:
            async for output in outputs:
                self._progress = time.monotonic()
                step = step_of(output, 0.0)
                self.generated_tokens += len(step.tokens)
                yield step
        except EngineDeadError as error:
            traceback.print_exc()
            if self.serving:
                os._exit(ENGINE_DIED)
            raise RuntimeError(cause(error)) from error
        except REFUSED as error:
            raise JobError(str(error)) from error
        finally:
            self._streams -= 1
            await outputs.aclose()

    async def add_adapter(self, adapter: LoRARequest) -> None:
        """Read an adapter's weights."""
        await self._engine.add_lora(adapter)

    async def close(self) -> None:
        """Stop vLLM's processes."""
        self._engine.shutdown()
