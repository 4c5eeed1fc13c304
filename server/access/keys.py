"""API keys: made, listed, revoked and rotated in the database.

A key is `vernacular_ID_SECRET`: the prefix lets scanners for leaked secrets find it, the public part finds its row, and
the secret part is 256 bits of the operating system's randomness, base64url. Only a SHA-256 of the secret is kept. A
slow hash with salt, as for passwords, would protect nothing here: it makes guessing dear where a secret is one of
few, and 2**256 can be guessed at no speed; it would cost each request tens of milliseconds instead.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from core.errors import ConfigError, UnknownNameError
from server.access.identity import SCOPES
from server.storage.database import Database
from server.storage.schema import API_KEYS

PREFIX = "vernacular_"
_KEY = re.compile(PREFIX + r"([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as the database has it. Times are seconds since 1970; None: never."""

    id: str
    secret_sha256: bytes
    name: str
    user: str
    scopes: frozenset[str]
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None

    def state(self, now: float) -> str:
        """`valid`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "valid"


def parsed_key(text: str) -> tuple[str, bytes] | None:
    """The public part of a key, and the hash of its secret; None where the text is no key."""
    match = _KEY.fullmatch(text)
    return (match[1], _hashed(match[2])) if match else None


class KeyStore:
    """The table of keys. Every method raises `DatabaseError` where the database cannot be used, and blocks."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def create(self, user: str, name: str, scopes: Iterable[str], lifetime_s: int | None = None) -> tuple[ApiKey, str]:
        """A new key, and its text, which is told here and never again.

        Raises `UnknownNameError` for a scope, and `ConfigError` for a user or a name that is empty or too long.
        """
        wanted = frozenset(scopes)
        for scope in wanted.difference(SCOPES):
            raise UnknownNameError("scope", scope, SCOPES)
        for what, text, limit in (("user", user, 256), ("name", name, 128)):
            if not 0 < len(text) <= limit or not text.isprintable():
                raise ConfigError(f"the {what} {text[:40]!r} cannot be; write 1 to {limit} printable characters")
        now = int(self._clock())
        secret = secrets.token_urlsafe(32)
        expires_at = None if lifetime_s is None else now + lifetime_s
        key = ApiKey(secrets.token_hex(6), _hashed(secret), name, user, wanted, now, expires_at)
        row = {
            "id": key.id,
            "secret_sha256": key.secret_sha256,
            "name": name,
            "user_name": user,
            "scopes": " ".join(sorted(wanted)),
            "created_at": now,
            "expires_at": expires_at,
        }
        with self._database.writing() as connection:
            connection.execute(insert(API_KEYS).values(row))
        return key, f"{PREFIX}{key.id}_{secret}"

    def all(self) -> dict[str, ApiKey]:
        """Every key by its public part, the oldest first; those that are expired or revoked too."""
        with self._database.reading() as connection:
            rows = connection.execute(select(API_KEYS).order_by(API_KEYS.c.created_at, API_KEYS.c.id)).all()
        return {
            row.id: ApiKey(
                row.id,
                bytes(row.secret_sha256),
                row.name,
                row.user_name,
                frozenset(row.scopes.split()),
                row.created_at,
                row.expires_at,
                row.revoked_at,
            )
            for row in rows
        }

    def revoke(self, key_id: str) -> ApiKey:
        """End a key now. Raises `UnknownNameError`."""
        key = self._known(key_id)
        if key.revoked_at is None:
            self._change(key_id, revoked_at=int(self._clock()))
        return self._known(key_id)

    def rotate(self, key_id: str, overlap_s: int, lifetime_s: int | None = None) -> tuple[ApiKey, str]:
        """A new key in the place of a valid one, which ends `overlap_s` from now, or earlier if it would anyway.

        Without `lifetime_s` the new one lives as long as the old one was made to. Raises `UnknownNameError`, and
        `ConfigError` for a key that is not valid any more.
        """
        old = self._known(key_id)
        now = int(self._clock())
        if (state := old.state(now)) != "valid":
            raise ConfigError(f"the key {key_id} is {state}; create another with `vernacular keys create`")
        if lifetime_s is None and old.expires_at is not None:
            lifetime_s = old.expires_at - old.created_at
        made = self.create(old.user, old.name, old.scopes, lifetime_s)
        self._change(key_id, expires_at=min(now + overlap_s, old.expires_at or now + overlap_s))
        return made

    def _known(self, key_id: str) -> ApiKey:
        keys = self.all()
        if key_id not in keys:
            raise UnknownNameError("key", key_id, keys)
        return keys[key_id]

    def _change(self, key_id: str, **values: int) -> None:
        with self._database.writing() as connection:
            connection.execute(update(API_KEYS).where(API_KEYS.c.id == key_id).values(values))


def _hashed(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
