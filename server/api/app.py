"""The application: routes, and what is common to all of them.

Guarantees: it answers while the model still loads; a request's failure leaves the next one alone; every status of
400 and above carries a `Problem`, but for `/health`; the log has one line a request and nothing of anybody's code.
"""

from __future__ import annotations

import time

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from core.errors import UnavailableError, VernacularError
from core.language_files import LanguageRegistry
from core.wire import MAX_REQUEST_BYTES, CompletionRequest, CompletionResult, Health, ModelCard, Problem
from server.api.body import BodyLimit
from server.api.complete import CompletionEndpoint
from server.api.metrics import Metrics
from server.api.problems import one_line, problem_of, problem_response
from server.service import Service

_PROBLEMS: dict[int | str, dict[str, object]] = {
    400: {"model": Problem, "description": "no UTF-8, or no JSON"},
    409: {"model": Problem, "description": "a newer request of the same session replaced this one"},
    413: {"model": Problem, "description": f"more than {MAX_REQUEST_BYTES} bytes"},
    415: {"model": Problem, "description": "not application/json"},
    422: {"model": Problem, "description": "wrong fields, an unknown language, or too many new tokens"},
    503: {"model": Problem, "description": "the model is not ready; try again after Retry-After seconds"},
}


def create_app(service: Service, languages: LanguageRegistry) -> FastAPI:
    """The application for one service. It starts and stops nothing."""
    app = FastAPI(
        title="Vernacular completion server",
        description="Code completion for languages that no model was trained on.",
        version="1",
        docs_url="/docs",
        redoc_url=None,
    )
    metrics = Metrics()
    started = time.monotonic()
    complete = CompletionEndpoint(service, languages, metrics)
    app.add_middleware(BodyLimit, limit=MAX_REQUEST_BYTES)
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
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": CompletionRequest.model_json_schema()}},
            }
        },
    )(complete.answer)

    @app.get("/health", summary="Starting, ready or failed", responses={503: {"model": Health}})
    async def health() -> Response:
        state = service.state
        body = Health(status=state.status, detail=state.detail, model=service.card, uptime_s=time.monotonic() - started)
        ready = state.status == "ready"
        headers = {} if ready else {"Retry-After": str(max(1, round(state.retry_after_s)))}
        return Response(body.model_dump_json(), 200 if ready else 503, headers, "application/json")

    @app.get("/api/v1/model", summary="What a client needs to know of the model", responses={503: {"model": Problem}})
    async def model() -> ModelCard:
        if service.card is None:
            raise UnavailableError(f"the model is not known yet: {service.state.detail}", code=service.state.status)
        return service.card

    @app.get("/metrics", summary="Figures for Prometheus", response_class=Response)
    async def prometheus() -> Response:
        return Response(metrics.render(service.state), media_type="text/plain; version=0.0.4; charset=utf-8")

    return app


async def _answer_problem(_: Request, error: Exception) -> Response:
    return problem_response(*problem_of(error))


async def _answer_validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_response(422, Problem(code="invalid_request", message=one_line(error.errors())))


async def _answer_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http")
    response = problem_response(error.status_code, Problem(code=code, message=str(error.detail)))
    response.headers.update(error.headers or {})  # such as Allow
    return response
