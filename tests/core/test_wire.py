"""The wire types: what is refused, and that JSON brings back what was sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.wire import (
    MAX_REQUEST_BYTES,
    Candidate,
    CompletionRequest,
    CompletionResult,
    ContextPiece,
    FinishReason,
    PartOrigin,
    PieceKind,
    Problem,
    PromptPart,
)

GOOD = {"request_id": "r1", "session_id": "s:1", "language": "lua", "prefix": "local x = "}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def test_the_least_request_has_defaults() -> None:
    request = CompletionRequest.model_validate(GOOD)
    assert (request.protocol, request.suffix, request.context, request.temperature) == (1, "", (), 0.0)
    assert not request.single_line
    assert request.max_new_tokens == 64


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("request_id", ""),
        ("request_id", "a b"),
        ("request_id", "a\n"),
        ("session_id", "x" * 129),
        ("language", ""),
        ("max_new_tokens", 0),
        ("max_new_tokens", 1025),
        ("temperature", -0.1),
        ("temperature", float("nan")),
        ("seed", -1),
        ("trigger", "typed"),
        ("context", [{"path": "a"}]),
        ("path", "x" * 4097),
        ("prefixx", ""),
    ],
)
def test_what_a_request_refuses(key: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        CompletionRequest.model_validate(GOOD | {key: value})
    assert caught.value.errors()[0]["loc"][0] == key


@given(TEXT, TEXT, st.lists(st.builds(ContextPiece, path=TEXT, text=TEXT), max_size=3))
def test_json_brings_back_any_text(prefix: str, suffix: str, pieces: list[ContextPiece]) -> None:
    request = CompletionRequest.model_validate(GOOD | {"prefix": prefix, "suffix": suffix, "context": tuple(pieces)})
    assert CompletionRequest.model_validate_json(request.model_dump_json()) == request


def test_types_do_not_change() -> None:
    request = CompletionRequest.model_validate(GOOD)
    with pytest.raises(ValidationError, match="frozen"):
        request.prefix = "other"  # type: ignore[misc]


@pytest.mark.parametrize("model", [CompletionRequest, CompletionResult, ContextPiece, PromptPart, Candidate, Problem])
def test_every_field_is_described(model: type[CompletionRequest]) -> None:
    assert all(field.description for field in model.model_fields.values())


def test_the_words_on_the_wire() -> None:
    reasons = ["stop", "length", "line", "scope", "suffix", "repetition", "time"]
    assert [reason.value for reason in FinishReason] == reasons
    origins = [origin.value for origin in PartOrigin]
    assert [kind.value for kind in PieceKind] == origins[1 : 1 + len(PieceKind)], "the prompt's order"
    assert MAX_REQUEST_BYTES == 4194304
