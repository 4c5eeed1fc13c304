"""Who may do what: from a request's head to an identity, or to a refusal.

Everything needs the scope `complete`, but for what `scope_of` names. Credentials are a bearer token (RFC 6750), either
one of our API keys or a token of the issuer; or, so that a browser can show the admin pages, the password of HTTP
Basic. Because browsers send that by themselves, also to forms of other pages, it changes nothing unless the browser
says that our own page asked (`Sec-Fetch-Site`).
"""

from __future__ import annotations

import base64
import binascii

from starlette.requests import HTTPConnection

from core.errors import RequestError
from server.access.identity import ADMIN, COMPLETE, METRICS, Identity
from server.access.key_check import KeyCheck
from server.access.keys import PREFIX
from server.access.rates import Rates
from server.access.tokens import TokenCheck

OPEN = frozenset({"/health", "/api/v1/login", "/docs", "/openapi.json"})
"""Paths for everyone: whether the server lives, how to sign in, and what is the same in every installation."""

_SAFE = ("GET", "HEAD")


def scope_of(path: str) -> str:
    """The scope that a path needs."""
    if path == "/admin" or path.startswith("/admin/"):
        return ADMIN
    return METRICS if path == "/metrics" else COMPLETE


class Guard:
    """Lets in who has a key or a token."""

    def __init__(self, keys: KeyCheck, tokens: TokenCheck | None, rates: Rates) -> None:
        self._keys = keys
        self._tokens = tokens
        self._rates = rates

    async def admitted(self, connection: HTTPConnection) -> Identity | None:
        """Who asks; None on a path for everyone.

        Raises `RequestError` (401, 403), `RateLimitedError` (429), and `UnavailableError` where the database or the
        issuer would have to be asked and cannot be.
        """
        path, method = connection.scope["path"], connection.scope.get("method", "GET")
        if path in OPEN:
            return None
        identity = await self._identity(connection, method)
        needed = scope_of(path)
        if needed not in identity.scopes and not (needed == METRICS and ADMIN in identity.scopes):
            raise RequestError(f"{identity.user} lacks the scope {needed!r}", status=403, code="forbidden")
        if needed == COMPLETE and method not in _SAFE:
            await self._rates.count(identity.user)
        return identity

    async def close(self) -> None:
        """Close the connections to database and issuer."""
        self._keys.close()
        if self._tokens:
            await self._tokens.close()

    async def _identity(self, connection: HTTPConnection, method: str) -> Identity:
        found = _credential(connection, method)
        if found.startswith(PREFIX):
            identity = await self._keys.identity(found)
        elif self._tokens:
            identity = await self._tokens.identity(found)
        else:
            identity = "this is no API key of this server"
        if isinstance(identity, str):
            raise RequestError(identity, status=401, code="unauthenticated")
        return identity


def _credential(connection: HTTPConnection, method: str) -> str:
    values = connection.headers.getlist("authorization")
    if len(values) != 1:
        what = "a key or a token is needed" if not values else "more than one Authorization header"
        raise RequestError(f"{what}; send Authorization: Bearer KEY", status=401, code="unauthenticated")
    scheme, _, value = values[0].partition(" ")
    value = value.strip()
    if scheme.lower() == "basic":
        if method not in _SAFE and connection.headers.get("sec-fetch-site") != "same-origin":
            raise RequestError("send the key as Authorization: Bearer KEY to change something", status=403, code="csrf")
        try:
            value = base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            value = ""
    elif scheme.lower() != "bearer":
        value = ""
    if not value:
        raise RequestError("send Authorization: Bearer KEY", status=401, code="unauthenticated")
    return value
