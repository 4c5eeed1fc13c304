"""What language server and completion server say to each other.

The two never import one another; these types are all that they share. Everything is UTF-8 JSON over HTTP:

- `POST /api/v1/complete` with a `CompletionRequest`. With `Accept: text/event-stream` the answer is a
  stream of server-sent events: any number of `delta` (`CompletionDelta`), then exactly one of `done`
  (`CompletionResult`) or `error` (`Problem`). Otherwise it is one `CompletionResult` as JSON.
- `GET /health` -> `Health`; `GET /api/v1/model` -> `ModelCard`; `GET /api/v1/login` -> `Login`.
- `POST /api/v1/events` with an `EventBatch` -> `EventReceipt`, whose types stand in `core/events.py`.
- Every status of 400 and above carries a `Problem`, except that of `/health`, which is always a `Health`.

Guarantees: text in `CompletionDelta.text` is what the model says; `CompletionResult.text` is the same after clean-up
(where `clean_up` asks for it), and alone what to insert; it never holds a special token of the model.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

PROTOCOL_VERSION = 1
MAX_REQUEST_BYTES = 4 * 1024 * 1024


class WireModel(BaseModel):
    """Base of the wire types: immutable, and a key that is not in the type is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Identifier = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._:-]+$")]


class Trigger(StrEnum):
    """Why a completion was asked for (LSP 3.18 `InlineCompletionTriggerKind`)."""

    INVOKED = "invoked"
    AUTOMATIC = "automatic"


class PieceKind(StrEnum):
    """Where a piece of context comes from, the least volatile first: the order in which a prompt has them."""

    MANUAL = "manual"  # the language's short manual
    DECLARATION = "declaration"  # declared elsewhere, and imported or used here
    SIMILAR = "similar"  # code of another file like that at the cursor
    EDIT = "edit"  # what was changed lately elsewhere
    DIAGNOSTIC = "diagnostic"  # what the editor's other tools say of the lines at the cursor


class ContextPiece(WireModel):
    """A piece of another file, or of what is known about this one, shown to the model before the file itself."""

    kind: PieceKind = Field(default=PieceKind.SIMILAR, description="where it comes from")
    path: str = Field(description="path relative to the workspace, with forward slashes", max_length=4096)
    text: str = Field(description="the piece, cut at line boundaries")


class CompletionRequest(WireModel):
    """One position in one document, and what stands around it."""

    protocol: int = Field(default=PROTOCOL_VERSION, description="protocol version; the server refuses others")
    request_id: Identifier = Field(description="unique for each request of a session; appears in logs")
    session_id: Identifier = Field(description="one editor session; a newer request replaces an older one of it")
    language: str = Field(description="name of a language file, or `text`", min_length=1, max_length=64)
    path: str = Field(default="", description="path relative to the workspace, with forward slashes", max_length=4096)
    repository: str = Field(default="", description="name of the workspace's root folder", max_length=256)
    prefix: str = Field(description="text before the cursor, the nearest part of it")
    suffix: str = Field(default="", description="text after the cursor, the nearest part of it")
    context: tuple[ContextPiece, ...] = Field(
        default=(), description="pieces of other files, the least volatile first", max_length=64
    )
    trigger: Trigger = Field(default=Trigger.AUTOMATIC, description="typed through, or asked for by hand")
    single_line: bool = Field(default=False, description="stop at the first line end")
    max_new_tokens: int = Field(default=64, description="upper bound on generated tokens", ge=1, le=1024)
    temperature: float = Field(default=0.0, description="0 is greedy", ge=0.0, le=2.0)
    seed: int | None = Field(default=None, description="for sampling; ignored when greedy", ge=0, le=2**31 - 1)
    stop: tuple[str, ...] = Field(default=(), description="texts that the answer ends before", max_length=16)
    batch: bool = Field(default=False, description="nobody waits for it at a keyboard: it lets typists go first")
    clean_up: bool = Field(default=True, description="false: the model's own words, for measuring it")
    candidates: int = Field(default=1, description="how many different texts are wanted, the best first", ge=1, le=8)
    time_budget_ms: float | None = Field(
        default=None, description="after which the answer is what is there by then; None: no such limit", gt=0
    )
    explain: bool = Field(default=False, description="also say what the prompt was, part by part")


class FinishReason(StrEnum):
    """Why generation ended."""

    STOP = "stop"  # the model ended the middle itself
    LENGTH = "length"  # max_new_tokens or the context ran out
    LINE = "line"  # single_line was asked for, and the line ended
    SCOPE = "scope"  # the block that the cursor stands in ended
    SUFFIX = "suffix"  # the text came to what the file has next
    REPETITION = "repetition"  # a line came for the third time
    TIME = "time"  # time_budget_ms was over


class TokenCounts(WireModel):
    """Counts of tokens for one request."""

    prompt: int = Field(description="tokens of the prompt", ge=0)
    cached: int = Field(description="prompt tokens found in the engine's prefix cache", ge=0)
    computed: int = Field(description="prompt tokens computed anew; prompt - cached", ge=0)
    generated: int = Field(description="tokens that the engine generated", ge=0)
    healed_bytes: int = Field(default=0, description="bytes taken back from the prefix by token healing", ge=0)


class Timings(WireModel):
    """Where the time of one request went, in milliseconds on the server's clock."""

    queue_ms: float = Field(description="from arrival until the engine took it", ge=0)
    first_token_ms: float = Field(description="from arrival to the first generated token", ge=0)
    total_ms: float = Field(description="from arrival to the end", ge=0)


class CompletionDelta(WireModel):
    """Event `delta`: text that the model added."""

    text: str = Field(description="what is added to the text so far")


class PartOrigin(StrEnum):
    """Where a part of a prompt comes from: a kind of context, or the document itself."""

    TEMPLATE = "template"  # special tokens and literals of the model family's layout
    MANUAL = "manual"
    DECLARATION = "declaration"
    SIMILAR = "similar"
    EDIT = "edit"
    DIAGNOSTIC = "diagnostic"
    PREFIX = "prefix"
    SUFFIX = "suffix"


class PromptPart(WireModel):
    """A run of the prompt's tokens that have one origin. The parts in order are the prompt."""

    origin: PartOrigin = Field(description="where it comes from")
    path: str = Field(default="", description="of the file that it is a piece of; empty: the document")
    text: str = Field(description="as the model reads it; special tokens by their names")
    tokens: int = Field(description="how many tokens it has", ge=0)
    cached: int = Field(description="how many of them the engine's prefix cache had", ge=0)


class Candidate(WireModel):
    """One text that could be inserted at the cursor."""

    text: str = Field(description="what to insert at the cursor", min_length=1)
    confidence: float = Field(description="geometric mean of the generated tokens' probabilities", ge=0, le=1)


class CompletionResult(WireModel):
    """Event `done`, or the whole answer where no stream was asked for."""

    protocol: int = Field(default=PROTOCOL_VERSION, description="protocol version of the server")
    request_id: Identifier = Field(description="of the request")
    text: str = Field(description="what to insert at the cursor; empty: nothing to propose")
    finish_reason: FinishReason = Field(description="why generation ended")
    confidence: float = Field(description="geometric mean of the generated tokens' probabilities", ge=0, le=1)
    model: str = Field(description="name of the model that answered")
    tokens: TokenCounts = Field(description="counts of tokens")
    timings: Timings = Field(description="where the time went")
    alternatives: tuple[Candidate, ...] = Field(
        default=(), description="other texts, where `candidates` asked for them; the best first, none twice"
    )
    prompt: tuple[PromptPart, ...] = Field(default=(), description="what the model was given, where `explain` asked")


class Problem(WireModel):
    """Body of every status of 400 and above, and of the event `error`."""

    code: str = Field(description="a stable word for programs, such as `unknown_language`")
    message: str = Field(description="one line for people: what, where, what would be right")
    retry_after_s: float | None = Field(default=None, description="seconds after which to try again", ge=0)


class ModelCard(WireModel):
    """What a language server needs to know of the model it asks."""

    name: str = Field(description="name of the model")
    context_tokens: int = Field(description="prompt and answer together", ge=1)
    bytes_per_token: float = Field(description="UTF-8 bytes of code per token, on average", gt=0)
    template: str = Field(description="name of the fill-in-the-middle template")
    token_healing: bool = Field(description="whether the engine can constrain the first token")


class Health(WireModel):
    """Answer of `GET /health`: 200 when ready, 503 otherwise."""

    model_config = ConfigDict(extra="ignore")  # it is asked first of all, also by a client that is older

    protocol: int = Field(default=PROTOCOL_VERSION, description="protocol version of the server")
    status: Literal["starting", "ready", "failed"] = Field(description="starting, ready or failed")
    detail: str = Field(description="one line: what it is doing, or why it failed")
    model: ModelCard | None = Field(default=None, description="what answers by default, once it is known")
    languages: dict[str, ModelCard] = Field(
        default={}, description="by a language's name, what answers in it, where that is another model and is known"
    )
    uptime_s: float = Field(description="seconds since the server started", ge=0)


class Login(WireModel):
    """Answer of `GET /api/v1/login`: how a person signs in, where the server takes an issuer's tokens."""

    issuer: str = Field(description="URL of the OpenID Connect issuer")
    client_id: str = Field(description="public client to sign in as, by the device flow")
    scopes: tuple[str, ...] = Field(description="scopes to ask for")
