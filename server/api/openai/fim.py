"""`POST /v1/fim/completions`: Mistral's way to ask for a hole beside OpenAI's protocol, as Continue sends it.

The request is that of `/v1/completions` with `suffix`; the answer has the shape of a chat completion.
"""

from __future__ import annotations

from fastapi import Request
from pydantic import Field

from server.access.identity import identity_of
from server.api.foreign import ForeignDoor, about_request, hole, language_of, service_for
from server.api.openai.chat import ChatReply
from server.api.openai.wire import Sampling
from server.api.requests import parse_body
from server.texts import TextRequest


class FimRequest(Sampling):
    """`POST /v1/fim/completions`."""

    prompt: str = Field(description="text before the hole; what spells a control token stays text")
    suffix: str | None = Field(default=None, description="text behind the hole")
    max_tokens: int | None = Field(default=None, description="cut to half of what the context holds", ge=1)
    temperature: float | None = Field(default=0.0, description="0 is greedy", ge=0, le=2)
    random_seed: int | None = Field(default=None, description="Mistral's name of seed")

    @property
    def heat(self) -> float:
        """The temperature; greedy where it is null."""
        return self.temperature or 0.0


class FimDoor(ForeignDoor):
    """The way in of clients that were made for Codestral."""

    async def __call__(self, http: Request) -> ChatReply:
        """Read one request, and route it by its model's name, else by its file's language."""
        asked = parse_body(await http.body(), http.headers.get("content-type", ""), FimRequest)
        path = asked.path or ""
        about = about_request(asked.user, language_of(self._languages, path))
        service = service_for(self._models, http, about.language, asked.model)
        given = hole(
            about, service, asked.prompt, asked.suffix or "", asked.max_tokens, path=path, temperature=asked.heat
        )
        request = TextRequest(
            (given,),
            **asked.drawing(asked.random_seed),
        )
        return ChatReply(
            about,
            service.say(request, identity_of(http)),
            streamed=bool(asked.stream),
            session=about.session_id if asked.user else None,
            kinds=("chat.completion", "chat.completion.chunk"),
            prefix="fim",
            model=service.completer.card.name,
            usage=bool(asked.stream_options and asked.stream_options.include_usage),
            choices=asked.n or 1,
        )
