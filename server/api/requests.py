"""From the bytes of a body to a `CompletionRequest`."""

from __future__ import annotations

from pydantic import ValidationError

from core.errors import RequestError, UnknownNameError
from core.language_files import LanguageRegistry
from core.wire import PROTOCOL_VERSION, CompletionRequest
from server.api.problems import one_line


def parse_request(body: bytes, content_type: str, languages: LanguageRegistry) -> CompletionRequest:
    """The request.

    Raises `RequestError`: 415 for another content type (which keeps web pages from asking across origins unseen),
    400 for bytes that are no UTF-8 or no JSON, 422 for wrong fields, another protocol version, or a language that
    is not known.
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
        request = CompletionRequest.model_validate_json(body)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        if errors[0]["type"] == "json_invalid":
            raise RequestError(f"the body is not JSON: {errors[0]['msg']}", status=400, code="not_json") from None
        raise RequestError(one_line(errors)) from None
    if request.protocol != PROTOCOL_VERSION:
        raise RequestError(
            f"protocol {request.protocol} is not spoken here; this server speaks {PROTOCOL_VERSION}, so update the "
            f"{'server' if request.protocol > PROTOCOL_VERSION else 'client'}",
            code="protocol_version",
        )
    try:
        languages.named(request.language)
    except UnknownNameError as error:
        raise RequestError(str(error), code="unknown_language") from None
    return request
