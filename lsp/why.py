"""Why a proposal is as it is, or why there is none: what `vernacular complete --explain` shows, for a document as the
editor has it, and what is known on this side beside it.
"""

from __future__ import annotations

import asyncio
import time
import uuid

from core.errors import VernacularError
from lsp.cursor import Cursor
from lsp.explaining import Answer, explained, explained_prompt, in_plain_text, reasons_of, shown
from lsp.nearby import Nearby
from lsp.session import Session

TIMEOUT_S = 30.0


async def why(cursor: Cursor, session: Session, nearby: Nearby) -> str:
    """Several lines of plain text. Trouble with the server is a part of it."""
    settings = session.settings
    status = session.availability.status
    where = f"{cursor.origin.path or cursor.document.uri}:{cursor.place.line + 1}:{cursor.place.column + 1}"
    head = [f"{where}, {cursor.origin.language}", f"{settings.server_url}: {status.state.value}: {status.detail}"]
    if nearby.is_secret(cursor.document):
        return "\n".join([*head, "its name says that it holds secrets: nothing of it is sent, and nothing is proposed"])
    if not settings.enabled:
        head.append("ghost text is switched off (enabled)")
    decision = cursor.wanted(comments=settings.in_comments, strings=settings.in_strings)
    head.append(f"while one types: {'asked for' if decision.wanted else 'nothing'}: {decision.reason}")
    line = nearby.line(cursor.document, cursor.place, cursor.origin.language)
    reasons = reasons_of(cursor, nearby.indexed, line)
    began_s = time.perf_counter()
    changes = {"explain": True, "session_id": uuid.uuid4().hex, "time_budget_ms": None}
    request = session.request_at(cursor).model_copy(update=changes)
    sent_s = time.perf_counter()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            result = await (await session.link.connected()).complete(request)
    except TimeoutError:
        return "\n".join([*head, *reasons, f"the server did not answer in {TIMEOUT_S:g} s"])
    except VernacularError as error:
        return "\n".join([*head, *reasons, f"the server gave no answer: {error}"])
    times_ms = (sent_s - began_s) * 1e3, (time.perf_counter() - sent_s) * 1e3
    answer = Answer(result, *times_ms, reasons)
    ghost = shown(cursor.document, cursor.place, result.text)
    return "\n".join([*head, "", in_plain_text(ghost, explained(answer), "", explained_prompt(result, reasons))])
