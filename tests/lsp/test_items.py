"""Proposals as ordinary completion items, where the editor turned that on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lsp.documents import Document, Place
from lsp.items import LABEL_CHARACTERS, completion_list
from tests.lsp.editor import Editor, editor
from tests.lsp.fake_server import FakeServer, Reply, reserved_port


def items(one: Editor, uri: str, line: int, character: int) -> Any:
    position = {"line": line, "character": character}
    return one.request("textDocument/completion", {"textDocument": {"uri": uri}, "position": position})


@pytest.mark.parametrize("nested", [False, True])
def test_the_same_proposals_as_items(fake: FakeServer, tmp_path: Path, nested: bool) -> None:
    fake.reply = Reply("nt('\N{GRINNING FACE}')\n    return 1")
    uri = (tmp_path / "a.py").as_uri()
    with editor("--server", fake.url) as one:
        settings: dict[str, Any] = {"completion_items": True, "debounce_ms": 0}
        answer = one.initialize(tmp_path, **({"vernacular": settings} if nested else settings))
        provider = answer["capabilities"]["completionProvider"]
        assert {".", "(", " "} <= set(provider["triggerCharacters"])
        one.open(uri, "def hello():\n    '\N{GRINNING FACE}', pri\n")
        found = items(one, uri, 1, 13)
        [item] = found["items"]
        command = item.pop("command")
        one.request("workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]})
    assert found["isIncomplete"] is True
    assert item == {
        "label": "print('\N{GRINNING FACE}')\N{HORIZONTAL ELLIPSIS}",
        "kind": 1,
        "detail": "Vernacular",
        "documentation": {"kind": "markdown", "value": "```python\nprint('\N{GRINNING FACE}')\n    return 1\n```"},
        "filterText": "print('\N{GRINNING FACE}')",
        "sortText": "!00",
        "insertTextFormat": 1,
        "insertTextMode": 1,
        "textEdit": {
            "range": {"start": {"line": 1, "character": 10}, "end": {"line": 1, "character": 13}},
            "newText": "print('\N{GRINNING FACE}')\n    return 1",
        },
    }
    assert [event.kind for event in fake.events][-1] == "accepted"


def test_they_are_announced_only_where_they_are_wanted(connected: Editor, tmp_path: Path) -> None:
    with editor() as one:
        assert "completionProvider" not in one.initialize(tmp_path)["capabilities"]
        answer = one.answer(
            one.ask("textDocument/completion", {"textDocument": {"uri": "a"}, "position": {"line": 0, "character": 0}})
        )
        assert answer["error"]["code"] == -32601


def test_where_nothing_is_proposed_the_list_is_empty_and_asked_for_again(fake: FakeServer, tmp_path: Path) -> None:
    fake.reply = Reply("")
    uri = (tmp_path / "a.py").as_uri()
    with editor("--server", fake.url) as one:
        one.initialize(tmp_path, completion_items=True)
        one.open(uri, "x")
        assert items(one, uri, 0, 1) == {"isIncomplete": True, "items": []}


def test_trouble_is_a_message_once_since_such_an_editor_has_no_status(tmp_path: Path) -> None:
    uri = (tmp_path / "a.py").as_uri()
    with reserved_port() as port, editor("--server", f"http://127.0.0.1:{port}") as one:
        one.initialize(tmp_path, completion_items=True)
        one.open(uri, "a")
        shown = one.said("window/showMessage")
        assert shown["message"].startswith("vernacular: unreachable: nobody answers at")
        for _ in range(5):
            assert items(one, uri, 0, 1)["items"] == []
        assert len(one.all_said("window/showMessage")) == 1


@pytest.mark.parametrize(
    ("typed", "text", "label", "filtered"),
    [
        ("pri", "nt(1)", "print(1)", "print(1)"),
        ("a.", "b()", "b()", "b()"),
        ("if x:", "\n    y\n    z", "y\N{HORIZONTAL ELLIPSIS}", "y\N{HORIZONTAL ELLIPSIS}"),
        ("", "x" * 99, "x" * (LABEL_CHARACTERS - 1) + "\N{HORIZONTAL ELLIPSIS}", "x" * 99),
    ],
)
def test_label_and_what_it_is_filtered_by(typed: str, text: str, label: str, filtered: str) -> None:
    document = Document.of("file:///a.py", typed)
    [item] = completion_list(document, Place(0, len(typed)), [text], None, "utf-16").items
    assert (item.label, item.filter_text) == (label, filtered)
