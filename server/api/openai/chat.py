"""`POST /v1/chat/completions`: the next turn of a conversation, by the model's own chat template."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import Request

from server.access.identity import identity_of
from server.api.foreign import ForeignDoor, about_request, language_of, service_for
from server.api.openai.shapes import Item, TextReply, chat_logprobs, finish_of
from server.api.openai.wire import ChatRequest, check_top
from server.api.requests import parse_body
from server.chat import Message
from server.texts import Choice, TextDelta, TextRequest


class ChatDoor(ForeignDoor):
    """OpenAI's way in for conversations."""

    async def __call__(self, http: Request) -> ChatReply:
        """Read one request, and route it by its model's name, else by its file's language."""
        asked = parse_body(await http.body(), http.headers.get("content-type", ""), ChatRequest)
        check_top(asked.top_logprobs, asked.heat, "top_logprobs")
        about = about_request(asked.user, language_of(self._languages, asked.path or ""))
        service = service_for(self._models, http, about.language, asked.model)
        roles = {"developer": "system"}
        request = TextRequest(
            (tuple(Message(roles.get(each.role, each.role), each.words) for each in asked.messages),),
            max_new_tokens=max(asked.max_completion_tokens or asked.max_tokens or 0, 0) or None,
            **asked.drawing(),
        )
        return ChatReply(
            about,
            service.say(request, identity_of(http)),
            streamed=bool(asked.stream),
            kinds=("chat.completion", "chat.completion.chunk"),
            prefix="chatcmpl",
            model=service.completer.card.name,
            usage=bool(asked.stream_options and asked.stream_options.include_usage),
            choices=asked.n or 1,
            logprobs=bool(asked.logprobs),
            top=bool(asked.top_logprobs),
        )


class ChatReply(TextReply):
    """OpenAI's answers to conversations."""

    def __init__(self, *given: Any, choices: int, logprobs: bool = False, top: bool = False, **options: Any) -> None:
        super().__init__(*given, **options)
        self._choices = choices
        self._logprobs = logprobs
        self._top = top

    def choice(self, choice: Choice) -> Item:
        message = {"role": "assistant", "content": choice.text, "refusal": None}
        logprobs = chat_logprobs(choice.tokens, self._top) if self._logprobs else None
        finish = finish_of(choice.finish)
        return {"index": choice.index, "message": message, "logprobs": logprobs, "finish_reason": finish}

    def first(self) -> Iterable[Item]:
        for index in range(self._choices):
            yield _chunk(index, {"role": "assistant", "content": ""})

    def chunk(self, delta: TextDelta) -> Item:
        logprobs = chat_logprobs(delta.tokens, self._top) if self._logprobs else None
        return {**_chunk(delta.index, {"content": delta.text}), "logprobs": logprobs}

    def last(self, choice: Choice) -> Item:
        return {**_chunk(choice.index, {}), "finish_reason": finish_of(choice.finish)}


def _chunk(index: int, delta: Item) -> Item:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": None}
