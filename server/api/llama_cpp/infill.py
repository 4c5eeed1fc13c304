"""`POST /infill`: llama.cpp's fill in the middle (its `tools/server/README.md`).

`prompt` is the typed part of the cursor's line, so it ends the prefix. How to draw (samplers, `top_k` and the like) is
left unread: an answer is greedy unless `temperature` is given and the samplers, where they are listed, have it.
`t_max_predict_ms` counts from the first token there; here the time for the prompt (`t_max_prompt_ms`, or half a
second) comes to it. With `n_predict` 0 the prompt is computed for the next request, and the answer is empty.

An answer in one piece is cleaned up, like the language server's; a stream has the model's own words.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import Request, Response
from pydantic import Field

from core.wire import CompletionRequest, CompletionResult, FinishReason, PieceKind, Problem, Timings, TokenCounts
from server.access.identity import identity_of
from server.api.dialects import body_of
from server.api.events import data_stream
from server.api.foreign import (
    ForeignDoor,
    ForeignModel,
    about_request,
    hole,
    language_of,
    piece,
    seed_of,
    service_for,
    texts,
)
from server.api.requests import parse_body
from server.api.under_way import Reply
from server.texts import TextDelta, TextRequest, TextResult

PATH = "/infill"
_PROMPT_MS = 500.0
_STOP_TYPES = {FinishReason.LENGTH: "limit", FinishReason.TIME: "limit"}

Item = dict[str, Any]


class Extra(ForeignModel):
    """A piece of another file."""

    filename: str = Field(default="", description="of the file")
    text: str = Field(description="the piece")


class InfillRequest(ForeignModel):
    """What llama.vim and llama.vscode send; other fields of llama.cpp are left unread."""

    input_prefix: str = Field(default="", description="the lines above the cursor's")
    input_suffix: str = Field(default="", description="the text behind the cursor")
    input_extra: list[Extra] = Field(default=[], description="pieces of other files, the last 64 of them")
    prompt: str = Field(default="", description="the cursor's line as far as the cursor")
    filename: str = Field(default="", description="of this server: the file, whose language chooses the model")
    n_predict: int = Field(default=-1, description="tokens at most; 0: only compute the prompt; negative: our limit")
    t_max_prompt_ms: float | None = Field(default=None, description="time for the prompt")
    t_max_predict_ms: float | None = Field(default=None, description="time for the answer; 0 and less: no limit")
    temperature: float | None = Field(default=None, description="0 is greedy, the default here", ge=0)
    samplers: list[str] | str | None = Field(default=None, description="without `temperature`, the answer is greedy")
    seed: int | None = Field(default=None, description="negative: none")
    stop: str | list[str] | None = Field(default=None, description="texts that the answer ends before")
    stream: bool = Field(default=False, description="as server-sent events")
    response_fields: list[str] | None = Field(
        default=None,
        description="fields wanted, such as `timings/prompt_n`, which then stands at the root",
        max_length=64,
    )

    def drawn_at(self) -> float:
        """The temperature."""
        listed = self.samplers is None or isinstance(self.samplers, str) or "temperature" in self.samplers
        return min(self.temperature or 0.0, 2.0) if listed else 0.0

    def budget_ms(self) -> float | None:
        """The time for prompt and answer together."""
        if self.n_predict == 0 or not self.t_max_predict_ms or self.t_max_predict_ms <= 0:
            return None
        return self.t_max_predict_ms + max(self.t_max_prompt_ms or _PROMPT_MS, 0.0)


class InfillDoor(ForeignDoor):
    """llama.vim's and llama.vscode's way in."""

    async def __call__(self, http: Request) -> Reply[Any, Any]:
        """Read one request; its language is that of `filename`, which neither editor sends, else `text`."""
        asked = parse_body(await http.body(), http.headers.get("content-type", ""), InfillRequest)
        about = about_request(None, language_of(self._languages, asked.filename))
        service = service_for(self._models, http, about.language)
        request = hole(
            about,
            service,
            asked.input_prefix + asked.prompt,
            asked.input_suffix,
            1 if asked.n_predict == 0 else max(asked.n_predict, 0) or None,
            path=asked.filename,
            context=[piece(PieceKind.SIMILAR, each.filename, each.text) for each in asked.input_extra],
            stop=texts(asked.stop),
            temperature=asked.drawn_at(),
            seed=seed_of(asked.seed),
            time_budget_ms=asked.budget_ms(),
        )
        shape = _Shape(asked, request, service.completer.card.name)
        if asked.stream and asked.n_predict != 0:
            wanted = TextRequest(
                (request,),
                temperature=request.temperature,
                seed=request.seed,
                stop=request.stop,
                time_budget_ms=request.time_budget_ms,
            )
            return _StreamReply(about, service.say(wanted, identity_of(http)), shape)
        return _WholeReply(about, service.complete(request, identity_of(http)), shape)


class _Shape:
    """llama.cpp's answers to one request."""

    def __init__(self, asked: InfillRequest, request: CompletionRequest, model: str) -> None:
        self._asked = asked
        self._request = request
        self._model = model

    def body(self, content: str, finish: FinishReason, tokens: TokenCounts, timings: Timings) -> Item:
        """The answer's fields, or those that were asked for."""
        if self._asked.n_predict == 0:
            content = ""
        request = self._request
        fields: Item = {
            "index": 0,
            "content": content,
            "tokens": [],
            "stop": True,
            "model": self._model,
            "tokens_predicted": tokens.generated,
            "tokens_evaluated": tokens.prompt,
            "tokens_cached": tokens.cached,
            "generation_settings": {
                "n_predict": request.max_new_tokens,
                "temperature": request.temperature,
                "seed": request.seed,
                "stop": list(request.stop),
                "stream": self._asked.stream,
            },
            "has_new_line": "\n" in content,
            "truncated": False,
            "stop_type": _STOP_TYPES.get(finish, "eos"),
            "stopping_word": "",
            "timings": _timings(tokens, timings),
        }
        wanted = self._asked.response_fields
        return fields if not wanted else {name: found for name in wanted for found in _at(fields, name)}


class _WholeReply(Reply[Any, CompletionResult]):
    result_type = CompletionResult

    def __init__(self, about: Any, items: Any, shape: _Shape) -> None:
        super().__init__(about, items)
        self._shape = shape

    def whole(self, result: CompletionResult) -> Response:
        body = self._shape.body(result.text, result.finish_reason, result.tokens, result.timings)
        return Response(json.dumps(body), media_type="application/json")

    def stream(self, parts: AsyncIterator[Any]) -> Response:
        raise AssertionError("it is never asked to stream")


class _StreamReply(Reply[TextDelta, TextResult]):
    result_type = TextResult

    def __init__(self, about: Any, items: Any, shape: _Shape) -> None:
        super().__init__(about, items, streamed=True)
        self._shape = shape

    def whole(self, result: TextResult) -> Response:
        raise AssertionError("it always streams")

    def stream(self, parts: AsyncIterator[TextDelta | TextResult | Problem]) -> Response:
        return data_stream(self._lines(parts))

    async def _lines(self, parts: AsyncIterator[TextDelta | TextResult | Problem]) -> AsyncIterator[str]:
        async for part in parts:
            match part:
                case TextDelta():
                    yield json.dumps({"index": 0, "content": part.text, "tokens": [], "stop": False})
                case TextResult():
                    yield json.dumps(self._shape.body("", part.choices[0].finish, part.tokens, part.timings))
                case Problem():
                    yield body_of(PATH, 503 if part.retry_after_s else 500, part)[1]


def _timings(tokens: TokenCounts, timings: Timings) -> Item:
    prompt_ms = max(timings.first_token_ms - timings.queue_ms, 0.0)
    predicted_ms = max(timings.total_ms - timings.first_token_ms, 0.0)
    return {
        "cache_n": tokens.cached,
        **_speed("prompt", tokens.computed, prompt_ms),
        **_speed("predicted", tokens.generated, predicted_ms),
    }


def _speed(name: str, count: int, took_ms: float) -> Item:
    return {
        f"{name}_n": count,
        f"{name}_ms": took_ms,
        f"{name}_per_token_ms": took_ms / count if count else 0.0,
        f"{name}_per_second": count / took_ms * 1e3 if took_ms else 0.0,
    }


def _at(fields: Item, name: str) -> list[Any]:
    """The field at a path of names, in a list; an empty list where there is none."""
    found: Any = fields
    for part in name.split("/"):
        if not isinstance(found, dict) or part not in found:
            return []
        found = found[part]
    return [found]
