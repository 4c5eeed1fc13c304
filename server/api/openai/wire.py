"""OpenAI's requests, as its API reference has them, and what of them this server does not do."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from pydantic import Field

from core.errors import RequestError
from server.api.foreign import ForeignModel, only, seed_of, texts

MAX_TEXTS = 16
"""Prompts times choices of one request."""


class Drawing(TypedDict):
    """The part of a `TextRequest` that says how its texts are drawn."""

    temperature: float
    top_p: float
    seed: int | None
    stop: tuple[str, ...]
    choices: int


class StreamOptions(ForeignModel):
    """What a stream holds beside the text."""

    include_usage: bool = Field(default=False, description="end the stream with a chunk of token counts")


class Sampling(ForeignModel):
    """What both endpoints take."""

    model: str | None = Field(default=None, description="one of `/v1/models`; left out: the model for the language")
    n: int | None = Field(default=1, description="how many texts to each prompt", ge=1, le=MAX_TEXTS)
    stop: str | list[str] | None = Field(default=None, description="texts that the answer ends before")
    temperature: float | None = Field(default=1.0, description="0 is greedy", ge=0, le=2)
    top_p: float | None = Field(default=1.0, description="draw among the likeliest tokens of this share", gt=0, le=1)
    seed: int | None = Field(default=None, description="for sampling")
    stream: bool | None = Field(default=False, description="as server-sent events, the last of them `[DONE]`")
    stream_options: StreamOptions | None = Field(default=None, description="for a stream")
    user: str | None = Field(default=None, description="whoever asks; requests of one have one session")
    path: str | None = Field(default=None, description="of this server: the file, whose language chooses the model")
    frequency_penalty: Annotated[float | None, only(0)] = Field(default=0, description="0 alone")
    presence_penalty: Annotated[float | None, only(0)] = Field(default=0, description="0 alone")
    logit_bias: Annotated[dict[str, float] | None, only({})] = Field(default=None, description="none")

    @property
    def heat(self) -> float:
        """The temperature; OpenAI's default where it is null."""
        return 1.0 if self.temperature is None else self.temperature

    def drawing(self, seed: int | None = None) -> Drawing:
        """How the texts are drawn. A `seed` under another name goes first. Raises `RequestError` for wrong stops."""
        return Drawing(
            temperature=self.heat,
            top_p=1.0 if self.top_p is None else self.top_p,
            seed=seed_of(self.seed if seed is None else seed),
            stop=texts(self.stop),
            choices=self.n or 1,
        )


class TextsRequest(Sampling):
    """`POST /v1/completions`."""

    prompt: str | list[str] | list[int] | list[list[int]] = Field(
        default="", description="text, or several; what spells a control token stays text. Token ids are refused"
    )
    suffix: str | None = Field(default=None, description="text behind the hole: then the prompt is the text before it")
    max_tokens: int | None = Field(default=16, description="cut to what the context holds", ge=1)
    logprobs: int | None = Field(
        default=None, description="0: the chosen tokens' logarithms; 1: the likeliest too, where it is chosen", ge=0
    )
    echo: bool | None = Field(default=False, description="begin each text with its prompt")
    best_of: Annotated[int | None, only(1)] = Field(default=None, description="1 alone")

    def prompts(self) -> tuple[str, ...]:
        """The prompts as texts. Raises `RequestError` for token ids, and for too many."""
        given = [self.prompt] if isinstance(self.prompt, str) else self.prompt
        found = tuple(each for each in given if isinstance(each, str))
        if len(found) < len(given) or not found:
            raise RequestError("prompt: send text; token ids are not taken, since they could be control tokens")
        if len(found) * (self.n or 1) > MAX_TEXTS:
            raise RequestError(f"prompt, n: at most {MAX_TEXTS} texts to a request")
        return found


class TextPart(ForeignModel):
    """A part of a message's content."""

    type: Literal["text"] = Field(description="no other kind is taken")
    text: str = Field(description="joined with the other parts")


class ChatMessage(ForeignModel):
    """One turn. `developer` is `system` here, as templates know no other word."""

    role: Literal["system", "developer", "user", "assistant"] = Field(description="whose turn it is")
    content: str | list[TextPart] = Field(description="text; what spells a control token stays text")
    tool_calls: Annotated[list[Any] | None, only([])] = Field(default=None, description="none")

    @property
    def words(self) -> str:
        """The content's text."""
        return self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)


class ChatRequest(Sampling):
    """`POST /v1/chat/completions`."""

    messages: list[ChatMessage] = Field(description="the conversation so far", min_length=1, max_length=1024)
    max_tokens: int | None = Field(default=None, description="cut to what the context holds; negative: that", ge=-1)
    max_completion_tokens: int | None = Field(default=None, description="the newer name of max_tokens", ge=-1)
    logprobs: bool | None = Field(default=False, description="the chosen tokens' logarithms")
    top_logprobs: int | None = Field(default=None, description="0, or 1 where the answer is greedy", ge=0)
    tools: Annotated[list[Any] | None, only([])] = Field(default=None, description="none")
    functions: Annotated[list[Any] | None, only([])] = Field(default=None, description="none")
    response_format: Annotated[dict[str, Any] | None, only({"type": "text"})] = Field(
        default=None, description="text alone"
    )


def check_top(wanted: int | None, temperature: float | None, name: str) -> None:
    """Raise `RequestError` where more alternatives are wanted than the engine tells: the chosen token alone."""
    if not wanted or (wanted == 1 and temperature == 0):
        return
    raise RequestError(
        f"{name}: this server tells the chosen token's logarithm alone; ask for 0, or for 1 with temperature 0"
    )
