"""What Tabby's client asks beside completions: health, settings, and where it tells what became of a proposal."""

from __future__ import annotations

import os
import platform
from enum import Enum
from typing import Literal

from fastapi import FastAPI, Request, Response
from pydantic import Field

from core.errors import UnavailableError
from core.wire import Problem
from server.api.foreign import ForeignModel
from server.api.metrics import Metrics
from server.api.requests import parse_body
from server.registry.models import Models

_TAGS: list[str | Enum] = ["Tabby"]
_KINDS = ("view", "select", "dismiss")


class TabbyEvent(ForeignModel):
    """What became of a proposal."""

    type: str = Field(description="view, select or dismiss; others are counted as other")
    completion_id: str = Field(description="of the answer")
    choice_index: int = Field(description="always 0 here")
    view_id: str | None = Field(default=None, description="the same for all events of one showing")
    elapsed: int | None = Field(default=None, description="milliseconds since it was shown")


class TabbyHealth(ForeignModel):
    """As much as Tabby's client reads, and nothing of this machine that it does not need."""

    model: str | None = Field(description="name of the model")
    chat_model: str | None = Field(default=None, description="none: this client is not given conversations")
    device: Literal["cpu", "cuda"] = Field(description="where the model runs")
    arch: str = Field(description="of the processor")
    cpu_info: str = Field(default="", description="left empty")
    cpu_count: int = Field(description="cores")
    cuda_devices: list[str] = Field(default=[], description="left empty")
    version: dict[str, str] = Field(description="of the server; no number of Tabby's own")


def add_tabby_routes(app: FastAPI, models: Models, metrics: Metrics, base: str) -> None:
    """Add the routes below `base`, which is empty for the root."""

    @app.api_route(
        f"{base}/v1/health",
        methods=["GET"],
        summary="Whether Tabby's client may ask",
        tags=_TAGS,
        responses={503: {"model": Problem, "description": "the model is not ready"}},
        operation_id=f"tabby_health{base.replace('/', '_')}",
    )
    async def health() -> TabbyHealth:
        service = models.default
        card, state = service.card, service.state
        if card is None or state.status != "ready":
            raise UnavailableError(f"the model is not ready: {state.detail}", retry_after_s=state.retry_after_s)
        on_gpu = state.facts is not None and state.facts.engine.endswith("gpu")
        # a version below 0.9 would keep the client from asking for its settings
        version = {"build_date": "", "build_timestamp": "", "git_sha": "", "git_describe": "vernacular"}
        return TabbyHealth(
            model=card.name,
            device="cuda" if on_gpu else "cpu",
            arch=platform.machine(),
            cpu_count=os.cpu_count() or 1,
            version=version,
        )

    @app.get(
        f"{base}/v1beta/server_setting",
        summary="Tabby's client is told to send no usage data to Tabby's makers",
        tags=_TAGS,
        operation_id=f"tabby_server_setting{base.replace('/', '_')}",
    )
    async def setting() -> dict[str, bool]:
        return {"disable_client_side_telemetry": True}

    @app.post(
        f"{base}/v1/events",
        summary="What became of a proposal",
        tags=_TAGS,
        response_class=Response,
        operation_id=f"tabby_events{base.replace('/', '_')}",
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/TabbyEvent"}}},
            }
        },
    )
    async def events(http: Request) -> Response:
        event = parse_body(await http.body(), http.headers.get("content-type", ""), TabbyEvent)
        metrics.told("tabby", event.type if event.type in _KINDS else "other")
        return Response(status_code=200)
