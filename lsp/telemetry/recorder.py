"""From proposals, edits and commands to events.

Guarantees: a proposal is offered once, however many keys are typed along it, and has one outcome at most; nothing here
waits, reads a disk, or raises; what is kept is bounded. An outcome is put off for a moment, so that the item's command,
which comes after the edit, has the say before any inference.
"""

from __future__ import annotations

import itertools
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from core.events import (
    LONGEST_MS,
    MAX_TEXT,
    Accepted,
    Delay,
    Event,
    Kept,
    Latency,
    Offered,
    PartlyAccepted,
    Superseded,
    Way,
)
from lsp.cursor import Cursor
from lsp.documents import Document, Documents, Place
from lsp.proposals import Source
from lsp.telemetry.distance import changed
from lsp.telemetry.edits import Edit, Span, after, text_between
from lsp.telemetry.shown import Fate, Shown

COMMAND_WITHIN_S = 1.0
MOST_TAKEN = 64
MOST_ENDING = 16


class Cancel(Protocol):
    """What `Later` gives."""

    def cancel(self) -> None:
        """Do not call it."""


Later = Callable[[float, Callable[[], None]], Cancel]
"""Calls a function after so many seconds, such as an event loop's `call_later`."""


@dataclass(slots=True)
class _Ending:
    shown: Shown
    fate: Fate
    timer: Cancel


@dataclass(slots=True, eq=False)
class _Taken:
    shown: Shown
    text: str
    span: Span


class Recorder:
    """Gives each event to `emit`, with the time of the clock at which it happened."""

    def __init__(
        self, documents: Documents, emit: Callable[[Event, float], None], later: Later, clock: Callable[[], float]
    ) -> None:
        self._documents = documents
        self._emit = emit
        self._later = later
        self._clock = clock
        self._prefix = uuid.uuid4().hex
        self._numbers = itertools.count(1)
        self._shown: Shown | None = None
        self._ending: dict[str, _Ending] = {}
        self._taken: deque[_Taken] = deque(maxlen=MOST_TAKEN)

    def offered(
        self,
        cursor: Cursor,
        texts: tuple[str, ...],
        source: Source | None,
        answer_ms: float,
        *,
        with_text: bool = False,
    ) -> str:
        """Texts are given to the editor, for this cursor, or none are; the id for the items' command."""
        shown = self._shown
        if shown and texts and self._goes_on(shown, cursor, texts):
            shown.texts = tuple(shown.text[: shown.typed] + text for text in texts)
            return shown.offer_id
        if shown:
            self._end(shown, Fate.GONE)
        if not texts:
            return ""
        shown = self._shown = Shown(
            offer_id=self._id(),
            uri=cursor.document.uri,
            language=cursor.origin.language,
            model=source.model if source else "",
            start=cursor.place,
            texts=texts,
            at=cursor.place,
            since_s=self._clock(),
        )
        self._say(
            shown,
            Offered,
            request_id=source.request_id if source else None,
            characters=len(texts[0]),
            lines=texts[0].count("\n") + 1,
            invoked=cursor.invoked,
            latency=_latency(source, answer_ms),
            text=texts[0] if with_text and len(texts[0]) <= MAX_TEXT else None,
        )
        return shown.offer_id

    def edited(self, document: Document, start: Place, end: Place, text: str) -> None:
        """The editor changes this document, which is still as it was before."""
        shown, uri = self._shown, document.uri
        tracked = [taken for taken in self._taken if taken.shown.uri == uri]
        if not tracked and (shown is None or shown.uri != uri):
            return
        edit = Edit.of(document, start, end, text)
        for taken in tracked:
            taken.span = taken.span.edited(edit)
        if shown and shown.uri == uri and (fate := shown.edited(edit)) is not Fate.STANDS:
            self._end(shown, fate)

    def lost(self, uri: str) -> None:
        """A document was closed, or has wholly other text: nothing more is known of what stood there."""
        self._taken = deque((taken for taken in self._taken if taken.shown.uri != uri), MOST_TAKEN)
        if self._shown and self._shown.uri == uri:
            self._end(self._shown, Fate.GONE)

    def accepted(self, offer_id: object) -> None:
        """The editor ran the command of an item."""
        if shown := self._by_id(offer_id):
            ending = self._ending.pop(shown.offer_id, None)
            if ending:
                ending.timer.cancel()
            else:
                self._shown = None
            if not (ending and ending.fate is Fate.PUT_IN):
                self._track_where_it_stands(shown)
            self._say(shown, Accepted, characters=shown.taken or len(shown.text) - shown.typed, way=Way.COMMAND)

    def accepted_part(self, offer_id: object, way: object) -> None:
        """One of this project's own keys took a part: the edit that did it was by that key."""
        if (shown := self._by_id(offer_id)) and way in (Way.WORD.value, Way.LINE.value):
            shown.way = Way(str(way))

    def close(self) -> None:
        """Say what is known of what is under way."""
        if self._shown:
            self._end(self._shown, Fate.GONE if self._shown.taken else Fate.STANDS)
        for offer_id in list(self._ending):
            self._conclude(offer_id)

    def _by_id(self, offer_id: object) -> Shown | None:
        if self._shown and self._shown.offer_id == offer_id:
            return self._shown
        ending = self._ending.get(offer_id) if isinstance(offer_id, str) else None
        return ending.shown if ending else None

    def _goes_on(self, shown: Shown, cursor: Cursor, texts: tuple[str, ...]) -> bool:
        """Whether this is what is on display already, or more of it."""
        rest = shown.text[shown.typed :]
        here = shown.uri == cursor.document.uri and shown.at == cursor.place
        return here and bool(rest) and texts[0].startswith(rest)

    def _end(self, shown: Shown, fate: Fate) -> None:
        """The proposal is not on display any more; what became of it is said in a moment."""
        self._shown = None
        if fate is Fate.PUT_IN or shown.taken:
            self._taken.append(_Taken(shown, shown.text[: shown.typed], shown.span))
            self._look_later(self._taken[-1])
        if len(self._ending) >= MOST_ENDING:
            self._conclude(next(iter(self._ending)))
        offer_id = shown.offer_id
        timer = self._later(COMMAND_WITHIN_S, lambda: self._conclude(offer_id))
        self._ending[offer_id] = _Ending(shown, fate, timer)

    def _conclude(self, offer_id: str) -> None:
        ending = self._ending.pop(offer_id, None)
        if ending is None:
            return
        ending.timer.cancel()
        shown = ending.shown
        if ending.fate is Fate.PUT_IN:
            self._say(shown, Accepted, characters=shown.taken, way=shown.way)
        elif shown.taken:
            self._say(shown, PartlyAccepted, characters=shown.taken, way=shown.way)
        elif ending.fate is Fate.GONE:
            self._say(shown, Superseded, shown_ms=min((self._clock() - shown.since_s) * 1e3, LONGEST_MS))

    def _track_where_it_stands(self, shown: Shown) -> None:
        """The edit was not understood: follow the text if it stands where it was proposed."""
        self._taken = deque((taken for taken in self._taken if taken.shown is not shown), MOST_TAKEN)
        document = self._documents.get(shown.uri)
        span = Span(shown.start, after(shown.start, shown.text))
        if document and text_between(document, span.start, span.end) == shown.text:
            self._taken.append(_Taken(shown, shown.text, span))
            self._look_later(self._taken[-1])

    def _look_later(self, taken: _Taken) -> None:
        for delay in Delay:
            self._later(float(delay), lambda delay=delay: self._look(taken, delay))  # type: ignore[misc]

    def _look(self, taken: _Taken, delay: Delay) -> None:
        document = self._documents.get(taken.shown.uri)
        if taken not in self._taken or document is None:
            return
        now = text_between(document, taken.span.start, taken.span.end)
        self._say(taken.shown, Kept, after_s=delay, characters=len(taken.text), changed=changed(taken.text, now))
        if delay is Delay.LATER:
            self._taken.remove(taken)

    def _say(self, shown: Shown, kind: type[Any], **values: object) -> None:
        event = kind(
            id=self._id(), offer_id=shown.offer_id, age_s=0.0, language=shown.language, model=shown.model, **values
        )
        self._emit(event, self._clock())

    def _id(self) -> str:
        return f"{self._prefix}-{next(self._numbers)}"


def _latency(source: Source | None, answer_ms: float) -> Latency:
    """Where the time went, as far as that is known."""
    stages: dict[str, float | None] = {"answer_ms": answer_ms}
    if source:
        stages["request_ms"] = source.request_ms
        if source.timings:
            stages["queue_ms"] = source.timings.queue_ms
            stages["first_token_ms"] = source.timings.first_token_ms
            stages["server_ms"] = source.timings.total_ms
    return Latency(**{name: None if ms is None else min(ms, LONGEST_MS) for name, ms in stages.items()})
