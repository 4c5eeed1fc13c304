"""The section `access`: who may ask."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures that need the issuer's private key. `none` and those with a shared secret are left out on purpose."""


class OidcSection(BaseModel):
    """Tokens of an OpenID Connect issuer, taken beside API keys once `issuer` is set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str | None = Field(
        default=None,
        description="the issuer's URL, exactly as its tokens have it in `iss`",
        pattern=r"^https?://[^\s?#]+$",
    )
    audience: str | None = Field(default=None, description="what a token's `aud` must hold; needed with `issuer`")
    client_id: str | None = Field(
        default=None, description="public client that `vernacular login` signs in as, by the device flow"
    )
    login_scopes: tuple[str, ...] = Field(
        default=("openid", "profile", "offline_access"), description="scopes that `vernacular login` asks for"
    )
    user_claim: str = Field(default="sub", description="claim that names the user", min_length=1)
    scope_claim: str = Field(
        default="scope", description="claim that says what the user may do: a list, or words in one text", min_length=1
    )
    complete_values: tuple[str, ...] = Field(
        default=(), description="values of that claim that allow completions; none: every valid token does"
    )
    admin_values: tuple[str, ...] = Field(
        default=(), description="values of that claim that allow the admin API; none: no token does"
    )
    algorithms: tuple[Algorithm, ...] = Field(
        default=("RS256", "ES256"), description="signatures that are accepted", min_length=1
    )
    leeway_s: int = Field(default=30, description="by which clocks may differ", ge=0, le=300)


RateLimit = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,8}/(?:second|minute|hour|day)$")]


class AccessSection(BaseModel):
    """Who may ask, and how often."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["none", "required"] = Field(
        default="none", description="`none`: whoever reaches the server, which then answers this machine alone"
    )
    rate_limits: tuple[RateLimit, ...] = Field(
        default=("20/second", "600/minute"),
        description="how often one user may ask one instance; none: no limit. Without effect in mode `none`",
    )
    oidc: OidcSection = Field(default=OidcSection(), description=str(OidcSection.__doc__))
