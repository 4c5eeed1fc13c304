"""OpenAI's answers, as its API reference has them."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from fastapi import Response

from core.wire import FinishReason, Problem, TokenCounts
from server.api.dialects import openai_error
from server.api.events import data_stream
from server.api.under_way import Reply
from server.listening import ChosenToken
from server.texts import Choice, TextDelta, TextResult

DONE = "[DONE]"

Item = dict[str, Any]


class TextReply(Reply[TextDelta, TextResult]):
    """What both endpoints' answers have in common: the envelope, and the order of a stream."""

    result_type = TextResult

    def __init__(
        self, *given: Any, kinds: tuple[str, str], prefix: str, model: str, usage: bool, **options: Any
    ) -> None:
        """`kinds` are the words for the whole answer and for a chunk of a stream."""
        super().__init__(*given, **options)
        self._kind, self._chunk_kind = kinds
        self._usage = usage
        self._head = {"id": f"{prefix}-{self.about.request_id}", "created": int(time.time()), "model": model}

    def choice(self, choice: Choice) -> Item:
        """A whole choice."""
        raise NotImplementedError

    def chunk(self, delta: TextDelta) -> Item:
        """A choice of a stream's chunk."""
        raise NotImplementedError

    def last(self, choice: Choice) -> Item:
        """The choice of a stream's chunk that says why the text ended."""
        raise NotImplementedError

    def first(self) -> Iterable[Item]:
        """Choices that a stream begins with."""
        return ()

    def whole(self, result: TextResult) -> Response:
        """One object."""
        choices = [self.choice(each) for each in result.choices]
        body = {**self._head, "object": self._kind, "choices": choices, "usage": usage(result.tokens)}
        return Response(json.dumps(body), media_type="application/json")

    def stream(self, parts: AsyncIterator[TextDelta | TextResult | Problem]) -> Response:
        """Chunks, and `[DONE]`; a problem is an object with `error`."""
        return data_stream(self._lines(parts))

    async def _lines(self, parts: AsyncIterator[TextDelta | TextResult | Problem]) -> AsyncIterator[str]:
        for item in self.first():
            yield self._line([item])
        async for part in parts:
            match part:
                case TextDelta():
                    yield self._line([self.chunk(part)])
                case TextResult():
                    for choice in part.choices:
                        yield self._line([self.last(choice)])
                    if self._usage:
                        yield self._line([], usage=usage(part.tokens))
                case Problem():
                    yield json.dumps({"error": openai_error(503 if part.retry_after_s else 500, part)})
        yield DONE

    def _line(self, choices: list[Item], **more: Any) -> str:
        if self._usage:
            more.setdefault("usage", None)
        return json.dumps({**self._head, "object": self._chunk_kind, "choices": choices, **more})


def finish_of(finish: FinishReason) -> str:
    """`length` where the limit was met, else `stop`."""
    return "length" if finish in {FinishReason.LENGTH, FinishReason.TIME} else "stop"


def usage(tokens: TokenCounts) -> Item:
    """Counts of tokens."""
    return {
        "prompt_tokens": tokens.prompt,
        "completion_tokens": tokens.generated,
        "total_tokens": tokens.prompt + tokens.generated,
        "prompt_tokens_details": {"cached_tokens": tokens.cached},
    }


def text_logprobs(tokens: Iterable[ChosenToken], offset: Callable[[int], int], top: bool) -> Item:
    """Of a text completion; `offset` gives a character's place for a byte's."""
    given = tuple(tokens)
    return {
        "tokens": [_spelled(token) for token in given],
        "token_logprobs": [token.logprob for token in given],
        "top_logprobs": [{_spelled(token): token.logprob} for token in given] if top else None,
        "text_offset": [offset(token.start) for token in given],
    }


def chat_logprobs(tokens: Iterable[ChosenToken], top: bool) -> Item:
    """Of a chat completion."""
    given = [{"token": _spelled(each), "logprob": each.logprob, "bytes": list(each.data)} for each in tokens]
    return {"content": [{**each, "top_logprobs": [each] if top else []} for each in given], "refusal": None}


def _spelled(token: ChosenToken) -> str:
    return token.data.decode(errors="replace")
