"""What the client proves itself with: keys, key files, and the token of a real device flow against a small issuer."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, RequestError, ServerUnreachableError
from core.wire import Problem
from lsp.credentials import Credentials
from lsp.link import REFUSED_REST_S, Link
from lsp.settings import Settings
from lsp.sign_in import Invitation, refreshed, sign_in
from lsp.tokens import Token, TokenFile
from tests.lsp.fake_server import FakeServer, Reply, running
from tests.lsp.issuer import Issuer, issuing
from tests.lsp.test_client import REQUEST, answer_of

SECURE = "https://code.example.com"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing(Issuer()) as one:
        yield one


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path / "config")}


def token(url: str = "http://127.0.0.1", **changes: Any) -> Token:
    fields = {"access_token": "a1", "refresh_token": "r1", "token_endpoint": f"{url}/token", "client_id": "editor"}
    return Token.model_validate({**fields, **changes})


async def sent(url: str, environment: dict[str, str], key_file: str | None = None) -> str | None:
    return (await Credentials(url, key_file, environment).headers()).get("authorization")


async def test_the_first_credential_that_is_there_is_taken(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("from-setting\n")
    (tmp_path / "other").write_text("from-variable\n")
    assert await sent(SECURE, environment) is None
    TokenFile(environment).put(SECURE, token())
    assert await sent(SECURE, environment) == "Bearer a1"
    environment["VERNACULAR_API_KEY_FILE"] = str(tmp_path / "other")
    assert await sent(SECURE, environment) == "Bearer from-variable"
    assert await sent(SECURE, environment, str(tmp_path / "mine")) == "Bearer from-setting"
    environment["VERNACULAR_API_KEY"] = "from-environment"
    assert await sent(SECURE, environment, str(tmp_path / "mine")) == "Bearer from-environment"


async def test_a_new_key_in_the_file_needs_no_restart(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("old")
    credentials = Credentials(SECURE, str(file), environment)
    assert await credentials.headers() == {"authorization": "Bearer old"}
    file.write_text("new")
    assert await credentials.headers() == {"authorization": "Bearer new"}


@pytest.mark.parametrize("text", ["", "two\nlines", "kéy", "k\x00y"])
async def test_a_key_that_is_no_header_value_is_not_sent(
    environment: dict[str, str], tmp_path: Path, text: str
) -> None:
    (tmp_path / "key").write_text(text)
    assert await sent(SECURE, environment, str(tmp_path / "key")) is None
    assert await sent(SECURE, environment, str(tmp_path / "missing")) is None


async def test_a_token_goes_to_its_own_server_and_never_in_the_clear(environment: dict[str, str]) -> None:
    tokens = TokenFile(environment)
    tokens.put(SECURE, token())
    tokens.put("http://code.example.com", token())
    assert await sent("https://other.example.com", environment) is None
    assert await sent("http://code.example.com", environment) is None
    assert await sent(f"{SECURE}/", environment) == "Bearer a1"


def test_only_the_owner_may_read_the_tokens(environment: dict[str, str]) -> None:
    tokens = TokenFile(environment)
    tokens.put(SECURE, token())
    tokens.put("http://127.0.0.1:1", token())
    assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600
    tokens.put(SECURE, None)
    assert (tokens.get(SECURE), tokens.get("http://127.0.0.1:1")) == (None, token())
    assert "a1" not in repr(token())


def test_a_damaged_file_is_no_token(environment: dict[str, str]) -> None:
    tokens = TokenFile(environment)
    tokens.path.parent.mkdir(parents=True)
    tokens.path.write_text("{")
    assert tokens.get(SECURE) is None


def test_the_device_flow_ends_with_a_token(issuer: Issuer, environment: dict[str, str]) -> None:
    issuer.answers = [
        (400, {"error": "authorization_pending"}),
        (400, {"error": "slow_down"}),
        (200, {"access_token": "a9", "refresh_token": "r9", "expires_in": 3600, "token_type": "Bearer"}),
    ]
    invited: list[Invitation] = []
    pauses: list[float] = []
    tokens = TokenFile(environment)
    sign_in(issuer.url, tokens, invited.append, pauses.append)
    assert invited == [Invitation(f"{issuer.url}/go", "ABCD")]
    assert pauses == [3, 3, 8]
    assert issuer.asked[0] == {"client_id": "editor", "scope": "openid offline_access"}
    assert issuer.asked[-1]["device_code"] == "d1"
    kept = tokens.get(issuer.url)
    assert kept is not None
    assert (kept.access_token, kept.refresh_token, kept.is_ending()) == ("a9", "r9", False)


@pytest.mark.parametrize(
    ("error", "device", "message"),
    [
        ("access_denied", {}, "did not let you in \\(access_denied\\)"),
        ("expired_token", {}, "did not let you in \\(expired_token\\)"),
        ("authorization_pending", {"expires_in": 0}, "nobody signed in in time"),
    ],
)
def test_a_sign_in_that_fails(
    issuer: Issuer, environment: dict[str, str], error: str, device: dict[str, Any], message: str
) -> None:
    issuer.answers = [(400, {"error": error})]
    issuer.device = device
    with pytest.raises(ConfigError, match=message):
        sign_in(issuer.url, TokenFile(environment), lambda _: None, lambda _: None)


def test_a_server_where_nobody_signs_in(issuer: Issuer, environment: dict[str, str]) -> None:
    issuer.has_login = False
    with pytest.raises(ConfigError, match="nobody signs in at"):
        sign_in(issuer.url, TokenFile(environment), lambda _: None)


def test_an_issuer_that_does_not_speak_the_flow(issuer: Issuer, environment: dict[str, str]) -> None:
    issuer.device = {"interval": "soon"}
    with pytest.raises(ServerUnreachableError, match="RFC 8628"):
        sign_in(issuer.url, TokenFile(environment), lambda _: None)


async def test_a_token_that_ends_is_refreshed_once(issuer: Issuer, environment: dict[str, str]) -> None:
    tokens = TokenFile(environment)
    tokens.put(issuer.url, token(issuer.url, expires_at=time.time() + 5))
    issuer.answers = [(200, {"access_token": "a2", "expires_in": 3600})]
    assert await sent(issuer.url, environment) == "Bearer a2"
    assert await sent(issuer.url, environment) == "Bearer a2"
    assert issuer.asked == [{"grant_type": "refresh_token", "refresh_token": "r1", "client_id": "editor"}]
    kept = tokens.get(issuer.url)
    assert kept is not None
    assert kept.refresh_token == "r1"  # the issuer gave no new one


def test_a_refresh_that_is_refused_says_what_to_do(issuer: Issuer, environment: dict[str, str]) -> None:
    tokens = TokenFile(environment)
    tokens.put(issuer.url, token(issuer.url, expires_at=1))
    issuer.answers = [(400, {"error": "invalid_grant"})]
    with pytest.raises(ConfigError, match=r"not renewed \(invalid_grant\); run `vernacular login`"):
        refreshed(issuer.url, tokens)


REFUSAL = Reply(status=401, problem=Problem(code="unauthenticated", message="a key or a token is needed"))


async def test_a_refusal_says_how_to_get_in() -> None:
    with running(FakeServer(reply=REFUSAL)) as fake:
        with pytest.raises(RequestError, match="run `vernacular login`, or put an API key into") as raised:
            await answer_of(fake.url)
        assert raised.value.status == 401


async def test_a_refused_key_is_announced_once_and_not_asked_with_again_at_each_key() -> None:
    announced: list[str] = []
    reported: list[str] = []
    with running(FakeServer(reply=REFUSAL)) as fake:
        link = Link(Settings(server_url=fake.url), lambda status: announced.append(status.state), reported.append)
        for _ in range(2):
            assert await link.answer(REQUEST, lambda _: None) is None
        assert (announced, reported) == (["refused"], [])
        assert link.availability.wait_s > REFUSED_REST_S - 5
        assert fake.health_checks == 0
        await link.close()
