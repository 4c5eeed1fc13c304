"""`vernacular/signIn` and `vernacular/signOut`: the device flow from the editor, and the status that follows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lsp.editor import editor
from tests.lsp.fake_server import FakeServer, Reply, running, wait_until
from tests.lsp.issuer import Issuer, issuing

TOKEN = {"access_token": "a9", "expires_in": 3600, "token_type": "Bearer"}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing(Issuer(device={"interval": 0.05})) as one:
        yield one


@pytest.fixture
def fake(issuer: Issuer) -> Iterator[FakeServer]:
    with running(FakeServer(reply=Reply("lo world"), login=issuer.login, token="a9")) as server:
        yield server


def environment(folder: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(folder / "config"), "VERNACULAR_API_KEY": ""}


def test_signing_in_makes_the_server_answer_again(fake: FakeServer, issuer: Issuer, tmp_path: Path) -> None:
    uri = (tmp_path / "a.py").as_uri()
    with editor("--server", fake.url, environment=environment(tmp_path)) as one:
        one.initialize(tmp_path)
        one.open(uri, "hel")
        assert one.ghost_text(uri, 0, 3) == []
        one.said("vernacular/status", lambda said: said["state"] == "refused")

        number = one.ask("vernacular/signIn", {})
        asked = one.said("window/showMessage")["message"]
        issuer.answers.append((200, TOKEN))

        assert one.answer(number)["result"] == {"detail": f"signed in to {fake.url}"}
        assert asked == f"vernacular: enter ABCD at {issuer.url}/go"
        wait_until(lambda: one.all_said("vernacular/status")[-1]["state"] == "ready")
        assert one.ghost_text(uri, 0, 3)[0]["insertText"] == "lo world"

        assert one.request("vernacular/signOut", {}) == {"detail": f"signed out of {fake.url}"}
        one.replace(uri, (0, 3), (0, 3), "p")
        assert one.ghost_text(uri, 0, 4) == []
        wait_until(lambda: one.all_said("vernacular/status")[-1]["state"] == "refused")
        assert one.request("vernacular/signOut", {}) == {"detail": f"nobody was signed in to {fake.url}"}
        assert one.all_said("window/showDocument") == []


def test_the_address_is_opened_where_the_editor_can(fake: FakeServer, issuer: Issuer, tmp_path: Path) -> None:
    issuer.device["verification_uri_complete"] = f"{issuer.url}/go?code=ABCD"
    with editor("--server", fake.url, environment=environment(tmp_path)) as one:
        one.initialize(tmp_path, window={"showDocument": {"support": True}})
        number = one.ask("vernacular/signIn", {})
        shown = one.said("window/showDocument")
        assert shown == {"uri": f"{issuer.url}/go?code=ABCD", "external": True}
        issuer.answers.append((200, TOKEN))
        assert "result" in one.answer(number)


def test_it_can_be_given_up(fake: FakeServer, issuer: Issuer, tmp_path: Path) -> None:
    with editor("--server", fake.url, environment=environment(tmp_path)) as one:
        one.initialize(tmp_path)
        number = one.ask("vernacular/signIn", {})
        one.said("window/showMessage")
        one.notify("$/cancelRequest", {"id": number})
        assert one.answer(number)["error"]["code"] == -32800

        older = one.ask("vernacular/signIn", {})
        wait_until(lambda: len(one.all_said("window/showMessage")) == 2)
        newer = one.ask("vernacular/signIn", {})
        error = one.answer(older)["error"]
        assert (error["code"], error["message"]) == (-32803, "signing in was given up; nothing has changed")
        wait_until(lambda: len(one.all_said("window/showMessage")) == 3)
        one.notify("$/cancelRequest", {"id": newer})
        one.answer(newer)
        asked = len(issuer.asked)
    assert len(issuer.asked) <= asked + 1
    assert not (tmp_path / "config" / "vernacular" / "tokens.json").exists()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("javascript:alert(1)", "does not offer to sign in by the device flow"),
        ("http://example.com/go", "is plain HTTP; nobody signs in there"),
    ],
)
def test_no_other_address_is_opened_than_one_of_the_web(
    fake: FakeServer, issuer: Issuer, tmp_path: Path, address: str, says: str
) -> None:
    issuer.device["verification_uri"] = address
    with editor("--server", fake.url, environment=environment(tmp_path)) as one:
        one.initialize(tmp_path, window={"showDocument": {"support": True}})
        error = one.answer(one.ask("vernacular/signIn", {}))["error"]
        assert error["code"] == -32803
        assert says in error["message"]
        assert one.all_said("window/showDocument") == []


def test_a_server_where_nobody_signs_in(fake: FakeServer, tmp_path: Path) -> None:
    fake.login = None
    with editor("--server", fake.url, environment=environment(tmp_path)) as one:
        one.initialize(tmp_path)
        error = one.answer(one.ask("vernacular/signIn", {}))["error"]
        assert error["message"] == f"nobody signs in at {fake.url}; ask who runs it for an API key"


def test_a_key_that_goes_first_is_mentioned(fake: FakeServer, tmp_path: Path) -> None:
    with editor("--server", fake.url, environment=environment(tmp_path) | {"VERNACULAR_API_KEY": "k"}) as one:
        one.initialize(tmp_path)
        detail = one.request("vernacular/signOut", {})["detail"]
        assert detail.endswith("; the API key in VERNACULAR_API_KEY goes first as long as it is set")
