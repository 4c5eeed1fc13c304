"""Errors as HTTP: every status of 400 and above carries a `Problem`."""

from __future__ import annotations

import logging
import math
import traceback
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from core.errors import RequestError, UnavailableError
from core.wire import Problem

log = logging.getLogger("vernacular.requests")

_INTERNAL = Problem(code="internal", message="the server failed on this request; its log says why")


def problem_of(error: Exception) -> tuple[int, Problem]:
    """Status and body for an error; 500 for one that nobody foresaw."""
    match error:
        case RequestError():
            return error.status, Problem(code=error.code, message=str(error))
        case UnavailableError():
            return 503, Problem(code=error.code, message=str(error), retry_after_s=error.retry_after_s)
        case _:
            # the error's own text may hold a user's code, so only its type and place are logged
            place = "".join(traceback.format_tb(error.__traceback__))
            log.error("a request failed with %s\n%s", type(error).__name__, place)
            return 500, _INTERNAL


def problem_response(status: int, problem: Problem) -> Response:
    """As a response; with `Retry-After` where there is one."""
    headers = {}
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(problem.retry_after_s)))
    return Response(problem.model_dump_json(exclude_none=True), status, headers=headers, media_type="application/json")


def one_line(errors: Sequence[Any]) -> str:
    """The first of pydantic's errors, where and what, and how many more there are."""
    first = errors[0]
    where = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{where}: {first['msg']}{more}" if where else f"{first['msg']}{more}"
