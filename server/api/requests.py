"""From the bytes of a body to a request."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from core.errors import RequestError, UnknownNameError
from core.language_files import LanguageRegistry
from core.wire import PROTOCOL_VERSION, CompletionRequest
from server.api.problems import one_line

Model = TypeVar("Model", bound=BaseModel)


def parse_body(body: bytes, content_type: str, model: type[Model]) -> Model:
    """The body as a `model`.

    Raises `RequestError`: 415 for another content type than JSON (which keeps web pages from asking across origins
    unseen), 400 for bytes that are no UTF-8 or no JSON, 422 for wrong fields.
    """
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise RequestError("send the request as application/json", status=415, code="content_type")
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise RequestError(
            f"the body is not UTF-8: byte 0x{body[error.start]:02x} at offset {error.start}",
            status=400,
            code="not_utf8",
        ) from None
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        if errors[0]["type"] == "json_invalid":
            raise RequestError(f"the body is not JSON: {errors[0]['msg']}", status=400, code="not_json") from None
        raise RequestError(one_line(errors)) from None


def parse_request(body: bytes, content_type: str, languages: LanguageRegistry) -> CompletionRequest:
    """The language server's request.

    Raises `RequestError` as `parse_body`, and 422 for another protocol version, or a language that is not known.
    """
    request = parse_body(body, content_type, CompletionRequest)
    check_protocol(request.protocol)
    try:
        languages.named(request.language)
    except UnknownNameError as error:
        raise RequestError(str(error), code="unknown_language") from None
    return request


def check_protocol(protocol: int) -> None:
    """Raise `RequestError`, 422, for another version than this server's."""
    if protocol != PROTOCOL_VERSION:
        raise RequestError(
            f"protocol {protocol} is not spoken here; this server speaks {PROTOCOL_VERSION}, so update the "
            f"{'server' if protocol > PROTOCOL_VERSION else 'client'}",
            code="protocol_version",
        )
