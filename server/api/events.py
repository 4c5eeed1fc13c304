"""Streams of an answer: server-sent events, or one JSON object a line."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response, StreamingResponse

_PING_S = 15
_SHUTDOWN_S = 2
"""A stream gets so long to end with its error event when the server ends."""


def event_stream(events: AsyncIterator[ServerSentEvent], separator: str | None = None) -> Response:
    """As server-sent events, with a comment now and then so that proxies keep the connection."""
    return EventSourceResponse(events, ping=_PING_S, shutdown_grace_period=_SHUTDOWN_S, sep=separator)


def data_stream(lines: AsyncIterator[str]) -> Response:
    """As server-sent events without names, ended by line feeds, as OpenAI and llama.cpp send them."""
    return event_stream((ServerSentEvent(line, sep="\n") async for line in lines), "\n")


def line_stream(lines: AsyncIterator[str]) -> Response:
    """As JSON objects, one a line (NDJSON)."""
    return StreamingResponse((f"{line}\n" async for line in lines), media_type="application/x-ndjson")
