"""What editors ask for beside the Language Server Protocol: why a proposal is as it is, code for a comment, signing in.

Each handler answers with plain data. What keeps it from that is an error `RequestFailed` with one line for people; of
a request that can never succeed its `data` has the `code` too, the stable word for programs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from core.errors import RequestError, VernacularError
from lsp.documents import Document
from lsp.failing import RequestFailedError

if TYPE_CHECKING:
    from lsp.features import VernacularServer


async def explain(ls: VernacularServer, params: Any) -> dict[str, str]:
    """`vernacular/explain`."""
    from lsp.why import why

    document, position = _place_of(ls, params)
    bench = ls.workbench
    with _said():
        return {"text": await why(bench.cursor_at(document, position), bench.session, bench.nearby)}


async def generate(ls: VernacularServer, params: Any) -> dict[str, Any]:
    """`vernacular/generate`; parts go out as `$/progress` where the editor gave a token for them."""
    from lsp.generating import Generation

    document, position = _place_of(ls, params)
    token = getattr(params, "partialResultToken", None)
    bench = ls.workbench
    with _said():
        cursor = bench.cursor_at(document, position)
        # Of a long document all lines are looked at, for which no key stroke should wait.
        generation = await asyncio.to_thread(Generation, cursor, bench.session, bench.registry)
        at = bench.position_of(document, generation.place)

        def say(part: str) -> None:
            if token is not None:
                ls.progress(types.ProgressParams(token, {"position": at, "text": part}))

        done = await generation.run(say)
    return {"instruction": done.instruction, "position": at, "text": done.text, "model": done.model}


async def sign_in(ls: VernacularServer, _params: Any) -> dict[str, str]:
    """`vernacular/signIn`."""
    from lsp.signing import sign_in

    with _said():
        return {"detail": await sign_in(ls, ls.workbench.session)}


async def sign_out(ls: VernacularServer, _params: Any) -> dict[str, str]:
    """`vernacular/signOut`."""
    from lsp.signing import sign_out

    with _said():
        return {"detail": await sign_out(ls.workbench.session)}


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except RequestError as error:
        raise RequestFailedError(str(error), data={"code": error.code}) from None
    except VernacularError as error:
        raise RequestFailedError(str(error)) from None


def _place_of(ls: VernacularServer, params: Any) -> tuple[Document, types.Position]:
    try:
        uri, line, character = params.textDocument.uri, params.position.line, params.position.character
    except AttributeError:
        uri = line = character = None
    if not (isinstance(uri, str) and isinstance(line, int) and isinstance(character, int)):
        raise JsonRpcInvalidParams("textDocument.uri, position.line and position.character are needed")
    document = ls.documents.get(uri)
    if document is None:
        raise RequestFailedError(f"{uri} is not open in this editor, or is of no language that was turned on")
    return document, types.Position(max(line, 0), max(character, 0))
