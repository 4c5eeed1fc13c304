"""What other people's clients have in common: how their words become this server's.

Their fields that say nothing here are left unread, as their own servers do; those that would change the answer and
that this server cannot honour are refused by name (`only`).
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable
from typing import Any

from fastapi import Request
from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from core.errors import RequestError, UnknownNameError
from core.language_files import LanguageRegistry
from core.wire import CompletionRequest, ContextPiece, PieceKind
from server.access.identity import identity_of
from server.api.entry import About
from server.registry.models import Models
from server.service import Served

MAX_NEW_TOKENS = 1024
MAX_STOPS = 16
MAX_STOP_CHARACTERS = 256
_MAX_PIECES = 64
_MAX_PATH = 4096
_SESSION = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class ForeignModel(BaseModel):
    """Base of other protocols' requests: immutable; keys that are not in the type are left unread."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class ForeignDoor:
    """Base of the doors: each is called with an HTTP request, and gives a reply."""

    def __init__(self, models: Models, languages: LanguageRegistry) -> None:
        self._models = models
        self._languages = languages


def only(*values: object) -> AfterValidator:
    """A field that may say what this server does anyway, `values` or nothing, and nothing else."""

    def check(value: Any) -> Any:
        if value is not None and not any(value == each for each in values):
            raise PydanticCustomError("unsupported", "this server cannot do that; leave it out")
        return value

    return AfterValidator(check)


def service_for(models: Models, http: Request, language: str, name: str | None = None) -> Served:
    """The model that the client chose by name, else the one that serves the language to this identity.

    A name is one of `Models.names`, or what a model's card says. Raises `RequestError` (404) for another.
    """
    if not name:
        return models.route(language, identity_of(http))
    known = {own: models.named(own) for own in models.names}
    for service in tuple(known.values()):
        if service.card is not None:
            known.setdefault(service.card.name, service)
    if name in known:
        return known[name]
    problem = UnknownNameError("model", name[:100], known)
    raise RequestError(str(problem), status=404, code="model_not_found")


def model_name(models: Models, own: str) -> str:
    """What a client is told that a model is called: its card's name once that is known, and no other's."""
    cards = {name: models.named(name).card for name in models.names}
    card = cards[own]
    if card is None or sum(each is not None and each.name == card.name for each in cards.values()) > 1:
        return own
    return card.name


def about_request(user: str | None, language: str) -> About:
    """Names for a request that has none; of the same `user`, they have the same session."""
    number = uuid.uuid4().hex
    return About(_session(user) if user else number, number, language)


def hole(
    about: About,
    service: Served,
    prefix: str,
    suffix: str,
    max_new_tokens: int | None,
    *,
    path: str = "",
    repository: str = "",
    context: Iterable[ContextPiece] = (),
    **options: Any,
) -> CompletionRequest:
    """A hole in a file, with no more new tokens than half of the model's context.

    Raises `UnavailableError` while the model is not there.
    """
    most = min(MAX_NEW_TOKENS, max(service.completer.card.context_tokens // 2, 1))
    return CompletionRequest(
        request_id=about.request_id,
        session_id=about.session_id,
        language=about.language,
        path=path[-_MAX_PATH:],
        repository=repository[-256:],
        prefix=prefix,
        suffix=suffix,
        context=tuple(context)[-_MAX_PIECES:],
        max_new_tokens=min(max_new_tokens or most, most),
        **options,
    )


def piece(kind: PieceKind, path: str, text: str) -> ContextPiece:
    """A piece of context, its path cut to what a prompt takes."""
    return ContextPiece(kind=kind, path=path[-_MAX_PATH:], text=text)


def language_of(languages: LanguageRegistry, path: str, editor_id: str = "") -> str:
    """By the editor's id for the language, else by the file's name, else `text`."""
    return languages.for_document(editor_id, path).name


def texts(value: str | Iterable[str] | None) -> tuple[str, ...]:
    """Stop texts, given as one or several. Raises `RequestError` for too many or too long ones."""
    found = (value,) if isinstance(value, str) else tuple(value or ())
    if len(found) > MAX_STOPS or any(len(each) > MAX_STOP_CHARACTERS for each in found):
        raise RequestError(f"stop: at most {MAX_STOPS} texts of at most {MAX_STOP_CHARACTERS} characters")
    return tuple(each for each in found if each)


def seed_of(value: int | None) -> int | None:
    """A seed that the engine takes; a negative one asks for none."""
    return None if value is None or value < 0 else value & 0x7FFF_FFFF


def _session(user: str) -> str:
    if _SESSION.fullmatch(user):
        return user
    return hashlib.blake2b(user.encode(errors="replace"), digest_size=16).hexdigest()
