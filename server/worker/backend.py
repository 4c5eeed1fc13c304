"""What the two ways of driving vLLM have in common.

`SyncBackend` steps `LLMEngine` on a thread of its own: on a few CPU cores half the time a token of `AsyncLLM`,
which runs its engine in a second process. `AsyncBackend` is `AsyncLLM`, for GPUs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Literal

from vllm import SamplingParams
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.exceptions import VLLMClientError
from vllm.lora.request import LoRARequest
from vllm.outputs import RequestOutput

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
    def stream(
        self, request_id: str, prompt: Sequence[int], params: SamplingParams, adapter: LoRARequest | None = None
    ) -> AsyncGenerator[Step, None]:
        """Steps of a request; closing the generator aborts it in the engine. Raises `JobError`."""

    @abstractmethod
    async def add_adapter(self, adapter: LoRARequest) -> None:
        """Read an adapter's weights. Raises what vLLM raises where it does not take them; the engine goes on.

        vLLM would read them with the first request too, but a folder that is wrong then stops the whole engine.
        """

    @abstractmethod
    async def close(self) -> None:
        """Stop the engine."""


def step_of(output: RequestOutput, queue_ms: float) -> Step:
    """What vLLM's output says. `queue_ms` is how long the request waited."""
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


def cause(error: BaseException) -> str:
    """The first line of the innermost error that says something."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
