"""The language server as a whole: what a completion server hears of an editor's proposals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.events import Accepted, Offered, PartlyAccepted, Way
from tests.lsp.editor import Editor, editor
from tests.lsp.fake_server import FakeServer

URI = "file:///a.py"


def told(fake: FakeServer, folder: Path, *steps: Any, **settings: Any) -> FakeServer:
    """Open a document, take the steps, and leave: what is known then goes out before the end."""
    with editor("--server", fake.url, folder=folder) as one:
        one.initialize(folder, **settings)
        one.open(URI, "hel")
        for step in steps:
            step(one)
    return fake


def ask(one: Editor) -> None:
    (item,) = one.ghost_text(URI, 0, 3)
    one.item = item  # type: ignore[attr-defined]


def accept(one: Editor) -> None:
    """As editors do: put it in, and then run its command."""
    item = one.item  # type: ignore[attr-defined]
    one.replace(URI, (0, 3), (0, 3), item["insertText"])
    command = item["command"]
    one.request("workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]})


def test_the_commands_are_announced(fake: FakeServer, tmp_path: Path) -> None:
    with editor("--server", fake.url, folder=tmp_path) as one:
        answer = one.initialize(tmp_path)
    commands = answer["capabilities"]["executeCommandProvider"]["commands"]
    assert sorted(commands) == ["vernacular.accepted", "vernacular.acceptedPart"]


def test_offered_and_accepted(fake: FakeServer, tmp_path: Path) -> None:
    offered, accepted = told(fake, tmp_path, ask, ask, accept).events
    assert isinstance(offered, Offered)
    assert isinstance(accepted, Accepted)
    assert (offered.model, offered.language, offered.characters) == ("fake-model", "python", len("lo world"))
    assert offered.request_id == fake.requests[0].request_id
    assert offered.latency.request_ms is not None
    assert offered.latency.answer_ms > 0
    assert (offered.latency.queue_ms, offered.latency.server_ms) == (0.1, 2.0)
    assert (accepted.offer_id, accepted.way) == (offered.offer_id, Way.COMMAND)
    assert all("lo world" not in event.model_dump_json() for event in fake.events)


def test_a_part(fake: FakeServer, tmp_path: Path) -> None:
    put_in = lambda one: one.replace(URI, (0, 3), (0, 3), "lo ")  # noqa: E731
    _, partly = told(fake, tmp_path, ask, put_in).events
    assert isinstance(partly, PartlyAccepted)
    assert (partly.characters, partly.way) == (3, Way.EDIT)


def test_turned_off_there_is_nothing_and_no_command(fake: FakeServer, tmp_path: Path) -> None:
    def check(one: Editor) -> None:
        assert "command" not in one.item  # type: ignore[attr-defined]

    assert told(fake, tmp_path, ask, check, telemetry="off").events == []


@pytest.mark.parametrize("arguments", [None, [], [7], [{"a": 1}], ["x", "y", "z"]])
def test_a_wrong_command_disturbs_nothing(fake: FakeServer, tmp_path: Path, arguments: Any) -> None:
    def run(one: Editor) -> None:
        one.answer(one.ask("workspace/executeCommand", {"command": "vernacular.accepted", "arguments": arguments}))

    assert [event.kind for event in told(fake, tmp_path, run, ask, run, accept).events] == ["offered", "accepted"]
