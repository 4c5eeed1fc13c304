"""`vernacular/generate`: from the comment at the cursor to a text and its place, streamed, cancelled, refused."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from core.wire import Problem
from tests.lsp.editor import Editor, editor
from tests.lsp.fake_server import CARD, FakeServer, Turn, ready, reserved_port, wait_until

SOURCE = "import os\n\n# sort the list\n\n\ndef after():\n    pass\n"
SORTED = ("Sure:\n\n```py", "thon\n# sort the list\nfor a in", " b:\n    a.sort()\n", "```\nDone.")


def ask(one: Editor, uri: str, line: int, character: int, **more: object) -> int:
    position = {"line": line, "character": character}
    return one.ask("vernacular/generate", {"textDocument": {"uri": uri}, "position": position, **more})


def generated(one: Editor, uri: str, line: int, character: int, **more: object) -> Any:
    answer = one.answer(ask(one, uri, line, character, **more))
    assert "error" not in answer, answer["error"]
    return answer["result"]


def refused(one: Editor, uri: str, line: int, character: int) -> str:
    error = one.answer(ask(one, uri, line, character))["error"]
    assert error["code"] == -32803
    assert "\n" not in error["message"]
    return str(error["message"])


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return (tmp_path / "a.py").as_uri()


def test_the_code_of_a_comment_and_where_it_goes(connected: Editor, fake: FakeServer, uri: str) -> None:
    fake.turn = Turn(SORTED)
    connected.open(uri, SOURCE)

    assert generated(connected, uri, 3, 0) == {
        "instruction": "sort the list",
        "position": {"line": 3, "character": 0},
        "text": "for a in b:\n    a.sort()",
        "model": CARD.name,
    }
    assert generated(connected, uri, 2, 5)["position"] == {"line": 2, "character": 15}

    [asked, _] = fake.conversations
    system, question = (message["content"] for message in asked["messages"])
    assert system.startswith("You write Python.")
    assert "What the file a.py has above:\n\n```python\nimport os\n```" in system
    assert "What the file a.py has below:\n\n```python\ndef after():\n    pass\n```" in system
    assert question == (
        "sort the list\n\nComplete this Python code; repeat what is given.\n\n```python\n# sort the list\n```"
    )
    assert (asked["path"], asked["stream"], asked["temperature"]) == ("a.py", True, 0)


def test_it_comes_in_parts_that_joined_are_the_text(connected: Editor, fake: FakeServer, uri: str) -> None:
    hold = threading.Event()
    fake.turn = Turn(SORTED, hold=hold)
    connected.open(uri, SOURCE)
    number = ask(connected, uri, 2, 5, partialResultToken="t1")

    first = connected.said("$/progress", lambda said: said["token"] == "t1")["value"]
    assert first == {"position": {"line": 2, "character": 15}, "text": "\nfor a in b:"}
    hold.set()

    text = connected.answer(number)["result"]["text"]
    assert "".join(said["value"]["text"] for said in connected.all_said("$/progress")) == text
    assert text == "\nfor a in b:\n    a.sort()"


def test_line_ends_and_columns_are_the_documents(fake: FakeServer, uri: str) -> None:
    fake.turn = Turn(("```\nx\ny\n```",))
    with editor("--server", fake.url) as one:
        one.initialize()
        one.open(uri, "if a:\r\n    '\N{GRINNING FACE}'  # do it\r\n    b\r\n")
        answer = generated(one, uri, 1, 12)
        assert (answer["position"], answer["text"]) == ({"line": 1, "character": 17}, "\r\n    x\r\n    y")


def test_cancelling_closes_the_connection(connected: Editor, fake: FakeServer, uri: str) -> None:
    fake.turn = Turn(("```\nx\n",), hang=True)
    connected.open(uri, SOURCE)
    number = ask(connected, uri, 3, 0, partialResultToken=7)
    connected.said("$/progress")

    connected.notify("$/cancelRequest", {"id": number})

    assert connected.answer(number)["error"]["code"] == -32800
    assert wait_until(lambda: fake.abandoned) == ["conversation"]


def test_what_is_there_at_the_time_limit_is_the_answer(fake: FakeServer, uri: str) -> None:
    with editor("--server", fake.url) as one:
        one.initialize(generate_timeout_s=3, generate_max_tokens=99)
        one.open(uri, SOURCE)
        fake.turn = Turn(("```\nx\ny",), hang=True)
        assert generated(one, uri, 3, 0)["text"] == "x"
        fake.turn = Turn(("```\n",), hang=True)
        one.notify("workspace/didChangeConfiguration", {"settings": {"generate_timeout_s": 0.5}})
        assert "gave no code within 0.5 s" in refused(one, uri, 3, 0)
    assert {asked["max_tokens"] for asked in fake.conversations} == {99}
    wait_until(lambda: len(fake.abandoned) == 2)


def test_what_does_not_fit_is_shortened(connected: Editor, fake: FakeServer, uri: str) -> None:
    def refuse_long(asked: dict[str, Any]) -> Turn:
        problem = Problem(code="context_length_exceeded", message="send less")
        size = len(asked["messages"][0]["content"])
        return Turn(SORTED) if size < 1500 else Turn(problem=problem, status=400)

    fake.turn = refuse_long
    connected.said("vernacular/status")
    connected.open(uri, "above = 1\n" * 900 + SOURCE)
    assert generated(connected, uri, 903, 0)["text"]
    sizes = [len(asked["messages"][0]["content"]) for asked in fake.conversations]
    assert 2 <= len(sizes) <= 3
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] < (CARD.context_tokens - 512) * CARD.bytes_per_token


def test_what_cannot_be_done_is_one_line(connected: Editor, fake: FakeServer, tmp_path: Path, uri: str) -> None:
    connected.open(uri, SOURCE)
    assert "no comment here" in refused(connected, uri, 0, 3)
    assert "is not open" in refused(connected, (tmp_path / "b.py").as_uri(), 0, 0)

    message = "the model m has no chat template, so it takes no messages; ask /v1/completions with a prompt"
    fake.turn = Turn(problem=Problem(code="no_chat_template", message=message), status=400)
    assert refused(connected, uri, 3, 0).startswith("m was not made to follow instructions: it has no chat template")

    fake.turn = Turn(problem=Problem(code="unauthorized", message="send a key"), status=401)
    assert "send a key; run `vernacular login`" in refused(connected, uri, 3, 0)

    fake.turn = Turn(problem=Problem(code="starting", message="loading the model"), status=503)
    assert refused(connected, uri, 3, 0) == "loading the model"

    fake.turn = Turn(("```\nx\n",), problem=Problem(code="engine", message="the engine died"))
    assert refused(connected, uri, 3, 0) == "the engine died"

    fake.turn = Turn(("I cannot do that.",))
    assert refused(connected, uri, 3, 0) == "fake-model answered without code; say more in the comment"

    secret = (tmp_path / ".env").as_uri()
    connected.open(secret, "# make a key\n")
    assert "holds secrets" in refused(connected, secret, 0, 3)
    codes = [connected.answer(ask(connected, place, 0, 3))["error"]["data"] for place in (uri, secret)]
    assert codes == [{"code": "no_comment"}, {"code": "secret"}]
    assert connected.answer(connected.ask("vernacular/generate", {}))["error"]["code"] == -32602
    assert connected.all_said("window/showMessage") == []


def test_nobody_answers(tmp_path: Path, uri: str) -> None:
    with reserved_port() as port, editor("--server", f"http://127.0.0.1:{port}") as one:
        one.initialize(tmp_path)
        one.open(uri, SOURCE)
        assert f"nobody answers at http://127.0.0.1:{port}" in refused(one, uri, 3, 0)


def test_the_language_of_a_document_without_a_name_is_said_by_a_name_for_it(
    connected: Editor, fake: FakeServer
) -> None:
    fake.turn = Turn(SORTED)
    connected.open("untitled:Untitled-1", "-- sort\n", "lua")
    assert generated(connected, "untitled:Untitled-1", 1, 0)["text"]
    assert fake.conversations[-1]["path"] == "code.lua"


def test_the_model_of_the_language_sets_the_budget(fake: FakeServer, tmp_path: Path, uri: str) -> None:
    small = CARD.model_copy(update={"context_tokens": 800, "name": "small"})
    fake.health = ready().model_copy(update={"languages": {"python": small}})
    fake.turn = Turn(SORTED)
    with editor("--server", fake.url) as one:
        one.initialize(tmp_path, generate_max_tokens=256)
        one.said("vernacular/status")
        one.open(uri, "above = 1\n" * 900 + SOURCE)
        generated(one, uri, 903, 0)
        other = (tmp_path / "a.lua").as_uri()
        one.open(other, "above = 1\n" * 900 + "-- sort\n", "lua")
        generated(one, other, 901, 0)
    python, lua = (len(asked["messages"][0]["content"]) for asked in fake.conversations)
    assert 500 < python < (800 - 256) * 3.5 < lua
