"""The signing keys of an OpenID Connect issuer, found by discovery (OpenID Connect Discovery 1.0) and kept.

Guarantees: the event loop never waits for the issuer but in a request that needs a key which nobody has seen; keys are
fetched again every `FRESH_S`, and for an unknown key id at most every `UNKNOWN_GAP_S`, whoever makes ids up; while the
issuer is down, the keys that it had are taken for up to `OUTAGE_S`. No answer of it is read beyond `MAX_BYTES`.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import jwt

from core.certificates import system_certificates
from core.errors import UnavailableError
from server.access.kept import Kept

FRESH_S = 600.0
UNKNOWN_GAP_S = 30.0
OUTAGE_S = 24 * 3600.0
TIMEOUT_S = 5.0
MAX_BYTES = 1024 * 1024


class IssuerError(UnavailableError):
    """The issuer cannot be asked, or its answer is none."""

    def __init__(self, issuer: str, why: str) -> None:
        super().__init__(f"the issuer {issuer} cannot be used ({why})", retry_after_s=5, code="issuer")


class Issuer:
    """Asks one issuer. `url` is its name in tokens."""

    def __init__(self, url: str, unknown_gap_s: float = UNKNOWN_GAP_S) -> None:
        self.url = url
        self._http: httpx.AsyncClient | None = None
        self._keys = Kept(self._fetched, fresh_s=FRESH_S, gap_s=unknown_gap_s, keep_s=OUTAGE_S)

    async def key(self, key_id: str | None) -> jwt.PyJWK | None:
        """The key of that id; without one, the only key there is. Raises `IssuerError`."""
        found = _chosen(await self._keys.get(), key_id)
        return found or _chosen(await self._keys.newer(wait=False), key_id)

    async def close(self) -> None:
        """Close the connections."""
        if self._http:
            await self._http.aclose()

    async def _fetched(self) -> dict[str | None, jwt.PyJWK]:
        found = await self._json(self.url.rstrip("/") + "/.well-known/openid-configuration")
        if found.get("issuer") != self.url:
            raise IssuerError(self.url, f"it calls itself {str(found.get('issuer'))[:200]!r}; set it exactly so")
        address = found.get("jwks_uri")
        if not isinstance(address, str) or not address.startswith(("https://", "http://")):
            raise IssuerError(self.url, "it does not say where its keys are")
        if address.startswith("http://") and not self.url.startswith("http://"):
            raise IssuerError(self.url, "its keys are at an address without TLS")
        keys = (await self._json(address)).get("keys")
        if not isinstance(keys, list):
            raise IssuerError(self.url, "it has no list of keys")
        return {key.key_id: key for key in map(_key_of, keys) if key is not None}

    async def _json(self, address: str) -> dict[str, Any]:
        if self._http is None:
            self._http = httpx.AsyncClient(timeout=TIMEOUT_S, verify=system_certificates(), follow_redirects=False)
        try:
            async with self._http.stream("GET", address) as response:
                body = b""
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > MAX_BYTES:
                        raise IssuerError(self.url, f"{address} is longer than {MAX_BYTES} bytes")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise IssuerError(self.url, f"{address}: {str(error) or type(error).__name__}") from None
        if response.status_code != httpx.codes.OK:
            raise IssuerError(self.url, f"{address} answered HTTP {response.status_code}")
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise IssuerError(self.url, f"{address} is no JSON object")
        return found


def _key_of(data: object) -> jwt.PyJWK | None:
    """A key for signatures; None for one of another use, or of a kind that is not known."""
    if not isinstance(data, dict) or data.get("use", "sig") != "sig" or data.get("kty") == "oct":
        return None
    try:
        return jwt.PyJWK(data)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None


def _chosen(keys: dict[str | None, jwt.PyJWK], key_id: str | None) -> jwt.PyJWK | None:
    if key_id is None and len(keys) == 1:
        return next(iter(keys.values()))
    return keys.get(key_id)
