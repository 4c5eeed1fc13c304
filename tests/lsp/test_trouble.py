"""Trouble that a person is told of: each kind once, in one line, however many keys are struck."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.wire import Problem
from tests.lsp.editor import editor
from tests.lsp.fake_server import LOGIN_PAGE, FakeServer, Reply, ready, wait_until


class Swallower:
    """Takes every connection and all that comes over it, and never says a word: a proxy that is stuck."""

    def __init__(self, listening: socket.socket) -> None:
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.heard: list[bytes] = []
        self._held: list[socket.socket] = []
        self._listening = listening

    def take(self) -> None:
        """Until the socket is closed."""
        while True:
            try:
                connection = self._listening.accept()[0]
            except OSError:
                return
            self._held.append(connection)
            threading.Thread(target=self._hear, args=(connection,), daemon=True).start()

    def _hear(self, connection: socket.socket) -> None:
        while data := connection.recv(65536):
            self.heard.append(data)


@contextmanager
def swallowing() -> Iterator[Swallower]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        swallower = Swallower(listening)
        threading.Thread(target=swallower.take, daemon=True).start()
        yield swallower
        listening.shutdown(socket.SHUT_RDWR)


def health_checks(swallower: Swallower) -> int:
    return sum(data.startswith(b"GET /health") for data in swallower.heard)


@pytest.mark.parametrize("by_a_proxy", [False, True])
def test_a_proxy_that_swallows_what_it_is_sent_is_one_trouble(tmp_path: Path, by_a_proxy: bool) -> None:
    uri = (tmp_path / "a.py").as_uri()
    with swallowing() as swallower:
        if by_a_proxy:  # a company's server is asked through the proxy that the environment names
            url, environment = "http://completions.example:8480", {"http_proxy": swallower.url, "no_proxy": ""}
        else:
            url, environment = swallower.url, {}
        with editor("--server", url, environment=environment) as one:
            one.initialize(tmp_path, timeout_s=1, completion_items=True)
            one.open(uri, "a")
            for _ in range(4):
                assert one.ghost_text(uri, 0, 1, invoked=True) == []
            if not by_a_proxy:
                wait_until(lambda: health_checks(swallower) >= 2)
            assert one.ghost_text(uri, 0, 1, invoked=True) == []
            [said] = one.all_said("vernacular/status")
            assert said["state"] in ("slow", "unreachable")
            assert "longer than 1 s" in said["detail"] or "did not answer in time" in said["detail"]
            assert len(one.all_said("window/showMessage")) == 1
            assert len([log for log in one.all_said("window/logMessage") if log["type"] <= 2]) == 1


def checked_since(fake: FakeServer, checks: int) -> bool:
    return fake.health_checks > checks


def test_a_proxys_page_before_a_server_that_is_well_is_one_trouble(fake: FakeServer, tmp_path: Path) -> None:
    """Its health gets through, and says that all is well between the answers that do not."""
    uri = (tmp_path / "a.py").as_uri()
    good, fake.reply = fake.reply, Reply(raw=LOGIN_PAGE)
    with editor("--server", fake.url) as one:
        one.initialize(tmp_path, proposers="model")
        one.open(uri, "hel")
        one.said("vernacular/status", lambda said: said["state"] == "ready")
        while len(fake.requests) < 3:
            checks = fake.health_checks
            assert one.ghost_text(uri, 0, 3, invoked=True) == []
            wait_until(partial(checked_since, fake, checks))
        fake.reply = good
        assert wait_until(lambda: one.ghost_text(uri, 0, 3, invoked=True))
        said = one.all_said("vernacular/status")
    assert [each["state"] for each in said] == ["ready", "unreachable", "ready"]
    assert said[1]["detail"].endswith("is it a Vernacular server?")


@pytest.mark.parametrize("first_seen", ["health", "answer", "refusal"])
def test_another_version_is_said_with_both_numbers(fake: FakeServer, tmp_path: Path, first_seen: str) -> None:
    uri = (tmp_path / "a.py").as_uri()
    if first_seen == "health":
        fake.health = ready().model_copy(update={"protocol": 2})
        fake.reply = Reply("x", protocol=2)
    elif first_seen == "answer":
        fake.reply = Reply("x", protocol=2)
    else:
        message = "protocol 1 is not spoken here; this server speaks 2, so update the client"
        fake.reply = Reply(status=422, problem=Problem(code="protocol_version", message=message))
    with editor("--server", fake.url) as one:
        one.initialize(tmp_path)
        one.open(uri, "a")
        if first_seen != "health":
            one.said("vernacular/status", lambda said: said["state"] == "ready")
        for _ in range(3):
            assert one.ghost_text(uri, 0, 1) == []
        said = one.said("vernacular/status", lambda said: said["state"] == "incompatible")
        assert "1" in said["detail"]
        assert "2" in said["detail"]
        assert "update the" in said["detail"]
        if first_seen == "health":
            wait_until(lambda: fake.health_checks >= 3)
            assert len(one.all_said("vernacular/status")) == 1


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            {"server_url": 5, "enabled": "perhaps", "max_new_tokens": [], "ignore": 7, "timeout_s": None},
            ["'server_url' is 5", "'enabled' is 'perhaps'", "'max_new_tokens' is []", "'ignore' is 7"],
        ),
        ({"vernacular": ["no", "object"]}, ["settings must be an object, not list"]),
        ({"completion_items": "yes"}, ["'completion_items' is 'yes'"]),
        ({"debounce_ms": {"a": 1}, "colour": "red"}, ["'debounce_ms' is {'a': 1}", "unknown setting 'colour'"]),
    ],
)
def test_wrong_settings_are_one_message_and_not_said_again(
    fake: FakeServer, tmp_path: Path, settings: dict[str, Any], says: list[str]
) -> None:
    uri = (tmp_path / "a.py").as_uri()
    with editor("--server", fake.url) as one:
        one.initialize(tmp_path, **settings)
        one.open(uri, "hel")
        for _ in range(2):
            one.notify("workspace/didChangeConfiguration", {"settings": settings})
        assert one.ghost_text(uri, 0, 3, invoked=True)[0]["insertText"] == "lo world"
        [shown] = one.all_said("window/showMessage")
        assert all(part in shown["message"] for part in says)
        assert "\n" not in shown["message"]


@pytest.mark.parametrize("options", [5, "all", [], None, True])
def test_options_that_are_no_object(fake: FakeServer, tmp_path: Path, options: object) -> None:
    with editor("--server", fake.url) as one:
        one.request("initialize", {"processId": None, "capabilities": {}, "initializationOptions": options})
        one.notify("initialized", {})
        one.open("file:///a.py", "hel")
        assert one.ghost_text("file:///a.py", 0, 3, invoked=True)
        assert len(one.all_said("window/showMessage")) == (0 if options is None else 1)
