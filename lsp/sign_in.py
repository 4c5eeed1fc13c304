"""Signing in by the device flow (RFC 8628), and refreshing what came of it (RFC 6749, section 6).

The completion server says who its issuer is; the issuer's addresses come from its discovery document. A refresh token
may be good for one use only, so programs refresh one after the other, and take what another one has just fetched.
Everything here blocks. Errors are `ServerUnreachableError` (somebody cannot be asked) and `ConfigError` (refused).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import ValidationError

from core.addresses import is_loopback
from core.certificates import certificates
from core.errors import ConfigError, ServerUnreachableError
from core.wire import Login
from lsp.tokens import Token, TokenFile

TIMEOUT_S = 10.0
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SLOWER_S = 5.0


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a person has to do: open `address`, and enter `code` where it is not in the address already."""

    address: str
    code: str


def sign_in(
    url: str, tokens: TokenFile, invite: Callable[[Invitation], None], sleep: Callable[[float], None] = time.sleep
) -> None:
    """Sign in to the server at `url`: `invite` a person, wait until they have done it, and keep the token."""
    login = _login_of(url)
    found = _json(_ask("GET", login.issuer.rstrip("/") + "/.well-known/openid-configuration"), login.issuer)
    addresses = [found.get(name) for name in ("device_authorization_endpoint", "token_endpoint")]
    device_address, token_address = (_safe(address, login.issuer) for address in addresses)
    fields = {"client_id": login.client_id, "scope": " ".join(login.scopes)}
    device = _json(_ask("POST", device_address, fields), device_address)
    try:
        invitation = Invitation(
            str(device.get("verification_uri_complete") or device["verification_uri"]), str(device["user_code"])
        )
        code, pause_s = str(device["device_code"]), float(device.get("interval", _SLOWER_S))
        ends_s = time.monotonic() + float(device.get("expires_in", 600))
        _safe(invitation.address, device_address)
    except (KeyError, TypeError, ValueError):
        raise ServerUnreachableError(f"{device_address} did not answer as RFC 8628 says; is it the issuer?") from None
    invite(invitation)
    fields = {"grant_type": _DEVICE_GRANT, "device_code": code, "client_id": login.client_id}
    while time.monotonic() < ends_s:
        sleep(pause_s)
        answer = _ask("POST", token_address, fields)
        if answer.status_code == httpx.codes.OK:
            tokens.put(url, _token(_json(answer, token_address), token_address, login.client_id, None))
            return
        error = _error_of(answer)
        if error == "slow_down":
            pause_s += _SLOWER_S
        elif error != "authorization_pending":
            raise ConfigError(f"{login.issuer} did not let you in ({error}); run `vernacular login` again")
    raise ConfigError("nobody signed in in time; run `vernacular login` again")


def refreshed(url: str, tokens: TokenFile) -> Token | None:
    """The server's token, fetched anew where it is ending; None where there is none any more."""
    with tokens.locked(".refresh.lock"):
        token = tokens.get(url)
        if token is None or not token.is_ending():
            return token
        if token.refresh_token is None:
            raise ConfigError(f"the token for {url} is over; run `vernacular login`")
        fields = {"grant_type": "refresh_token", "refresh_token": token.refresh_token, "client_id": token.client_id}
        answer = _ask("POST", token.token_endpoint, fields)
        if answer.status_code != httpx.codes.OK:
            raise ConfigError(f"the token for {url} is not renewed ({_error_of(answer)}); run `vernacular login`")
        data = _json(answer, token.token_endpoint)
        new = _token(data, token.token_endpoint, token.client_id, token.refresh_token)
        tokens.put(url, new)
        return new


def _login_of(url: str) -> Login:
    answer = _ask("GET", f"{url.rstrip('/')}/api/v1/login")
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise ConfigError(f"nobody signs in at {url}; ask who runs it for an API key")
    try:
        login = Login.model_validate_json(answer.content)
    except ValidationError:
        raise ServerUnreachableError(f"{url} did not answer in the protocol; is it a Vernacular server?") from None
    if url.startswith("http://") and not is_loopback(url):
        raise ConfigError(f"{url} is plain HTTP, over which no token goes to another machine; use https")
    _safe(login.issuer, url)
    return login


def _safe(address: object, of: str) -> str:
    if not isinstance(address, str) or not address.startswith(("https://", "http://")):
        raise ServerUnreachableError(f"{of} does not offer to sign in by the device flow; ask for an API key")
    if address.startswith("http://") and not is_loopback(address):
        raise ConfigError(f"{address} is plain HTTP; nobody signs in there")
    return address


def _ask(method: str, address: str, fields: Mapping[str, str] | None = None) -> httpx.Response:
    try:
        with httpx.Client(
            timeout=TIMEOUT_S, verify=certificates(address), trust_env=not is_loopback(address)
        ) as client:
            return client.request(method, address, data=fields, headers={"accept": "application/json"})
    except (httpx.HTTPError, httpx.InvalidURL, ImportError, ValueError) as error:
        reason = str(error).strip() or type(error).__name__
        raise ServerUnreachableError(f"{address} cannot be asked ({reason})") from None


def _json(answer: httpx.Response, address: str) -> Mapping[str, Any]:
    if answer.status_code == httpx.codes.OK:
        try:
            data = answer.json()
        except ValueError:
            data = None
        if isinstance(data, dict):
            return data
    what = _error_of(answer) if answer.status_code != httpx.codes.OK else "no JSON"
    raise ServerUnreachableError(f"{address} did not answer as it should ({what})")


def _error_of(answer: httpx.Response) -> str:
    try:
        error = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
    return error[:100] if isinstance(error, str) and error.isprintable() else f"HTTP {answer.status_code}"


def _token(data: Mapping[str, Any], address: str, client_id: str, refresh_token: str | None) -> Token:
    lifetime_s = data.get("expires_in")
    try:
        return Token(
            access_token=data.get("access_token"),
            refresh_token=data.get("refresh_token") or refresh_token,
            expires_at=time.time() + float(lifetime_s) if lifetime_s is not None else None,
            token_endpoint=address,
            client_id=client_id,
        )
    except (ValidationError, TypeError, ValueError):
        raise ServerUnreachableError(f"{address} gave no token") from None
