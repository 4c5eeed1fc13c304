"""Who gets in, over a real socket."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from server.access.keys import KeyStore
from server.config.access import AccessSection, OidcSection
from server.config.schema import DatabaseSection, ListenSection, ServerConfig
from server.storage.database import Database
from server.storage.migrating import migrate


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/server.db"


@pytest.fixture
def store(url: str) -> KeyStore:
    database = Database(url)
    migrate(database)
    return KeyStore(database)


@pytest.fixture
def config(url: str, issuer: Any) -> ServerConfig:
    oidc = OidcSection(issuer=issuer.url, audience="vernacular", client_id="editor")
    return ServerConfig(
        access=AccessSection(mode="required", rate_limits=("3/hour",), oidc=oidc),
        database=DatabaseSection(url=SecretStr(url)),
    )


@pytest.fixture
async def server(start_server: Any, ids_of: Any, config: ServerConfig, store: KeyStore) -> AsyncIterator[Any]:
    async with start_server(config=config, answer=ids_of("urn rows")) as running:
        yield running


def bearer(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


@pytest.mark.parametrize("path", ["/api/v1/model", "/metrics", "/admin/models", "/v1/models", "/nowhere"])
async def test_nobody_gets_in_without_a_key(server: Any, path: str) -> None:
    answer = await server.client.get(path)
    assert answer.status_code == 401
    problem = answer.json()
    assert problem.get("error", problem)["code"] == "unauthenticated"  # in the words of the client's protocol
    assert answer.headers.get_list("www-authenticate")[0].startswith("Bearer")


async def test_everyone_may_ask_whether_it_lives_and_how_to_sign_in(server: Any, issuer: Any) -> None:
    assert (await server.client.get("/health")).status_code == 200
    login = (await server.client.get("/api/v1/login")).json()
    assert login == {"issuer": issuer.url, "client_id": "editor", "scopes": ["openid", "profile", "offline_access"]}


async def test_a_key_gets_an_answer(server: Any, store: KeyStore, request_with: Any) -> None:
    _, text = store.create("ada", "laptop", ["complete"])
    answer = await server.client.post("/api/v1/complete", json=request_with(), headers=bearer(text))
    assert answer.status_code == 200


async def test_a_token_gets_an_answer(server: Any, issuer: Any, request_with: Any) -> None:
    answer = await server.client.post("/api/v1/complete", json=request_with(), headers=bearer(issuer.token()))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Basic !!!", "Digest x", "Bearer vernacular_x", "Basic " + "A" * 4000]
)
async def test_headers_that_are_no_credentials(server: Any, header: str) -> None:
    answer = await server.client.get("/api/v1/model", headers={"authorization": header})
    assert answer.status_code == 401


async def test_two_credentials_are_one_too_many(server: Any, store: KeyStore) -> None:
    _, text = store.create("ada", "laptop", ["complete"])
    headers = [("authorization", f"Bearer {text}"), ("authorization", "Bearer x")]
    assert (await server.client.get("/api/v1/model", headers=headers)).status_code == 401


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        ("complete", "/api/v1/model", 200),
        ("complete", "/metrics", 403),
        ("complete", "/admin/models", 403),
        ("complete", "/admin", 403),
        ("metrics", "/metrics", 200),
        ("metrics", "/api/v1/model", 403),
        ("admin", "/metrics", 200),
        ("admin", "/api/v1/model", 403),
    ],
)
async def test_each_scope_opens_its_own(server: Any, store: KeyStore, scope: str, path: str, status: int) -> None:
    _, text = store.create("ada", "laptop", [scope])
    answer = await server.client.get(path, headers=bearer(text))
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "forbidden"


@pytest.mark.parametrize("path", ["//admin/models", "/api/../admin/models", "/%61dmin/models", "/admin%2fmodels"])
async def test_no_spelling_of_a_path_slips_past(server: Any, store: KeyStore, path: str) -> None:
    _, text = store.create("ada", "laptop", ["complete"])
    assert (await server.client.get(path, headers=bearer(text))).status_code in (403, 404)
    assert (await server.client.get(path)).status_code == 401


async def test_who_asks_too_often_waits_and_others_do_not(server: Any, store: KeyStore, request_with: Any) -> None:
    _, ada = store.create("ada", "laptop", ["complete"])
    _, same = store.create("ada", "other laptop", ["complete"])
    _, bob = store.create("bob", "laptop", ["complete"])
    codes = []
    for text in (ada, same, ada, same, bob):
        answer = await server.client.post("/api/v1/complete", json=request_with(), headers=bearer(text))
        codes.append(answer.status_code)
        if answer.status_code == 429:
            assert 0 < int(answer.headers["retry-after"]) <= 3600
            assert answer.json()["code"] == "rate_limited"
    assert codes == [200, 200, 200, 429, 200]


async def test_a_browser_may_look_but_not_be_made_to_change(server: Any, store: KeyStore) -> None:
    _, text = store.create("root", "browser", ["admin"])
    basic = {"authorization": "Basic " + base64.b64encode(f"any:{text}".encode()).decode()}
    assert (await server.client.get("/admin/nothing", headers=basic)).status_code == 404
    assert (await server.client.post("/admin/nothing", headers=basic)).status_code == 403
    own = {**basic, "sec-fetch-site": "same-origin"}
    assert (await server.client.post("/admin/nothing", headers=own)).status_code == 404
    refused = await server.client.get("/admin/nothing")
    assert any(value.startswith("Basic") for value in refused.headers.get_list("www-authenticate"))


async def test_cors_is_off(server: Any, store: KeyStore) -> None:
    _, text = store.create("ada", "laptop", ["complete"])
    page = {"origin": "https://evil.example.com"}
    asked = {**page, "access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    for answer in (
        await server.client.options("/api/v1/complete", headers=asked),
        await server.client.get("/api/v1/model", headers={**bearer(text), **page}),
        await server.client.get("/health", headers=page),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost:8480"}, 200),
        ({"host": "[::1]:8480"}, 200),
        ({"host": "code.example.com"}, 200),
        ({"host": "evil.example.com"}, 421),
        ({"host": "127.0.0.1.evil.example.com"}, 421),
        ({"host": "[::1"}, 421),
        ({"host": "192.0.2.1"}, 421),
        ({"origin": "https://evil.example.com"}, 403),
        ({"origin": "null"}, 403),
        ({"host": "localhost:8480", "origin": "http://localhost:8480"}, 200),
    ],
)
async def test_without_keys_web_pages_are_refused(start_server: Any, headers: dict[str, str], status: int) -> None:
    config = ServerConfig(listen=ListenSection(base_url="https://code.example.com"))
    async with start_server(config=config) as server:
        assert (await server.client.get("/api/v1/model", headers=headers)).status_code == status
