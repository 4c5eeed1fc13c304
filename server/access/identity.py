"""Who asks: what every part of the server knows of the person or program behind a request."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import HTTPConnection

COMPLETE, ADMIN, METRICS = SCOPES = ("complete", "admin", "metrics")
"""What an identity may do: ask for completions and send events; change what is served, and read the figures; or read
the figures alone, as Prometheus does."""

_STATE_KEY = "identity"


@dataclass(frozen=True, slots=True)
class Identity:
    """`user` is stable from request to request, and the same whichever of the user's editors asks."""

    user: str
    scopes: frozenset[str]


ANONYMOUS = Identity("anonymous", frozenset(SCOPES))
"""Whoever asks a server that wants no proof, which listens on this machine alone."""


def identity_of(connection: HTTPConnection) -> Identity:
    """The identity that `set_identity` kept, else `ANONYMOUS`."""
    found = getattr(connection.state, _STATE_KEY, ANONYMOUS)
    assert isinstance(found, Identity)
    return found


def set_identity(connection: HTTPConnection, identity: Identity) -> None:
    """Keep who asks, for the handlers of this request."""
    setattr(connection.state, _STATE_KEY, identity)
