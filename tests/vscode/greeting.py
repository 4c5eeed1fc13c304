"""What the scripted completion server proposes: the rest of a greeting."""

from __future__ import annotations

from core.wire import CompletionRequest
from tests.lsp.fake_server import Reply

LINE = "hello world(1);"
SECOND = "second line;"


def continue_greeting(request: CompletionRequest) -> Reply:
    """What is left of a greeting, when the line typed so far begins it."""
    typed = request.prefix.rpartition("\n")[2].removesuffix("\r")
    whole = f"{LINE}\n{SECOND}"
    return Reply(whole[len(typed) :] if typed and whole.startswith(typed) else "")
