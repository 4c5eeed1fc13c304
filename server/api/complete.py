"""`POST /api/v1/complete`: one request in, a stream of events or one JSON answer out."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import Request, Response
from sse_starlette import ServerSentEvent

from core.language_files import LanguageRegistry
from core.wire import CompletionDelta, CompletionRequest, CompletionResult, Problem
from server.access.identity import identity_of
from server.api.entry import About
from server.api.events import event_stream
from server.api.requests import parse_request
from server.api.under_way import Reply
from server.registry.models import Models


class CompletionReply(Reply[CompletionDelta, CompletionResult]):
    """As `core/wire.py` has it."""

    result_type = CompletionResult

    def whole(self, result: CompletionResult) -> Response:
        """The result as JSON."""
        return Response(result.model_dump_json(), media_type="application/json")

    def stream(self, parts: AsyncIterator[CompletionDelta | CompletionResult | Problem]) -> Response:
        """Events `delta`, then one `done` or `error`."""
        return event_stream(_events(parts))


class CompletionDoor:
    """The language server's way in."""

    def __init__(self, models: Models, languages: LanguageRegistry) -> None:
        self._models = models
        self._languages = languages

    async def __call__(self, http: Request) -> CompletionReply:
        """Read one request, and route it by its language."""
        request = parse_request(await http.body(), http.headers.get("content-type", ""), self._languages)
        identity = identity_of(http)
        served = self._models.route(request.language, identity)
        return CompletionReply(
            about(request),
            served.complete(request, identity),
            streamed="text/event-stream" in http.headers.get("accept", ""),
            session=request.session_id,
        )


def about(request: CompletionRequest) -> About:
    """What the log says of it."""
    return About(request.session_id, request.request_id, request.language)


async def _events(
    parts: AsyncIterator[CompletionDelta | CompletionResult | Problem],
) -> AsyncIterator[ServerSentEvent]:
    async for part in parts:
        match part:
            case CompletionDelta():
                yield ServerSentEvent(part.model_dump_json(), event="delta")
            case CompletionResult():
                yield ServerSentEvent(part.model_dump_json(), event="done")
            case Problem():
                yield ServerSentEvent(part.model_dump_json(exclude_none=True), event="error")
