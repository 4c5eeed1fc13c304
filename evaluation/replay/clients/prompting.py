"""A fill-in-the-middle prompt as one string, for servers that take text."""

from __future__ import annotations

from collections.abc import Sequence

from completion.prompt import build_prompt
from completion.segments import joined
from completion.templates import FimTemplate
from core.wire import CompletionRequest, ContextPiece

_UNCUT = 2**40
CHARACTERS_PER_TOKEN = 2.5
"""Few, so that no prompt is too long for its server."""


def prompt_text(
    template: FimTemplate, prefix: str, suffix: str, chunks: Sequence[str] = (), budget_bytes: int = _UNCUT
) -> str:
    """What is given, special tokens by their names, cut to `budget_bytes` of UTF-8 as our own prompts are."""
    request = CompletionRequest(
        request_id="replay",
        session_id="replay",
        language="text",
        path="file",
        prefix=prefix,
        suffix=suffix,
        context=tuple(ContextPiece(path="file", text=chunk) for chunk in chunks),
    )
    return joined(build_prompt(request, template, budget_bytes).segments)
