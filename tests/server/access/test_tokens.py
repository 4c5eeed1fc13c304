"""Bearer tokens of an issuer that runs beside the test."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest

from server.access.identity import Identity
from server.access.issuer import Issuer, IssuerError
from server.access.tokens import TokenCheck
from server.config.access import OidcSection


@pytest.fixture
async def check(issuer: Any) -> AsyncIterator[TokenCheck]:
    section = OidcSection(issuer=issuer.url, audience="vernacular", admin_values=("vernacular-admin",))
    made = TokenCheck(section, Issuer(issuer.url, unknown_gap_s=0))
    yield made
    await made.close()


async def test_a_valid_token_names_its_user(check: TokenCheck, issuer: Any) -> None:
    assert await check.identity(issuer.token()) == Identity("ada", frozenset({"complete"}))


@pytest.mark.parametrize("claim", ["openid vernacular-admin", ["vernacular-admin"]])
async def test_a_claim_makes_an_administrator(check: TokenCheck, issuer: Any, claim: object) -> None:
    identity = await check.identity(issuer.token(scope=claim))
    assert identity == Identity("ada", frozenset({"complete", "admin"}))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"exp": 1}, "expired"),
        ({"exp": None}, "cannot be verified"),
        ({"aud": "payroll"}, "for another service"),
        ({"aud": None}, "cannot be verified"),
        ({"iss": "https://evil.example.com"}, "of another issuer"),
        ({"nbf": 4_000_000_000}, "cannot be verified"),
        ({"sub": None}, "names no user"),
        ({"sub": ["ada"]}, ""),
    ],
)
async def test_a_token_that_is_refused(check: TokenCheck, issuer: Any, changes: dict[str, Any], why: str) -> None:
    refusal = await check.identity(issuer.token(**changes))
    assert isinstance(refusal, str)
    assert why in refusal


async def test_no_token_chooses_its_own_algorithm(check: TokenCheck, issuer: Any) -> None:
    claims = {"iss": issuer.url, "aud": "vernacular", "sub": "eve", "exp": time.time() + 600}
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"kid": "k1"})
    assert "not signed by one of" in str(await check.identity(unsigned))
    # the classic confusion: the public key taken for a shared secret
    shared = jwt.encode(claims, "x" * 64, algorithm="HS256", headers={"kid": "k1"})
    assert "not signed by one of" in str(await check.identity(shared))
    head, body, _ = shared.split(".")
    forged = base64.urlsafe_b64encode(json.dumps({"alg": "RS256", "kid": "k1"}).encode()).decode().rstrip("=")
    assert await check.identity(f"{forged}.{body}.{head}") == "the token cannot be verified"


async def test_a_changed_token_is_refused(check: TokenCheck, issuer: Any) -> None:
    head, _, signature = issuer.token().split(".")
    _, other, _ = issuer.token(sub="root").split(".")
    assert await check.identity(f"{head}.{other}.{signature}") == "the token cannot be verified"


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "é.é.é", "." * 50, "x" * 20_000, "e30.e30.e30"])
async def test_what_is_no_token(check: TokenCheck, text: str) -> None:
    assert isinstance(await check.identity(text), str)


async def test_a_new_signing_key_is_fetched_once_it_is_used(check: TokenCheck, issuer: Any) -> None:
    await check.identity(issuer.token())
    issuer.add_key("k2")
    assert isinstance(await check.identity(issuer.token("k2")), Identity)
    assert issuer.fetches == 2


async def test_made_up_key_ids_do_not_make_it_fetch(issuer: Any) -> None:
    check = TokenCheck(OidcSection(issuer=issuer.url, audience="vernacular"))
    await check.identity(issuer.token())
    issuer.keys["k9"] = issuer.keys["k1"]
    token = issuer.token("k9")
    del issuer.keys["k9"]
    for _ in range(20):
        assert "does not have" in str(await check.identity(token))
    assert issuer.fetches == 1
    await check.close()


async def test_the_issuer_being_down_does_not_lock_out_who_has_a_token(check: TokenCheck, issuer: Any) -> None:
    await check.identity(issuer.token())
    issuer.down = True
    assert isinstance(await check.identity(issuer.token()), Identity)


async def test_an_issuer_that_was_never_reached_is_not_the_tokens_fault(check: TokenCheck, issuer: Any) -> None:
    issuer.down = True
    with pytest.raises(IssuerError, match="answered HTTP 503"):
        await check.identity(issuer.token())


async def test_an_issuer_of_another_name_is_refused(check: TokenCheck, issuer: Any) -> None:
    issuer.called = "https://id.example.com"
    with pytest.raises(IssuerError, match=r"calls itself 'https://id\.example\.com'"):
        await check.identity(issuer.token())
