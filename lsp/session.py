"""One editor session: from a place in a document to the texts that are proposed there.

What an earlier answer still proposes costs no request. The server is asked at the key stroke, before the editor, which
makes a pause of its own, asks for the answer. At most one request is under way: a newer key stroke keeps it while its
answer may still fit there, and cancels it otherwise, down to the engine. The model races a deadline; where it loses,
the lines that it has finished by then answer, or the work space's own, and what it says later is shown only where it
goes on from what is on display. While a proposal is on display the one after it is asked for.
"""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from completion.choosing import Choice, Option, Proposer, choose
from completion.lexemes import Proposal as LineProposal
from core.events import EventBatch, EventReceipt
from core.wire import CompletionRequest, CompletionResult, ContextPiece
from lsp.availability import Availability, Status
from lsp.context import Budget, Origin, Wish, completion_request
from lsp.cursor import Cursor
from lsp.documents import Document, Place
from lsp.early import Early
from lsp.flight import Flight
from lsp.link import Link
from lsp.pace import Pace
from lsp.proposals import Around, Proposal, Proposals, Source
from lsp.settings import Settings

SINGLE_LINE = {"auto": None, "always": True, "never": False}
GRACE_S = 0.25
"""A request that the editor gave up lives so long: mostly the next key stroke wants the same answer."""
AHEAD_AFTER_S = 0.1
"""A proposal that was on display so long is worth asking what comes after it."""
UNKNOWN_MODEL = "unknown"
LINES_AFTER_S = 0.005
"""The work space's lines are looked up while the model works, once the request is on its way."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What is proposed, the best first; empty where nothing is. `confidence` is the first one's, from 0 to 1.

    `source` is the request that the first one came from; `None`: the work space's own lines.
    """

    texts: tuple[str, ...] = ()
    confidence: float = 0.0
    source: Source | None = field(default=None, compare=False)


NOTHING = Offer()


class Nearby(Protocol):
    """What a session asks of the work space; `lsp/nearby.py` is the real one."""

    def is_secret(self, document: Document) -> bool:
        """Whether no part of the document may go to a model."""

    def pieces(self, document: Document, place: Place, origin: Origin, budget: Budget) -> tuple[ContextPiece, ...]:
        """Context from other files, the least volatile first."""

    def line(self, document: Document, place: Place, language: str) -> LineProposal:
        """How lines like this one went on."""

    async def chosen(self, options: Sequence[Option], cursor: Cursor) -> list[Choice]:
        """The options that are worth showing to somebody who asked, the best first."""


class Session:
    """Proposes completions. Belongs to the event loop that it is used in; see `Link` for the other parameters.

    `id` is what the server knows this session by, `link` the way to it, for who wants something else of it.
    """

    def __init__(
        self,
        settings: Settings,
        announce: Callable[[Status], None],
        report: Callable[[str], None],
        nearby: Nearby | None = None,
    ) -> None:
        self.settings = settings
        self.nearby = nearby
        self.link = Link(settings, announce, report)
        self.id = uuid.uuid4().hex
        self._numbers = itertools.count(1)
        self._pace = Pace()
        self._proposals = Proposals()
        self._proposals_of = ""
        self._shown: tuple[Proposal, ...] = ()
        self._flight: Flight | None = None
        self._early = Early(self._pace, self._ask_early)
        self._line_at: tuple[Cursor, list[Option]] | None = None
        self._turn: asyncio.Future[None] | None = None

    @property
    def availability(self) -> Availability:
        """What is known of the server."""
        return self.link.availability

    @property
    def under_way(self) -> bool:
        """Whether an answer is still to come."""
        return self._flight is not None and self._flight.under_way

    def start(self) -> None:
        """Get to know the server in the background, before the first key stroke needs it."""
        self.link.watch()

    async def configure(self, settings: Settings) -> None:
        """Take other settings; another server is asked afresh."""
        before, self.settings = self.settings, settings
        if settings != before:
            self._forget()
            if self._flight:
                self._flight.cancel()
        await self.link.configure(settings)

    async def close(self) -> None:
        """End what is under way, and close the connections; a request that comes meanwhile opens its own."""
        self._take_turn()
        self._early.close()
        if self._flight:
            await self._flight.end()
        await self.link.close()

    async def tell(self, batch: EventBatch) -> EventReceipt:
        """Tell the server what became of proposals. Raises what `CompletionClient.tell` raises."""
        return await self.link.tell(batch)

    def request_at(self, cursor: Cursor) -> CompletionRequest:
        """What the server is asked for a place; each with an id of its own."""
        single_line = SINGLE_LINE[self.settings.single_line]
        wish = Wish(
            session_id=self.id,
            request_id=f"{self.id[:8]}-{next(self._numbers)}",
            trigger=cursor.trigger,
            max_new_tokens=self.settings.max_new_tokens,
            single_line=cursor.extent.single_line if single_line is None else single_line,
            time_budget_ms=None if cursor.invoked else self.settings.time_budget_ms or None,
        )
        here = cursor.document, cursor.place, cursor.origin, self.budget_for(cursor, wish.max_new_tokens)
        pieces = self.nearby.pieces(*here) if self.nearby and self.settings.context else ()
        request = completion_request(*here, wish, pieces, cursor.above)
        return request.model_copy(update={"candidates": self.settings.candidates}) if cursor.invoked else request

    def budget_for(self, cursor: Cursor, max_new_tokens: int) -> Budget:
        """How much can be sent to the model that answers in the cursor's language."""
        return Budget.for_model(self.link.model_for(cursor.origin.language), max_new_tokens)

    def struck(self, cursor: Cursor) -> None:
        """A key was struck, and the cursor is here now, by the look of it: ask before the editor does."""
        if self._early.struck(cursor) and self.settings.ask_early and self.settings.proposers != "lines":
            self._early.ask_in(self._debounce_s, cursor)

    async def complete(self, cursor: Cursor) -> Offer | None:
        """What to propose at the cursor; `None` when a newer request took over."""
        turn = self._take_turn()
        struck_s = self._early.asked_for(cursor)
        if not self._is_wanted(cursor):
            return NOTHING
        try:
            offer = self._kept(cursor) or await self._asked(cursor, turn, struck_s)
        except asyncio.CancelledError:  # by the editor
            asyncio.get_running_loop().call_later(GRACE_S, self._let_go, turn)
            raise
        if offer is not None:
            self._show(cursor, offer, turn)
        return offer

    def _is_wanted(self, cursor: Cursor) -> bool:
        if not self.settings.enabled or (self.nearby and self.nearby.is_secret(cursor.document)):
            return False
        return cursor.wanted(comments=self.settings.in_comments, strings=self.settings.in_strings).wanted

    def _kept(self, cursor: Cursor) -> Offer | None:
        """What earlier answers propose; `None` where the server has to be asked."""
        if cursor.invoked:
            return None
        here = cursor.document, cursor.place
        shown = self._still_shown(*here)
        found = self._proposals.find(*here, extending=shown.text if shown else "")
        if found and not shown:
            return self._better(cursor, found)
        kept = found if found and found.text else shown
        return Offer((kept.text,), kept.confidence, kept.source) if kept else None

    def _still_shown(self, document: Document, place: Place) -> Proposal | None:
        """What is left at a place of what was last proposed: of the first one that fits what was typed since."""
        for shown in self._shown:
            left = shown.still(document, place)
            if left is not None:
                return replace(shown, text=left) if left else None
        return None

    async def _asked(self, cursor: Cursor, turn: asyncio.Future[None], struck_s: float) -> Offer | None:
        if self.settings.proposers == "lines":
            return self._better(cursor, None)
        due_s = struck_s + self.settings.deadline_ms / 1000
        while True:
            flight = self._flight
            if not (flight and flight.under_way and flight.wanted_at(cursor.document, cursor.place)) or cursor.invoked:
                if flight:
                    flight.cancel()
                if not cursor.invoked:
                    if self.availability.wait_s > 0:
                        return self._better(cursor, None)
                    if await _over(turn, max(struck_s + self._debounce_s - time.monotonic(), 0)):
                        return None
                flight = self._take_off(cursor)
            asyncio.get_running_loop().call_later(LINES_AFTER_S, self._line, cursor)
            waits = ((max(due_s - time.monotonic(), 0), None), (None, flight.first_line))
            for limit_s, event in () if cursor.invoked else waits:
                if await _over(turn, limit_s, flight.task, event):
                    return None
                if (instead := self._meanwhile(cursor, flight)).texts:
                    return instead
            if await _over(turn, None, flight.task):
                return None
            result = flight.result
            if result and cursor.invoked:
                return await self._choice(cursor, result, flight.source)
            found = self._proposals.find(cursor.document, cursor.place)
            if found or (result is None and not flight.cancelled):
                return self._better(cursor, found)

    def _meanwhile(self, cursor: Cursor, flight: Flight) -> Offer:
        """What there is instead of an answer that is late: its first lines, or the work space's own."""
        if not flight.under_way:
            return NOTHING
        return self._better(cursor, flight.lines_at(cursor.document, cursor.place))

    def _better(self, cursor: Cursor, found: Proposal | None) -> Offer:
        """The model's answer, or what the work space's own lines propose, or nothing."""
        model = [Option(found.text, found.confidence)] if found else []
        return _offer(choose([*model, *self._line(cursor)])[:1], found.source if found else None)

    async def _choice(self, cursor: Cursor, result: CompletionResult, source: Source | None) -> Offer:
        """All that there is, for somebody who asked by hand."""
        options = [Option(result.text, result.confidence)]
        options += [Option(other.text, other.confidence) for other in result.alternatives]
        options += self._line(cursor)
        choices = await self.nearby.chosen(options, cursor) if self.nearby else choose(options, automatic=False)
        return _offer(choices, source)

    def _line(self, cursor: Cursor) -> list[Option]:
        if self.nearby is None or self.settings.proposers == "model":
            return []
        if self._line_at is None or self._line_at[0] is not cursor:
            line = self.nearby.line(cursor.document, cursor.place, cursor.origin.language)
            self._line_at = cursor, [Option(line.text, line.confidence, Proposer.LINES)]
        return self._line_at[1]

    def _take_off(self, cursor: Cursor, *, ahead: bool = False) -> Flight:
        request = self.request_at(cursor)
        card = self.link.model_for(cursor.origin.language)
        source = Source(request.request_id, card.name if card else self._proposals_of or UNKNOWN_MODEL)
        flight = self._flight = Flight(cursor.document, cursor.place, ahead=ahead, source=source)
        flight.start(self._fly(flight, request))
        return flight

    async def _fly(self, flight: Flight, request: CompletionRequest) -> CompletionResult | None:
        began_s = time.monotonic()
        result = await self.link.answer(request, flight.hear)
        if result:
            took_s = time.monotonic() - began_s
            self._pace.answered(took_s)
            source = flight.source = Source(request.request_id, result.model, took_s * 1e3, result.timings)
            if result.model != self._proposals_of:
                self._proposals.clear()
                self._proposals_of = result.model
            answer = flight.document, flight.place, result.text, result.confidence
            self._proposals.add(*answer, ahead=flight.ahead, source=source)
        return result

    def _ask_early(self, cursor: Cursor) -> bool:
        here = cursor.document, cursor.place
        flight = self._flight
        if flight and flight.under_way and flight.wanted_at(*here):
            return False
        if (
            self._still_shown(*here)
            or self._proposals.find(*here)
            or self.availability.wait_s > 0
            or not self._is_wanted(cursor)
        ):
            return False
        self._take_turn()  # who still waits for the answer at an older place would ask for it again
        if flight:
            flight.cancel()
        self._take_off(cursor)
        return True

    def _show(self, cursor: Cursor, offer: Offer, turn: asyncio.Future[None]) -> None:
        around = Around.of(cursor.document, cursor.place)
        self._shown = tuple(Proposal(around, text, offer.confidence, source=offer.source) for text in offer.texts)
        if offer.texts and self.settings.ask_ahead and self.settings.proposers != "lines":
            asyncio.get_running_loop().call_later(AHEAD_AFTER_S, self._ask_ahead, cursor, offer.texts[0], turn)

    def _ask_ahead(self, cursor: Cursor, text: str, turn: asyncio.Future[None]) -> None:
        if turn is not self._turn or turn.done() or self.under_way:
            return
        after = cursor.after(text)
        if self.availability.wait_s <= 0 and not self._proposals.find(after.document, after.place):
            self._take_off(after, ahead=True)

    @property
    def _debounce_s(self) -> float:
        setting = self.settings.debounce_ms
        return self._pace.wait_s if setting == "auto" else setting / 1000

    def _take_turn(self) -> asyncio.Future[None]:
        """The newest request has the say: the one before it wakes up and answers nothing."""
        if self._turn and not self._turn.done():
            self._turn.set_result(None)
        self._turn = asyncio.get_running_loop().create_future()
        return self._turn

    def _let_go(self, turn: asyncio.Future[None]) -> None:
        if turn is self._turn and self._flight:
            self._flight.cancel()

    def _forget(self) -> None:
        self._proposals.clear()
        self._shown = ()


def _offer(choices: Sequence[Choice], source: Source | None) -> Offer:
    """`source` is that of the model's options."""
    if not choices:
        return NOTHING
    first = choices[0].option
    texts = tuple(choice.option.text for choice in choices)
    return Offer(texts, first.confidence, source if first.proposer is Proposer.MODEL else None)


async def _over(turn: asyncio.Future[None], limit_s: float | None, *awaited: asyncio.Future[Any] | None) -> bool:
    """Wait for one of `awaited`, for at most `limit_s`; whether a newer request took over meanwhile."""
    futures = [turn, *(each for each in awaited if each)]
    await asyncio.wait(futures, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    return turn.done()
