"""The code that a comment asks for: asked of the model as an instruction, given out line by line while it comes.

Whatever keeps it from being asked for is a `VernacularError` with one line for people. Cancelling the task that waits
for it ends the generation, down to the engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from completion.asking.answer import CodeOfAnswer
from completion.asking.comment import asked_at
from completion.asking.words import conversation, surroundings
from core.errors import RequestError, UnavailableError
from core.language_files import LanguageRegistry
from core.languages import TEXT
from core.wire import ContextPiece
from lsp.context import fitting, plain, stable_end, stable_start
from lsp.cursor import Cursor
from lsp.documents import Document, Place
from lsp.session import Session

if TYPE_CHECKING:
    from lsp.client import CompletionClient

NO_COMMENT = "no comment here; put the cursor in one, or just below"
SIZES = (1.0, 0.5, 0.25)
"""Shares of the model's context that are tried, where a conversation has more tokens than its bytes promised."""
_AFTER_SHARE, _PIECES_SHARE = 0.2, 0.3


@dataclass(frozen=True, slots=True)
class Generated:
    """What a comment asked for: `text` goes in at `place` of the document, as it is."""

    instruction: str
    place: Place
    text: str
    model: str


class Generation:
    """The code for the comment at a cursor. Raises `RequestError` where there is none, or nothing may be sent of it."""

    def __init__(self, cursor: Cursor, session: Session, registry: LanguageRegistry) -> None:
        if session.nearby and session.nearby.is_secret(cursor.document):
            raise RequestError("this file's name says that it holds secrets, so nothing of it is sent", code="secret")
        asked = asked_at(cursor.document.lines, cursor.place.line, cursor.place.column, cursor.spec)
        if asked is None:
            raise RequestError(NO_COMMENT, code="no_comment")
        self.place = Place(asked.line, asked.column)
        self._asked = asked
        self._cursor = cursor
        self._session = session
        self._registry = registry
        self._code = CodeOfAnswer(asked, _line_below(cursor.document, asked.line))
        self._text = self._model = ""

    async def run(self, say: Callable[[str], None]) -> Generated:
        """Ask, and tell `say` each new part of the text as it comes; at the time limit, the whole lines that are there.

        Raises `VernacularError` where the server cannot be used, or there is no code in its answer.
        """
        settings = self._session.settings
        client = await self._session.link.connected()
        try:
            async with asyncio.timeout(settings.generate_timeout_s):
                await self._ask(client, say)
            self._take(self._code.end(), say)
        except TimeoutError:
            if not self._text:
                limit = f"{settings.generate_timeout_s:g} s (generate_timeout_s)"
                raise UnavailableError(f"{settings.server_url} gave no code within {limit}") from None
        if not self._text:
            raise RequestError(f"{self._model or 'the model'} answered without code; say more in the comment")
        return Generated(self._asked.instruction, self.place, self._text, self._model)

    async def _ask(self, client: CompletionClient, say: Callable[[str], None]) -> None:
        for share in SIZES:
            try:
                await self._converse(client, self._messages(share), say)
            except RequestError as error:
                if error.code == "no_chat_template":
                    raise RequestError(_not_tuned(str(error)), code=error.code) from None
                if error.code != "context_length_exceeded" or share == SIZES[-1]:
                    raise
            else:
                return

    async def _converse(
        self, client: CompletionClient, messages: tuple[tuple[str, str], ...], say: Callable[[str], None]
    ) -> None:
        settings = self._session.settings
        async with client.converse(
            messages,
            path=self._path,
            user=self._session.id,
            max_new_tokens=settings.generate_max_tokens,
            timeout_s=settings.generate_timeout_s,
        ) as pieces:
            async for self._model, piece in pieces:
                self._take(self._code.hear(piece), say)
                if self._code.done:
                    return

    def _take(self, lines: list[str], say: Callable[[str], None]) -> None:
        asked, line_end = self._asked, _line_end(self._cursor.document)
        for line in lines:
            if self._text:
                part = line_end + line
            else:
                part = asked.lead.replace("\n", line_end) + line.removeprefix(asked.indentation)
            self._text += part
            say(part)

    def _messages(self, share: float) -> tuple[tuple[str, str], ...]:
        """What the model is told, in so large a share of what its context holds."""
        cursor, asked, session = self._cursor, self._asked, self._session
        document, spec = cursor.document, cursor.spec or TEXT
        instruction, given = plain(asked.instruction), plain(asked.given)
        budget = session.budget_for(cursor, session.settings.generate_max_tokens)
        taken = len((instruction + given + spec.note).encode())
        room = max(int((budget.prefix_bytes + budget.suffix_bytes) * share) - taken, 0)
        pieces_room = int(room * _PIECES_SHARE)
        pieces: tuple[ContextPiece, ...] = ()
        if session.nearby and session.settings.context and pieces_room:
            there = replace(budget, context_bytes=pieces_room)
            pieces = fitting(session.nearby.pieces(document, self.place, cursor.origin, there), pieces_room)
        after = stable_start(plain(document.after(self.place)), int(room * _AFTER_SHARE))
        left = room - len(after.encode()) - sum(len(piece.text.encode()) for piece in pieces)
        before = stable_end(plain(cursor.above + "".join(document.lines[: asked.first])), max(left, 0))
        around = surroundings(cursor.origin.path, before, after, pieces, spec)
        return conversation(instruction, given, spec, around)

    @property
    def _path(self) -> str:
        """A path from which the server sees the document's language; the document's own where that shows it."""
        path, spec = self._cursor.origin.path, self._cursor.spec or TEXT
        if path and self._registry.for_path(path).name == spec.name:
            return path
        return next(iter((*(f"code{ending}" for ending in spec.extensions), *spec.file_names)), "")


def _not_tuned(reason: str) -> str:
    model = reason.removeprefix("the model ").partition(" has no chat template")[0]
    return f"{model} was not made to follow instructions: it has no chat template; serve a model that has one"


def _line_below(document: Document, line: int) -> str:
    return next((text.rstrip("\r\n") for text in document.lines[line + 1 :] if text.strip()), "")


def _line_end(document: Document) -> str:
    first = document.lines[0]
    return first[len(first.rstrip("\r\n")) :] or "\n"
