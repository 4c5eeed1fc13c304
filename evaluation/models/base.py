"""Whom a strategy asks, whatever runs it: a prompt of one of three kinds goes in, a reply comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from core.wire import CompletionRequest, ContextPiece

Report = Callable[[str], None]
"""Takes one line that says what a model does while it starts."""


@dataclass(frozen=True, slots=True)
class Infill:
    """A hole in a file, as an editor asks for it: laid out by the fill-in-the-middle template of the model."""

    language: str
    prefix: str
    suffix: str = ""
    context: tuple[ContextPiece, ...] = ()
    path: str = ""
    repository: str = ""
    single_line: bool = False


@dataclass(frozen=True, slots=True)
class Continue:
    """Text that the model goes on with."""

    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation that the model answers, laid out by its chat template."""

    messages: tuple[Message, ...]


Prompt = Infill | Continue | Chat

_REQUEST_TOKENS = 1024
"""The most that one request to the server may ask for."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """How one answer is drawn. `stop` are texts that end it; they are no part of it. Greedy at temperature 0."""

    max_new_tokens: int = 512
    temperature: float = 0.0
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `prompt` is what the model was given, special tokens as their text; times are in milliseconds.

    `first_token_ms` and `confidence` are `None` where the model does not tell.
    """

    prompt: str
    text: str
    finish: str
    prompt_tokens: int
    new_tokens: int
    total_ms: float
    first_token_ms: float | None = None
    confidence: float | None = None


class Model(ABC):
    """A checkpoint or an endpoint. `ask` may be called many times at once."""

    name: str
    engine: str
    template: str = ""
    endpoint: str = ""
    folder: str = ""
    files_sha256: dict[str, str]

    @abstractmethod
    async def start(self, report: Report) -> None:
        """Get ready. Raises `VernacularError` where that can never be."""

    @abstractmethod
    async def ask(self, prompt: Prompt, drawing: Drawing) -> Reply:
        """The answer.

        Raises `RequestError` where this prompt can never be answered, such as one that is too long; any other
        `VernacularError` where no prompt can be any longer.
        """

    @abstractmethod
    async def close(self) -> None:
        """Let go of processes and connections."""


def completion_request(hole: Infill, drawing: Drawing, name: str) -> CompletionRequest:
    """The request that an editor would send; `name` is its id."""
    return CompletionRequest(
        request_id=name,
        session_id=name,
        language=hole.language,
        path=hole.path,
        repository=hole.repository,
        prefix=hole.prefix,
        suffix=hole.suffix,
        context=hole.context,
        batch=True,
        clean_up=False,
        single_line=hole.single_line,
        max_new_tokens=min(drawing.max_new_tokens, _REQUEST_TOKENS),
        temperature=drawing.temperature,
        seed=drawing.seed,
    )
