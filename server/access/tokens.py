"""From an issuer's bearer token (a JWT, RFC 7519 and RFC 9068) to an identity.

A token is taken if an allowed algorithm signed it with a key of the issuer, `iss` is the issuer, `aud` holds our
audience, `exp` is to come and `nbf`, where there, is past. The algorithm is checked against the key's own, so that no
token chooses it.
"""

from __future__ import annotations

import jwt

from server.access.identity import ADMIN, COMPLETE, Identity
from server.access.issuer import Issuer
from server.config.access import OidcSection

MAX_TOKEN_CHARACTERS = 16_384


class TokenCheck:
    """Verifies tokens as `settings` say. `settings.issuer` must be set."""

    def __init__(self, settings: OidcSection, issuer: Issuer | None = None) -> None:
        assert settings.issuer
        self._settings = settings
        self._issuer = issuer or Issuer(settings.issuer)

    async def identity(self, token: str) -> Identity | str:
        """Whom the token stands for, or why it is refused. Raises `IssuerError` where that cannot be known."""
        settings = self._settings
        if len(token) > MAX_TOKEN_CHARACTERS:
            return "the token is too long"
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in settings.algorithms:
                return f"the token is not signed by one of {', '.join(settings.algorithms)}"
            key = await self._issuer.key(header.get("kid"))
            if key is None:
                return "the token is signed with a key that its issuer does not have"
            claims = jwt.decode(
                token,
                key,
                algorithms=list(settings.algorithms),
                audience=settings.audience,
                issuer=settings.issuer,
                leeway=settings.leeway_s,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.ExpiredSignatureError:
            return "the token is expired; sign in again with `vernacular login`"
        except jwt.InvalidAudienceError:
            return "the token is for another service"
        except jwt.InvalidIssuerError:
            return "the token is of another issuer"
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):  # of texts that nobody vouches for
            return "the token cannot be verified"
        user = claims.get(settings.user_claim)
        if not isinstance(user, str) or not user:
            return f"the token's claim {settings.user_claim!r} names no user"
        return Identity(user[:256], self._scopes(claims.get(settings.scope_claim)))

    async def close(self) -> None:
        """Close the connections to the issuer."""
        await self._issuer.close()

    def _scopes(self, claim: object) -> frozenset[str]:
        values = claim.split() if isinstance(claim, str) else claim if isinstance(claim, list) else []
        held = {value for value in values if isinstance(value, str)}
        wanted = self._settings.complete_values
        scopes = {COMPLETE} if not wanted or held.intersection(wanted) else set()
        return frozenset(scopes | ({ADMIN} if held.intersection(self._settings.admin_values) else set()))
