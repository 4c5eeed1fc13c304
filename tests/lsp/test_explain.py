"""`vernacular/explain`, and what `vernacular/status` says."""

from __future__ import annotations

from pathlib import Path

from core.wire import Problem
from tests.lsp.editor import Editor, editor
from tests.lsp.fake_server import CARD, FakeServer, Reply, ready, reserved_port

SOURCE = "def hello():\n    pri\n\n\nhello()\n"


def explained(one: Editor, uri: str, line: int, character: int) -> str:
    position = {"line": line, "character": character}
    return str(one.request("vernacular/explain", {"textDocument": {"uri": uri}, "position": position})["text"])


def test_a_proposal_is_explained_in_plain_text(connected: Editor, fake: FakeServer, tmp_path: Path) -> None:
    uri = (tmp_path / "a.py").as_uri()
    connected.said("vernacular/status")
    connected.open(uri, SOURCE)
    lines = explained(connected, uri, 1, 7).splitlines()
    assert lines[:3] == [
        "a.py:2:8, python",
        f"{fake.url}: ready: fake-model at {fake.url}",
        "while one types: asked for: typed",
    ]
    assert lines[4:7] == ["1 │ def hello():", "2 │     prilo world", "3 │"]
    assert "origin" in "\n".join(lines)
    assert "one line: on a line that has begun" in lines
    assert fake.requests[-1].explain
    assert "\x1b" not in "\n".join(lines)


def test_why_there_is_none(fake: FakeServer, tmp_path: Path) -> None:
    uri = (tmp_path / "a.py").as_uri()
    fake.reply = Reply(status=422, problem=Problem(code="max_new_tokens", message="ask for less"))
    with editor("--server", fake.url) as one:
        one.initialize(tmp_path, enabled=False)
        one.open(uri, SOURCE)
        lines = explained(one, uri, 1, 5).splitlines()
        assert "ghost text is switched off (enabled)" in lines
        assert "while one types: nothing: in the middle of a word" in lines
        assert lines[-1] == "the server gave no answer: ask for less"
        secret = (tmp_path / ".env").as_uri()
        one.open(secret, "KEY=")
        assert explained(one, secret, 0, 4).splitlines()[-1].startswith("its name says that it holds secrets")
        assert len(fake.requests) == 1
        answer = one.answer(one.ask("vernacular/explain", {"textDocument": {"uri": "file:///no"}}))
        assert answer["error"]["code"] == -32602


def test_without_a_server_what_is_known_here_is_said(tmp_path: Path) -> None:
    uri = (tmp_path / "a.py").as_uri()
    with reserved_port() as port, editor("--server", f"http://127.0.0.1:{port}") as one:
        one.initialize(tmp_path)
        one.open(uri, SOURCE)
        last = explained(one, uri, 1, 7).splitlines()[-1]
        assert last.startswith(f"the server gave no answer: nobody answers at http://127.0.0.1:{port}")


def test_the_status_says_which_model_answers_and_where(connected: Editor, fake: FakeServer, tmp_path: Path) -> None:
    uri = (tmp_path / "a.py").as_uri()
    connected.open(uri, "a")
    said = connected.said("vernacular/status")
    assert said == {
        "state": "ready",
        "detail": f"{CARD.name} at {fake.url}",
        "model": CARD.name,
        "server": fake.url,
    }
    connected.ghost_text(uri, 0, 1)
    assert len(connected.all_said("vernacular/status")) == 1


def test_a_model_of_its_own_for_a_language(fake: FakeServer, tmp_path: Path) -> None:
    small = CARD.model_copy(update={"context_tokens": 200, "name": "small"})
    fake.health = ready().model_copy(update={"languages": {"python": small}})
    with editor("--server", fake.url) as one:
        one.initialize(tmp_path)
        one.said("vernacular/status")
        for name, language in (("a.py", "python"), ("a.lua", "lua")):
            uri = (tmp_path / name).as_uri()
            one.open(uri, "word = 1\n" * 1000, language)
            one.ghost_text(uri, 500, 8)
    assert len(fake.requests[0].prefix) < 200 * 3.5 < 2000 < len(fake.requests[1].prefix)
