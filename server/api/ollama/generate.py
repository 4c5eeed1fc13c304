"""`POST /api/generate`: a hole (with `suffix`), a text that goes on (`raw`), or one turn of a conversation.

As in Ollama, a stream is the default and is JSON objects, one a line (its `docs/api.md`). Options that say how to draw
beyond `temperature`, `top_p` and `seed` are left unread. The model's own words, not cleaned up.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import Field

from core.wire import Problem
from server.access.identity import identity_of
from server.api.events import line_stream
from server.api.foreign import (
    ForeignDoor,
    ForeignModel,
    about_request,
    hole,
    language_of,
    only,
    seed_of,
    service_for,
    texts,
)
from server.api.openai.shapes import finish_of
from server.api.requests import parse_body
from server.api.under_way import Reply
from server.chat import Message
from server.texts import Prompt, TextDelta, TextRequest, TextResult

Item = dict[str, Any]


class Options(ForeignModel):
    """How to draw."""

    num_predict: int = Field(default=-1, description="tokens at most; negative: what the context holds")
    temperature: float | None = Field(default=None, description="0 is greedy, the default for a hole", ge=0)
    top_p: float = Field(default=1.0, description="draw among the likeliest tokens of this share", gt=0, le=1)
    seed: int | None = Field(default=None, description="for sampling")
    stop: str | list[str] | None = Field(default=None, description="texts that the answer ends before")


class GenerateRequest(ForeignModel):
    """What is asked."""

    model: str = Field(description="one of `/api/tags`, with or without `:latest`")
    prompt: str = Field(default="", description="text before the hole, a text that goes on, or what a user says")
    suffix: str | None = Field(default=None, description="text behind the hole")
    system: str | None = Field(default=None, description="what comes before a user's words")
    raw: bool = Field(default=False, description="go on from the prompt as it is, without the chat template")
    stream: bool = Field(default=True, description="as JSON objects, one a line")
    options: Options | None = Field(default=None, description="how to draw")
    template: Annotated[str | None, only("")] = Field(default=None, description="none: the model's own is used")
    context: Annotated[list[int] | None, only([])] = Field(default=None, description="none: token ids are not taken")
    images: Annotated[list[Any] | None, only([])] = Field(default=None, description="none")
    format: Annotated[Any, only("")] = Field(default=None, description="none")


class GenerateDoor(ForeignDoor):
    """The way in of editors that were made for Ollama."""

    async def __call__(self, http: Request) -> GenerateReply:
        """Read one request; its model is named, and its language `text`."""
        asked = parse_body(await http.body(), http.headers.get("content-type", ""), GenerateRequest)
        options = asked.options or Options()
        about = about_request(None, language_of(self._languages, ""))
        service = service_for(self._models, http, about.language, asked.model.removesuffix(":latest"))
        most = max(options.num_predict, 0) or None
        temperature = min(options.temperature or 0.0, 2.0)
        prompt: Prompt = asked.prompt
        if asked.suffix:
            prompt = hole(about, service, asked.prompt, asked.suffix, most, temperature=temperature)
        elif not asked.raw:
            system = (Message("system", asked.system),) if asked.system else ()
            prompt = (*system, Message("user", asked.prompt))
        request = TextRequest((prompt,), most, temperature, options.top_p, seed_of(options.seed), texts(options.stop))
        return GenerateReply(about, service.say(request, identity_of(http)), streamed=asked.stream, model=asked.model)


class GenerateReply(Reply[TextDelta, TextResult]):
    """Ollama's answers."""

    result_type = TextResult

    def __init__(self, *given: Any, model: str, **options: Any) -> None:
        super().__init__(*given, **options)
        self._model = model

    def whole(self, result: TextResult) -> Response:
        """One object."""
        return Response(json.dumps(self._last(result.choices[0].text, result)), media_type="application/json")

    def stream(self, parts: AsyncIterator[TextDelta | TextResult | Problem]) -> Response:
        """One object a line."""
        return line_stream(self._lines(parts))

    async def _lines(self, parts: AsyncIterator[TextDelta | TextResult | Problem]) -> AsyncIterator[str]:
        async for part in parts:
            match part:
                case TextDelta():
                    yield json.dumps(self._item(part.text, done=False))
                case TextResult():
                    yield json.dumps(self._last("", part))
                case Problem():
                    yield json.dumps({"error": part.message})

    def _item(self, text: str, *, done: bool) -> Item:
        now = dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z")
        return {"model": self._model, "created_at": now, "response": text, "done": done}

    def _last(self, text: str, result: TextResult) -> Item:
        times = result.timings
        return {
            **self._item(text, done=True),
            "done_reason": finish_of(result.choices[0].finish),
            "total_duration": round(times.total_ms * 1e6),
            "load_duration": 0,
            "prompt_eval_count": result.tokens.prompt,
            "prompt_eval_duration": round(times.first_token_ms * 1e6),
            "eval_count": result.tokens.generated,
            "eval_duration": round(max(times.total_ms - times.first_token_ms, 0.0) * 1e6),
        }
