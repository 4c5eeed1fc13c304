"""`/api/v1/events`: what became of the proposals, from those who saw them; and `/admin`: the figures for operators.

Without telemetry the routes are there and answer 404 with the code `telemetry_off`, so that a client knows to stop.
Who may ask under `/admin` is decided before these handlers.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from core.errors import RequestError
from core.events import EventBatch, EventReceipt
from core.wire import Problem
from server.access.identity import identity_of
from server.admin.page import PAGE, POLICY
from server.api.openapi import body_of_types
from server.api.requests import check_protocol, parse_body
from server.telemetry.collector import Telemetry
from server.telemetry.usage import Usage

MOST_DAYS = 3650

_Responses = dict[int | str, dict[str, Any]]
_OFF: _Responses = {404: {"model": Problem, "description": "this server keeps no telemetry"}}
_BUSY: _Responses = {503: {"model": Problem, "description": "the database is away; again after Retry-After"}}
_WRONG: _Responses = {
    400: {"model": Problem, "description": "no UTF-8, or no JSON"},
    413: {"model": Problem, "description": "too many bytes"},
    415: {"model": Problem, "description": "not application/json"},
    422: {"model": Problem, "description": "wrong fields"},
}


class Forgotten(BaseModel):
    """The answer where events of a user were deleted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    deleted: int = Field(description="how many events there were", ge=0)


def telemetry_routes(telemetry: Telemetry | None) -> APIRouter:
    """The routes, for `create_app`."""
    router = APIRouter()

    def running() -> Telemetry:
        if telemetry is None:
            raise RequestError("this server keeps no telemetry", status=404, code="telemetry_off")
        return telemetry

    @router.post(
        "/api/v1/events",
        summary="Tell what became of proposals",
        responses={**_OFF, **_BUSY, **_WRONG},
        openapi_extra=body_of_types(EventBatch),
    )
    async def receive(http: Request) -> EventReceipt:
        """Answered once the events are on the disk. Send again what was not: an event's id makes that harmless."""
        batch = parse_body(await http.body(), http.headers.get("content-type", ""), EventBatch)
        check_protocol(batch.protocol)
        return await running().receive(batch, identity_of(http).user)

    @router.delete("/api/v1/events", summary="Delete all of one's own events", responses={**_OFF, **_BUSY})
    async def forget_me(http: Request) -> Forgotten:
        return Forgotten(deleted=await running().forget(identity_of(http).user))

    @router.get("/admin/v1/usage", summary="Figures on proposals", responses={**_OFF, **_BUSY, 422: {"model": Problem}})
    async def usage(
        days: Annotated[int, Query(description="how many days, today (UTC) included", ge=1, le=MOST_DAYS)] = 30,
    ) -> Usage:
        return await running().usage(days)

    @router.delete(
        "/admin/v1/usage/users/{user}",
        summary="Delete all events of a user",
        responses={**_OFF, **_BUSY, 422: {"model": Problem}},
    )
    async def forget_user(
        user: Annotated[str, Path(description="as the authentication names them", min_length=1, max_length=256)],
    ) -> Forgotten:
        return Forgotten(deleted=await running().forget(user))

    @router.get("/admin", summary="The operators' page", response_class=Response, include_in_schema=False)
    async def page() -> Response:
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return Response(PAGE, media_type="text/html; charset=utf-8", headers=headers)

    return router
