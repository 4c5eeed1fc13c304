"""The doors of other people's clients, and their place in the application.

::

    /v1/completions, /v1/chat/completions, /v1/models      OpenAI
    /v1/fim/completions                                    Mistral, for Continue
    /infill                                                llama.cpp
    /tabby/v1/..., /tabby/v1beta/...                       Tabby; at the root as well, told apart by `segments`
    /api/generate, /api/tags, /api/version                 Ollama
"""

from __future__ import annotations

import time
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from core.language_files import LanguageRegistry
from core.wire import MAX_REQUEST_BYTES
from server.api.llama_cpp.infill import InfillDoor, InfillRequest
from server.api.metrics import Metrics
from server.api.ollama.generate import GenerateDoor, GenerateRequest
from server.api.ollama.rest import add_ollama_routes
from server.api.openai.chat import ChatDoor
from server.api.openai.completions import CompletionsDoor
from server.api.openai.fim import FimDoor, FimRequest
from server.api.openai.models import add_model_routes
from server.api.openai.wire import ChatRequest, TextsRequest
from server.api.openapi import body_of_types
from server.api.tabby.completions import TabbyDoor, TabbyRequest
from server.api.tabby.rest import TabbyEvent, add_tabby_routes
from server.api.under_way import Door, UnderWay
from server.registry.models import Models

TABBY_BASE = "/tabby"

BODIES = (TextsRequest, ChatRequest, FimRequest, InfillRequest, TabbyRequest, TabbyEvent, GenerateRequest)
"""Types of the bodies that these doors read."""

_SSE: dict[str, Any] = {"text/event-stream": {}}
_LINES: dict[str, Any] = {"application/x-ndjson": {}}


def add_doors(app: FastAPI, models: Models, languages: LanguageRegistry, metrics: Metrics, under_way: UnderWay) -> None:
    """Add every door's routes."""
    started = int(time.time())
    tabby = TabbyDoor(models, languages)

    def add(
        path: str,
        door: Door,
        summary: str,
        client: str,
        *bodies: type[BaseModel],
        stream: dict[str, Any] = _SSE,
        **options: Any,
    ) -> None:
        app.post(
            path,
            summary=summary,
            tags=[client],
            responses=_responses(stream),
            openapi_extra=body_of_types(*bodies),
            **options,
        )(under_way.endpoint(door))

    add(
        "/v1/completions",
        CompletionsDoor(models, languages, tabby),
        "Go on from a prompt, or fill a hole",
        "OpenAI",
        TextsRequest,
        TabbyRequest,
        description="OpenAI's. A body with `segments` is Tabby's, and is answered as Tabby's server answers.",
    )
    add("/v1/chat/completions", ChatDoor(models, languages), "The next turn of a conversation", "OpenAI", ChatRequest)
    add("/v1/fim/completions", FimDoor(models, languages), "Fill a hole, as Mistral does", "OpenAI", FimRequest)
    add("/infill", InfillDoor(models, languages), "Fill a hole, as llama.cpp does", "llama.cpp", InfillRequest)
    tabby_path = f"{TABBY_BASE}/v1/completions"
    add(tabby_path, tabby, "Complete at a position, as Tabby does", "Tabby", TabbyRequest, stream={})
    ollama = GenerateDoor(models, languages)
    add("/api/generate", ollama, "A text, as Ollama gives it", "Ollama", GenerateRequest, stream=_LINES)
    add_model_routes(app, models, started)
    for base in (TABBY_BASE, ""):
        add_tabby_routes(app, models, metrics, base)
    add_ollama_routes(app, models, started)


def _responses(stream: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return {
        200: {"description": "the answer, in one piece or streamed", "content": {"application/json": {}, **stream}},
        400: {"description": "no UTF-8, no JSON, wrong fields, or what this server cannot do"},
        404: {"description": "no model of that name"},
        409: {"description": "a newer request of the same session replaced this one"},
        413: {"description": f"more than {MAX_REQUEST_BYTES} bytes"},
        415: {"description": "not application/json"},
        422: {"description": "wrong fields, for Tabby's client"},
        503: {"description": "the model is not ready; try again after Retry-After seconds"},
    }
