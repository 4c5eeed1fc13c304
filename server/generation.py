"""What the server asks of an engine, and what the engine answers: token ids in, token ids out.

Shared by the server process and by its workers, so it imports nothing heavy. Bytes travel as URL-safe base64.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class GenerationModel(BaseModel):
    """Base of these types: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_bytes="base64", val_json_bytes="base64")


class Job(GenerationModel):
    """One generation. An engine that cannot constrain its first token is never given a `begin_with`."""

    id: str = Field(description="unique for the life of the connection")
    prompt: tuple[int, ...] = Field(description="token ids", min_length=1)
    begin_with: bytes = Field(
        default=b"", description="the answer's bytes must begin with these; they end inside or at the end of a token"
    )
    max_new_tokens: int = Field(description="upper bound on generated tokens", ge=1)
    stop: tuple[int, ...] = Field(default=(), description="ids that end the answer; the last id of the answer then")
    stop_at_line_end: bool = Field(default=False, description="also end after a token that holds a line feed")
    temperature: float = Field(default=0.0, description="0 is greedy", ge=0)
    top_p: float = Field(default=1.0, description="draw among the likeliest tokens of this share", gt=0, le=1)
    seed: int | None = Field(default=None, description="for sampling")
    adapter: str = Field(default="", description="folder of the LoRA adapter to answer with; empty: none")
    session: str = Field(default="", description="jobs of one session share a prefix cache; empty: of none")


class Output(GenerationModel):
    """Some more tokens of one generation; the last one has a `finish`."""

    id: str = Field(description="of the job")
    tokens: tuple[int, ...] = Field(default=(), description="token ids, new since the last output")
    logprobs: tuple[float, ...] = Field(
        default=(), description="natural logarithm of each token's probability, after the constraint; one a token"
    )
    cached: int = Field(default=0, description="prompt tokens found in the prefix cache", ge=0)
    queue_ms: float = Field(default=0.0, description="time that the job waited for its first step", ge=0)
    finish: Literal["stop", "length"] | None = Field(default=None, description="why it ended; None: it goes on")


class EngineFacts(GenerationModel):
    """What an engine says of itself once it is ready."""

    engine: str = Field(description="such as `vllm 0.32.0, synchronous, cpu`")
    context_tokens: int = Field(description="prompt and answer together", ge=1)
    dtype: str = Field(description="number format of the weights, such as `float32`")
    token_healing: bool = Field(description="whether `Job.begin_with` is honoured")
    load_s: float = Field(description="seconds from the worker's start until ready", ge=0)


class EngineStats(GenerationModel):
    """Counters since the engine started, and what it does now."""

    running: int = Field(default=0, description="jobs that are in the engine now", ge=0)
    finished: int = Field(default=0, description="jobs that ended by themselves", ge=0)
    aborted: int = Field(default=0, description="jobs that were aborted", ge=0)
    generated_tokens: int = Field(default=0, description="tokens that the engine made, aborted jobs included", ge=0)
    stalled_s: float = Field(default=0.0, description="seconds with work and without progress", ge=0)
