"""What both dialects of the completions API have in common: the pieces of a stream, and who turns them into outputs."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from server.engines.remote.connection import ReplicaError
from server.generation import Job, Output

Ask = Callable[[dict[str, Any]], AsyncGenerator[Any, None]]
"""Streams one request's events from a replica; the body is without `model` and `stream`."""


class Api(ABC):
    """One dialect."""

    token_healing: bool
    health_path: str

    @abstractmethod
    def outputs(self, job: Job, ask: Ask) -> AsyncGenerator[Output, None]:
        """The outputs of a job, the last with a `finish`; asks as often as it needs to. Raises `ReplicaError`."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one event adds: `ids` where the endpoint tells them, a probability for each token of its own.

    `cached` is known with the last one, if at all.
    """

    text: str
    ids: tuple[int, ...] | None
    logprobs: tuple[float, ...] | None
    finish: Literal["stop", "length"] | None = None
    cached: int = 0


async def steps(events: AsyncGenerator[Any, None]) -> AsyncGenerator[Step, None]:
    """The steps of one request's events; the last has a `finish`, and comes once the endpoint has said everything.

    Raises `ReplicaError` for an error in the stream, for what is no completion, and where the end never came.
    """
    last: Step | None = None
    cached = 0
    try:
        async for event in events:
            piece = _piece(event)
            if piece.usage is not None and piece.usage.prompt_tokens_details is not None:
                cached = piece.usage.prompt_tokens_details.cached_tokens or 0
            for choice in piece.choices[:1]:
                step = Step(choice.text, choice.token_ids, _logprobs(choice.logprobs), _finish(choice.finish_reason))
                if step.finish is not None:
                    last = step
                elif last is None:
                    yield step
    except ReplicaError:
        if last is None:
            raise
    if last is None:
        raise ReplicaError("ended its answer without a finish_reason")
    yield replace(last, cached=cached)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Logprobs(_Model):
    token_logprobs: tuple[float | None, ...] = ()


class _Choice(_Model):
    text: str = ""
    token_ids: tuple[int, ...] | None = None
    logprobs: _Logprobs | None = None
    finish_reason: str | None = None


class _Details(_Model):
    cached_tokens: int | None = Field(default=None, ge=0)


class _Usage(_Model):
    prompt_tokens_details: _Details | None = None


class _Piece(_Model):
    choices: tuple[_Choice, ...]
    usage: _Usage | None = None


def _piece(event: Any) -> _Piece:
    if isinstance(event, dict) and (error := event.get("error")):
        said = error.get("message") if isinstance(error, dict) else error
        raise ReplicaError(f"failed on a request: {' '.join(str(said).split())[:300]}")
    try:
        return _Piece.model_validate(event)
    except ValidationError:
        raise ReplicaError("sent an event that is no completion") from None


def _logprobs(found: _Logprobs | None) -> tuple[float, ...] | None:
    if found is None:
        return None
    if any(value is None or math.isnan(value) for value in found.token_logprobs):
        raise ReplicaError("computes no probabilities any more (NaN)")
    return tuple(value for value in found.token_logprobs if value is not None)


def _finish(reason: str | None) -> Literal["stop", "length"] | None:
    if reason is None or reason == "":
        return None
    if reason == "stop":
        return "stop"
    if reason == "length":
        return "length"
    raise ReplicaError(f"gave a request up ({reason[:40]})")
