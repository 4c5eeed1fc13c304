"""A fill-in-the-middle prompt as one string, for servers that take text."""

from __future__ import annotations

from collections.abc import Sequence

from completion.prompt import build_prompt
from completion.segments import joined
from completion.templates import FimTemplate
from core.wire import CompletionRequest, ContextPiece

_UNCUT = 2**40


def prompt_text(template: FimTemplate, prefix: str, suffix: str, chunks: Sequence[str] = ()) -> str:
    """Everything that is given, uncut, with special tokens by their names."""
    request = CompletionRequest(
        request_id="replay",
        session_id="replay",
        language="text",
        path="file",
        prefix=prefix,
        suffix=suffix,
        context=tuple(ContextPiece(path="file", text=chunk) for chunk in chunks),
    )
    return joined(build_prompt(request, template, _UNCUT).segments)
