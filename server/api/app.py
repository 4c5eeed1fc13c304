"""The application: routes, and what is common to all of them.

Guarantees: it answers while the model still loads; a request's failure leaves the next one alone; every status of
400 and above carries a `Problem`, but for `/health` and for other people's clients, who get it in their own
protocol's words; the log has one line a request and nothing of anybody's code.
"""

from __future__ import annotations

import time

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from core.errors import UnavailableError, VernacularError
from core.events import EventBatch
from core.language_files import LanguageRegistry
from core.wire import MAX_REQUEST_BYTES, CompletionRequest, CompletionResult, Health, ModelCard, Problem
from server.access.browsers import OpenGuard
from server.access.login_route import add_login
from server.access.middleware import AccessControl, Gate
from server.api.admin import admin_router
from server.api.body import BodyLimit
from server.api.complete import CompletionDoor
from server.api.dialects import refusal
from server.api.doors import BODIES, add_doors
from server.api.entry import Traces
from server.api.metrics import Metrics
from server.api.openapi import body_of_types, describe_types
from server.api.problems import one_line, problem_of
from server.api.telemetry import telemetry_routes
from server.api.under_way import UnderWay
from server.config.schema import ServerConfig
from server.registry.canary_watch import CanaryWatch
from server.registry.store import ModelsStore
from server.telemetry.collector import Telemetry

_PROBLEMS: dict[int | str, dict[str, object]] = {
    400: {"model": Problem, "description": "no UTF-8, or no JSON"},
    401: {"model": Problem, "description": "no key or token, or one that is not valid"},
    403: {"model": Problem, "description": "the key or token does not allow this"},
    408: {"model": Problem, "description": "the body did not come whole in time"},
    409: {"model": Problem, "description": "a newer request of the same session replaced this one"},
    413: {"model": Problem, "description": f"more than {MAX_REQUEST_BYTES} bytes"},
    415: {"model": Problem, "description": "not application/json"},
    422: {"model": Problem, "description": "wrong fields, an unknown language, or too many new tokens"},
    429: {"model": Problem, "description": "this user asks too often; try again after Retry-After seconds"},
    503: {"model": Problem, "description": "the model is not ready; try again after Retry-After seconds"},
}


def create_app(
    store: ModelsStore,
    languages: LanguageRegistry,
    telemetry: Telemetry | None = None,
    canaries: CanaryWatch | None = None,
    config: ServerConfig | None = None,
    gate: Gate | None = None,
    traces: Traces | None = None,
) -> FastAPI:
    """The application for the models, behind the gate. It starts and stops nothing."""
    config = config or ServerConfig()
    models = store.models
    app = FastAPI(
        title="Vernacular completion server",
        description="Code completion for languages that no model was trained on.",
        version="1",
        docs_url="/docs",
        redoc_url=None,
    )
    metrics = Metrics(models)
    started = time.monotonic()
    under_way = UnderWay(metrics, traces)
    app.add_middleware(BodyLimit, limit=MAX_REQUEST_BYTES, timeout_s=config.listen.body_timeout_s)
    app.add_middleware(  # the last is asked first
        AccessControl, gate=gate or OpenGuard(config.listen.base_url), turned_away=metrics.turned_away
    )
    add_login(app, config.access.oidc)
    app.add_exception_handler(Exception, _answer_problem)
    app.add_exception_handler(VernacularError, _answer_problem)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(HTTPException, _answer_http)

    app.post(
        "/api/v1/complete",
        summary="Complete at a position",
        response_model=CompletionResult,
        responses={
            **_PROBLEMS,
            200: {
                "description": "With `Accept: text/event-stream`: events `delta`, then one `done` or `error`",
                "content": {"text/event-stream": {}},
            },
        },
        openapi_extra=body_of_types(CompletionRequest),
    )(under_way.endpoint(CompletionDoor(models, languages)))
    add_doors(app, models, languages, metrics, under_way)
    describe_types(app, (CompletionRequest, EventBatch, *BODIES))

    @app.get("/health", summary="Starting, ready or failed", responses={503: {"model": Health}})
    async def health() -> Response:
        state = models.default.state
        card = models.default.card
        body = Health(
            status=state.status,
            detail=state.detail,
            model=card,
            languages=models.language_cards(),
            uptime_s=time.monotonic() - started,
        )
        ready = state.status == "ready"
        headers = {} if ready else {"Retry-After": str(max(1, round(state.retry_after_s)))}
        return Response(body.model_dump_json(), 200 if ready else 503, headers, "application/json")

    @app.get("/api/v1/model", summary="What a client needs to know of the model", responses={503: {"model": Problem}})
    async def model() -> ModelCard:
        service = models.default
        if service.card is None:
            raise UnavailableError(f"the model is not known yet: {service.state.detail}", code=service.state.status)
        return service.card

    @app.get("/metrics", summary="Figures for Prometheus", response_class=Response)
    async def prometheus() -> Response:
        return Response(metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")

    app.include_router(admin_router(store, canaries or CanaryWatch(store, telemetry)))
    app.include_router(telemetry_routes(telemetry))
    return app


async def _answer_problem(http: Request, error: Exception) -> Response:
    return refusal(http.url.path, *problem_of(error))


async def _answer_validation(http: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return refusal(http.url.path, 422, Problem(code="invalid_request", message=one_line(error.errors())))


async def _answer_http(http: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http")
    response = refusal(http.url.path, error.status_code, Problem(code=code, message=str(error.detail)))
    response.headers.update(error.headers or {})  # such as Allow
    return response
