"""Problems as each client's protocol has them, told by the path that was asked.

One place for all of them, because a problem may come from before a door: a body too large, a path that is not there.
"""

from __future__ import annotations

import json

from starlette.responses import Response

from core.wire import Problem
from server.api.problems import problem_response

_OPENAI_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_LLAMA_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    503: "unavailable_error",
}
_INVALID = 400
"""These protocols know no 422: what was asked wrongly is a 400."""

_OWN = ("/v1/health", "/v1/events", "/v1beta/")
"""Tabby's paths at the root, whose client reads the status alone."""


def body_of(path: str, status: int, problem: Problem) -> tuple[int, str]:
    """Status and JSON body of a problem for a client that asked `path`."""
    if path.startswith("/v1/") and not path.startswith(_OWN):
        return _openai(status, problem)
    if path == "/infill":
        status = _plain(status)
        error = {
            "code": status,
            "message": problem.message,
            "type": _LLAMA_TYPES.get(status, "server_error"),
        }
        return status, json.dumps({"error": error})
    if path in {"/api/generate", "/api/tags", "/api/version"}:
        return _plain(status), json.dumps({"error": problem.message})
    return status, problem.model_dump_json(exclude_none=True)


def refusal(path: str, status: int, problem: Problem) -> Response:
    """As a response; with `Retry-After` where the problem has one."""
    response = problem_response(status, problem)
    response.status_code, body = body_of(path, status, problem)
    response.body = body.encode()
    response.headers["content-length"] = str(len(response.body))
    if path.startswith("/v1/") and status == 409:
        response.headers["x-should-retry"] = "false"  # else the openai package asks again, and replaces the newer one
    return response


def openai_error(status: int, problem: Problem) -> dict[str, object]:
    """OpenAI's error object, as in its API reference."""
    kind = _OPENAI_TYPES.get(_plain(status), "server_error" if status >= 500 else "invalid_request_error")
    return {"message": problem.message, "type": kind, "param": None, "code": problem.code}


def _openai(status: int, problem: Problem) -> tuple[int, str]:
    return _plain(status), json.dumps({"error": openai_error(status, problem)})


def _plain(status: int) -> int:
    return _INVALID if status == 422 else status
