"""`POST /tabby/v1/completions`: Tabby's request with `segments`, its answer cleaned up like the language server's.

The shape is that of Tabby's own OpenAPI document, as npm's `tabby-agent` 1.5 sends it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import Field

from core.wire import CompletionResult, ContextPiece, PieceKind
from server.access.identity import identity_of
from server.api.foreign import (
    ForeignDoor,
    ForeignModel,
    about_request,
    hole,
    language_of,
    only,
    piece,
    seed_of,
    service_for,
)
from server.api.requests import parse_body
from server.api.under_way import Reply

_NEW_TOKENS = 64
"""What Tabby's own server answers with at most."""
_PIECES = 32


class Snippet(ForeignModel):
    """Code of another file."""

    filepath: str = Field(default="", description="where it comes from")
    body: str = Field(description="the code")


Snippets = Annotated[list[Snippet] | None, Field(default=None, description="the first 32 of them are read")]


class Segments(ForeignModel):
    """What stands round the cursor, and elsewhere."""

    prefix: str = Field(description="text before the cursor")
    suffix: str | None = Field(default=None, description="text behind the cursor")
    filepath: str | None = Field(default=None, description="the file, in its repository or work space")
    git_url: str | None = Field(default=None, description="of the repository; its last part names it in the prompt")
    declarations: Snippets
    relevant_snippets_from_changed_files: Snippets
    relevant_snippets_from_recently_opened_files: Snippets
    clipboard: str | None = Field(default=None, description="what was copied last")

    def pieces(self) -> Iterator[ContextPiece]:
        """As pieces of a prompt."""
        for kind, snippets in (
            (PieceKind.DECLARATION, self.declarations),
            (PieceKind.SIMILAR, self.relevant_snippets_from_recently_opened_files),
            (PieceKind.EDIT, self.relevant_snippets_from_changed_files),
        ):
            for each in (snippets or [])[: _PIECES // 2]:
                yield piece(kind, each.filepath, each.body)
        if self.clipboard:
            yield piece(PieceKind.EDIT, "clipboard", self.clipboard)

    @property
    def repository(self) -> str:
        """The repository's name, without what may stand before it in its URL."""
        return (self.git_url or "").rstrip("/").replace(":", "/").rpartition("/")[2].removesuffix(".git")


class DebugOptions(ForeignModel):
    """For Tabby's developers."""

    raw_prompt: Annotated[str | None, only()] = Field(default=None, description="none")


class TabbyRequest(ForeignModel):
    """One position in one document."""

    segments: Segments = Field(description="what the model is to see")
    language: str | None = Field(default=None, description="the editor's id for the language")
    user: str | None = Field(default=None, description="whoever asks; requests of one have one session")
    temperature: float | None = Field(default=None, description="0 is greedy", ge=0, le=2)
    seed: int | None = Field(default=None, description="for sampling")
    debug_options: DebugOptions | None = Field(default=None, description="left unread, but for raw_prompt")


class TabbyDoor(ForeignDoor):
    """The way in of Tabby's client."""

    async def __call__(self, http: Request) -> TabbyReply:
        """Read one request, and route it by the editor's id for the language, else by the file's name."""
        asked = parse_body(await http.body(), http.headers.get("content-type", ""), TabbyRequest)
        segments = asked.segments
        path = segments.filepath or ""
        about = about_request(asked.user, language_of(self._languages, path, asked.language or ""))
        service = service_for(self._models, http, about.language)
        request = hole(
            about,
            service,
            segments.prefix,
            segments.suffix or "",
            _NEW_TOKENS,
            path=path,
            repository=segments.repository,
            context=segments.pieces(),
            temperature=asked.temperature or 0.0,
            seed=seed_of(asked.seed),
        )
        return TabbyReply(
            about, service.complete(request, identity_of(http)), session=about.session_id if asked.user else None
        )


class TabbyReply(Reply[Any, CompletionResult]):
    """One choice, never a stream."""

    result_type = CompletionResult

    def whole(self, result: CompletionResult) -> Response:
        """Tabby's shape."""
        body = {"id": f"cmpl-{result.request_id}", "choices": [{"index": 0, "text": result.text}]}
        return Response(json.dumps(body), media_type="application/json")

    def stream(self, parts: AsyncIterator[Any]) -> Response:
        """Never asked for."""
        raise AssertionError("Tabby's client asks for no stream")
