"""`vernacular-lsp --check`: one line on whether the completion server is ready, for people and for editors."""

from __future__ import annotations

import asyncio

from core.errors import ServerUnreachableError
from lsp.options import Options
from lsp.settings import Settings, with_values


def check(options: Options) -> int:
    """Print `STATE: DETAIL` to standard output and return 0 where the server is ready, else 1."""
    settings, problem = with_values(Settings(), {"server_url": options.server_url})
    if problem:
        state, detail = "misconfigured", problem
    else:
        state, detail = asyncio.run(_asked(settings.server_url))
    print(f"{state}: {detail}")  # noqa: T201 - what this command is for
    return 0 if state == "ready" else 1


async def _asked(url: str) -> tuple[str, str]:
    from lsp.client import CompletionClient, ProtocolMismatchError

    try:
        client = CompletionClient(url)
        try:
            health = await client.health()
        finally:
            await client.close()
    except ProtocolMismatchError as error:
        return "incompatible", str(error)
    except ServerUnreachableError as error:
        return "unreachable", str(error)
    if health.status == "ready" and health.model:
        return "ready", f"{health.model.name} at {url}, {health.model.context_tokens} tokens of context"
    return health.status, f"{health.detail} ({url})"
