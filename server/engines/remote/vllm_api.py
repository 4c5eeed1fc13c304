"""vLLM's dialect: token ids there and back, each with its probability, and token healing.

The answer is made to begin with given bytes as the local worker does it: a request for a single token among
`allowed_token_ids` for as long as bytes remain, then one for the rest, which finds all before it in the replica's
prefix cache. At most `max_allowed` ids are sent; the lowest of a BPE vocabulary are its most frequent tokens.

Everything that `vllm serve` would take from the model's `generation_config.json` is sent, so that an answer is the
same as the local worker's. Source: `vllm/entrypoints/openai/completion` of vLLM 0.32.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from completion.healing import VocabularyIndex
from core.errors import RequestError
from server.engines.remote.api import Api, Ask, Step, steps
from server.engines.remote.connection import ReplicaError
from server.generation import Job, Output

_PLAIN = {
    "top_k": 0,
    "min_p": 0.0,
    "repetition_penalty": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
}


class VllmApi(Api):
    """`tokens` are the vocabulary's bytes."""

    token_healing = True
    health_path = "/health"

    def __init__(self, tokens: Sequence[bytes], max_allowed: int) -> None:
        self._index = VocabularyIndex(tokens)
        self._max_allowed = max_allowed
        self._allowed = functools.lru_cache(maxsize=512)(self._allowed_ids)

    async def outputs(self, job: Job, ask: Ask) -> AsyncGenerator[Output, None]:
        """Outputs of the job."""
        prompt, remaining, left, cached = list(job.prompt), job.begin_with, job.max_new_tokens, 0
        while remaining:
            allowed = self._allowed(remaining)
            taken: tuple[int, ...] = ()
            async for step in _asked(ask, _body(job, prompt, 1, allowed)):
                output = self._output(job, step, line_ends=False)
                taken += output.tokens
                cached = cached or (step.cached if len(prompt) == len(job.prompt) else 0)
            if len(taken) != 1 or taken[0] not in allowed:
                raise ReplicaError("does not honour allowed_token_ids")
            left -= 1
            yield output.model_copy(update={"cached": cached, "finish": None if left else "length"})
            if not left:
                return
            prompt.append(taken[0])
            remaining = self._index.rest(remaining, taken[0])
        async for step in _asked(ask, _body(job, prompt, left, None)):
            output = self._output(job, step, line_ends=job.stop_at_line_end)
            yield output.model_copy(update={"cached": cached or (0 if job.begin_with else step.cached)})
            if output.finish is not None:
                return

    def _output(self, job: Job, step: Step, *, line_ends: bool) -> Output:
        """The step as an output; with `line_ends`, the end is behind its first line feed."""
        if step.ids is None or step.logprobs is None or len(step.ids) != len(step.logprobs):
            raise ReplicaError("answers without token ids; where it is not vLLM, choose --endpoint-api openai")
        ids, logprobs, finish = step.ids, step.logprobs, step.finish
        if line_ends:
            tokens = self._index.tokens
            end = next((at for at, number in enumerate(ids, 1) if b"\n" in _bytes_of(tokens, number)), None)
            if end is not None:
                ids, logprobs, finish = ids[:end], logprobs[:end], "stop"
        return Output(id=job.id, tokens=ids, logprobs=logprobs, finish=finish)

    def _allowed_ids(self, remaining: bytes) -> list[int]:
        allowed = self._index.allowed(remaining)
        if not allowed:
            message = f"the engine refused the request: no token can begin with {remaining!r}"
            raise RequestError(message, code="refused_by_engine")
        return allowed if len(allowed) <= self._max_allowed else sorted(allowed)[: self._max_allowed]


async def _asked(ask: Ask, body: dict[str, Any]) -> AsyncGenerator[Step, None]:
    async with contextlib.aclosing(ask(body)) as events, contextlib.aclosing(steps(events)) as found:
        async for step in found:
            yield step


def _body(job: Job, prompt: list[int], max_tokens: int, allowed: list[int] | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        **_PLAIN,
        "prompt": prompt,
        "max_tokens": max_tokens,
        "temperature": job.temperature,
        "top_p": job.top_p,
        "stop_token_ids": list(job.stop),
        "ignore_eos": True,
        "logprobs": 0,
        "return_token_ids": True,
        "return_tokens_as_token_ids": True,
        "stream_options": {"include_usage": True},
    }
    if job.seed is not None:
        body["seed"] = job.seed
    if allowed:
        body["allowed_token_ids"] = allowed
    return body


def _bytes_of(tokens: Sequence[bytes], number: int) -> bytes:
    return tokens[number] if number < len(tokens) else b""
