"""What the language server tells the completion server of the proposals that it made: `POST /api/v1/events`.

Small and honest: counts, lengths, times and names, and only what editors let one see. An editor says when somebody
accepts a proposal (the item's command); it does not say what was shown, or that a part of it was taken. That part is
inferred from the edits, and says so (`Way`). No code, unless `Offered.text` is there, which needs the user's and the
server's consent.

One proposal is one `offer`, however many keys are typed along it. It has one `offered` event, at most one outcome
(`accepted`, `partly_accepted` or `superseded`), and after an acceptance at most one `kept` event for each delay.

Every event has an id that the client made: who sends a batch again, because the answer did not come, counts nothing
twice. Times are ages on the client's monotonic clock: what either side's calendar says does not matter.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from core.wire import PROTOCOL_VERSION, Identifier, WireModel

MAX_EVENTS = 500
"""Events of one batch, at most."""
MAX_TEXT = 16_384
"""Characters of a proposal's text, at most; a longer one is sent without its text."""
LONGEST_MS = 3_600_000.0
OLDEST_S = 14 * 86_400.0
"""Events older than that say nothing any more, and are not taken."""

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Milliseconds = Annotated[float, Field(ge=0, le=LONGEST_MS, allow_inf_nan=False)]
Name = Annotated[str, Field(max_length=256, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Way(StrEnum):
    """How it is known that a proposal, or a part of it, was taken. All but `command` are inferences."""

    COMMAND = "command"  # the editor ran the item's command, which it does on acceptance alone
    WORD = "word"  # a key of this project's own extensions that takes a word
    LINE = "line"  # the same for a line
    EDIT = "edit"  # an edit put in several characters that the proposal goes on with


class Delay(IntEnum):
    """Seconds after an acceptance at which is looked what is left of it."""

    SOON = 30
    LATER = 300


class Latency(WireModel):
    """Where the time of an offer went, in milliseconds. What cost no request has an answer time alone."""

    answer_ms: Milliseconds = Field(description="from the editor's question to the language server's answer")
    request_ms: Milliseconds | None = Field(default=None, description="the completion server's answer, seen from here")
    queue_ms: Milliseconds | None = Field(default=None, description="until the engine took it, on the server's clock")
    first_token_ms: Milliseconds | None = Field(default=None, description="until the first token, on that clock")
    server_ms: Milliseconds | None = Field(default=None, description="until the last token, on that clock")


class _Event(WireModel):
    id: Identifier = Field(description="made by the client, the same whenever the event is sent again")
    offer_id: Identifier = Field(description="the proposal that it is about; the same in all of its events")
    age_s: float = Field(description="seconds since it happened", ge=0, le=OLDEST_S, allow_inf_nan=False)
    language: Name = Field(description="name of the document's language", min_length=1)
    model: Name = Field(default="", description="name of the model; empty: the work space's own lines proposed")


class Offered(_Event):
    """A proposal was given to the editor, which probably showed it."""

    kind: Literal["offered"] = "offered"
    request_id: Identifier | None = Field(default=None, description="the completion request that it came from")
    characters: Count = Field(description="length of what was proposed, in characters")
    lines: Count = Field(description="lines of what was proposed")
    invoked: bool = Field(default=False, description="asked for by hand, not while typing")
    latency: Latency = Field(description="where the time went")
    text: str | None = Field(default=None, description="what was proposed; only with consent", max_length=MAX_TEXT)


class Accepted(_Event):
    """The whole proposal was taken."""

    kind: Literal["accepted"] = "accepted"
    characters: Count = Field(description="how many were put in, without those that were typed along")
    way: Way = Field(description="how that is known")


class PartlyAccepted(_Event):
    """A part of the proposal was taken, by the look of it, and then something else was typed or proposed."""

    kind: Literal["partly_accepted"] = "partly_accepted"
    characters: Count = Field(description="how many were put in, without those that were typed along")
    way: Literal[Way.WORD, Way.LINE, Way.EDIT] = Field(description="how that is inferred")


class Superseded(_Event):
    """Something else was typed, or another proposal took its place, before any of it was taken."""

    kind: Literal["superseded"] = "superseded"
    shown_ms: Milliseconds = Field(description="how long it could be seen")


class Kept(_Event):
    """Some time after the acceptance: how much of what was taken stands there still."""

    kind: Literal["kept"] = "kept"
    after_s: Delay = Field(description="how long after it")
    characters: Count = Field(description="length of what was taken")
    changed: float = Field(
        description="edit distance (Levenshtein) of what was taken to what stands there, by the longer one's length",
        ge=0,
        le=1,
        allow_inf_nan=False,
    )


Event: TypeAlias = Annotated[
    Offered | Accepted | PartlyAccepted | Superseded | Kept, Field(discriminator="kind", description="one event")
]


class EventBatch(WireModel):
    """Body of `POST /api/v1/events`. Who sent it is known from the authentication, and stands nowhere in it."""

    protocol: int = Field(default=PROTOCOL_VERSION, description="protocol version; the server refuses others")
    events: tuple[Event, ...] = Field(description="in the order in which they happened", max_length=MAX_EVENTS)


class EventReceipt(WireModel):
    """The answer: the events are on the disk."""

    events: Count = Field(description="how many were in the batch, those included that were there before")
    text: bool = Field(description="whether this server also keeps the texts of those who consent")
