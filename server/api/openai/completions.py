"""`POST /v1/completions`: a prompt that goes on, or with `suffix` a hole that is filled, in the model's own words.

Tabby's client asks the same path; its requests have `segments`, and go through Tabby's door.
"""

from __future__ import annotations

from typing import Any

from fastapi import Request
from pydantic import Field

from core.errors import RequestError
from core.language_files import LanguageRegistry
from server.access.identity import identity_of
from server.api.foreign import ForeignDoor, ForeignModel, about_request, hole, language_of, service_for
from server.api.openai.shapes import Item, TextReply, finish_of, text_logprobs
from server.api.openai.wire import TextsRequest, check_top
from server.api.requests import parse_body
from server.api.under_way import Door, Reply
from server.registry.models import Models
from server.texts import Choice, Prompt, TextDelta, TextRequest


class CompletionsDoor(ForeignDoor):
    """OpenAI's way in, and at the same path Tabby's."""

    def __init__(self, models: Models, languages: LanguageRegistry, tabby: Door) -> None:
        super().__init__(models, languages)
        self._tabby = tabby

    async def __call__(self, http: Request) -> Reply[Any, Any]:
        """Read one request, and route it by its model's name, else by its file's language."""
        body, content_type = await http.body(), http.headers.get("content-type", "")
        if parse_body(body, content_type, _Either).segments is not None:
            return await self._tabby(http)
        asked = parse_body(body, content_type, TextsRequest)
        prompts = asked.prompts()
        temperature = asked.heat
        check_top(asked.logprobs, temperature, "logprobs")
        if asked.echo and asked.logprobs is not None:
            raise RequestError("echo: the prompt's own logarithms are not told; leave out echo or logprobs")
        about = about_request(asked.user, language_of(self._languages, asked.path or ""))
        service = service_for(self._models, http, about.language, asked.model)
        given: tuple[Prompt, ...] = prompts
        if asked.suffix is not None:
            path, most = asked.path or "", asked.max_tokens
            given = tuple(
                hole(about, service, each, asked.suffix, most, path=path, temperature=temperature) for each in prompts
            )
        request = TextRequest(
            given,
            max_new_tokens=asked.max_tokens,
            **asked.drawing(),
        )
        return _TextsReply(
            about,
            service.say(request, identity_of(http)),
            streamed=bool(asked.stream),
            session=about.session_id if asked.user and asked.suffix is not None else None,
            kinds=("text_completion", "text_completion"),
            prefix="cmpl",
            model=service.completer.card.name,
            usage=bool(asked.stream_options and asked.stream_options.include_usage),
            asked=asked,
        )


class _Either(ForeignModel):
    """Enough of a body to tell whose it is."""

    segments: object = Field(default=None, description="Tabby's alone")


class _TextsReply(TextReply):
    def __init__(self, *given: Any, asked: TextsRequest, **options: Any) -> None:
        super().__init__(*given, **options)
        self._logprobs = asked.logprobs
        self._echo = [prompt for prompt in asked.prompts() for _ in range(asked.n or 1)] if asked.echo else None
        self._said: dict[int, str] = {}

    def choice(self, choice: Choice) -> Item:
        self._said[choice.index] = choice.text
        text = self._echoed(choice.index) + choice.text
        return self._item(choice.index, text, choice.tokens, finish_of(choice.finish))

    def chunk(self, delta: TextDelta) -> Item:
        begun = delta.index in self._said
        self._said[delta.index] = self._said.get(delta.index, "") + delta.text
        text = delta.text if begun else self._echoed(delta.index) + delta.text
        return self._item(delta.index, text, delta.tokens, None)

    def last(self, choice: Choice) -> Item:
        text = "" if choice.index in self._said else self._echoed(choice.index)
        return self._item(choice.index, text, (), finish_of(choice.finish))

    def _echoed(self, index: int) -> str:
        return self._echo[index] if self._echo else ""

    def _item(self, index: int, text: str, tokens: Any, finish: str | None) -> Item:
        logprobs = None
        if self._logprobs is not None:
            data = self._said.get(index, "").encode()
            logprobs = text_logprobs(
                tokens, lambda start: len(data[:start].decode(errors="ignore")), bool(self._logprobs)
            )
        return {"index": index, "text": text, "logprobs": logprobs, "finish_reason": finish}
