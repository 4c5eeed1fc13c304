"""Cells of a notebook: what stands above one goes before it in the prompt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lsp.editor import Editor, editor
from tests.lsp.fake_server import FakeServer, Turn

NOTEBOOK = "vscode-notebook-cell:/home/n.ipynb"


def cell(name: str) -> str:
    return f"{NOTEBOOK}#{name}"


def prefix(one: Editor, fake: FakeServer, uri: str, line: int, character: int) -> str:
    one.ghost_text(uri, line, character, invoked=True)
    return fake.requests[-1].prefix


def item(name: str, text: str, language: str = "python") -> dict[str, Any]:
    return {"uri": cell(name), "languageId": language, "version": 1, "text": text}


def kinds(*names: str) -> list[dict[str, Any]]:
    return [{"kind": 2, "document": cell(name)} for name in names]


def test_cells_that_are_opened_like_documents_stand_in_that_order(
    connected: Editor, fake: FakeServer, tmp_path: Path
) -> None:
    connected.open(cell("a"), "import os\n")
    connected.open("vscode-notebook-cell:/home/other.ipynb#a", "other = 1")
    connected.open((tmp_path / "x.py").as_uri(), "file = 1")
    connected.open(cell("m"), "# Words\n", "markdown")
    connected.open(cell("b"), "x = 1")
    connected.open(cell("c"), "y = hel\nz")
    assert prefix(connected, fake, cell("c"), 0, 7) == "import os\n\nx = 1\n\ny = hel"
    assert prefix(connected, fake, cell("a"), 0, 9) == "import os"
    connected.replace(cell("b"), (0, 4), (0, 5), "22")
    assert prefix(connected, fake, cell("c"), 0, 3) == "import os\n\nx = 22\n\ny ="
    connected.notify("textDocument/didClose", {"textDocument": {"uri": cell("a")}})
    assert prefix(connected, fake, cell("c"), 1, 1) == "x = 22\n\ny = hel\nz"
    assert fake.requests[-1].suffix == ""


def test_the_order_is_the_notebooks_where_the_editor_tells_it(fake: FakeServer, tmp_path: Path) -> None:
    notebook: dict[str, Any] = {"uri": "file:///home/n.ipynb", "notebookType": "jupyter-notebook", "version": 1}
    with editor("--server", fake.url) as one:
        answer = one.initialize(tmp_path, notebooks=True)
        assert answer["capabilities"]["notebookDocumentSync"] == {"notebookSelector": [{"notebook": "*"}]}
        one.notify(
            "notebookDocument/didOpen",
            {
                "notebookDocument": notebook | {"cells": kinds("a", "b")},
                "cellTextDocuments": [item("b", "b = 1"), item("a", "a = 1")],
            },
        )
        assert prefix(one, fake, cell("b"), 0, 5) == "a = 1\n\nb = 1"

        identifier = {"uri": notebook["uri"], "version": 2}
        structure = {
            "array": {"start": 0, "deleteCount": 1, "cells": kinds("c", "d")},
            "didOpen": [item("c", "c = 1"), item("d", "d = 1", "markdown")],
            "didClose": [{"uri": cell("a")}],
        }
        change = {"range": {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 5}}, "text": "23"}
        text = [{"document": {"uri": cell("b"), "version": 2}, "changes": [change]}]
        one.notify(
            "notebookDocument/didChange",
            {"notebookDocument": identifier, "change": {"cells": {"structure": structure, "textContent": text}}},
        )
        assert prefix(one, fake, cell("b"), 0, 6) == "c = 1\n\nb = 23"
        assert one.ghost_text(cell("a"), 0, 1) == []

        one.notify("notebookDocument/didChange", {"notebookDocument": identifier, "change": {"metadata": {}}})
        one.notify("notebookDocument/didSave", {"notebookDocument": {"uri": notebook["uri"]}})
        closed = [{"uri": cell(name)} for name in "bcd"]
        one.notify(
            "notebookDocument/didClose", {"notebookDocument": {"uri": notebook["uri"]}, "cellTextDocuments": closed}
        )
        assert one.ghost_text(cell("b"), 0, 1) == []
        assert one.all_said("window/showMessage") == []


@pytest.mark.parametrize("cells", [200])
def test_the_nearest_cells_count_where_there_are_many(
    connected: Editor, fake: FakeServer, tmp_path: Path, cells: int
) -> None:
    connected.said("vernacular/status")
    for number in range(cells):
        connected.open(cell(str(number)), f"value_{number} = {number}\n" * 50)
    connected.open(cell("last"), "x")
    sent = prefix(connected, fake, cell("last"), 0, 1)
    assert sent.endswith(f"value_{cells - 1} = {cells - 1}\n\nx")
    assert "value_0 " not in sent


def test_code_for_a_comment_sees_the_cells_above(connected: Editor, fake: FakeServer) -> None:
    fake.turn = Turn(("```\ny\n```",))
    connected.open(cell("a"), "import numpy")
    connected.open(cell("b"), "# sort\n")
    there = {"textDocument": {"uri": cell("b")}, "position": {"line": 1, "character": 0}}
    assert connected.request("vernacular/generate", there)["text"] == "y"
    assert "import numpy" in fake.conversations[-1]["messages"][0]["content"]
    assert fake.conversations[-1]["path"] == "n.py"


def test_pieces_of_the_work_space_reach_a_cell(fake: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "prices.py").write_text("def total_price(amount, rate):\n    return amount * rate\n")
    (tmp_path / "n.ipynb").write_text("{}")
    uri = f"vscode-notebook-cell:{(tmp_path / 'n.ipynb').as_uri().removeprefix('file:')}#a"
    with editor("--server", fake.url) as one:
        one.initialize(tmp_path)
        one.said("window/logMessage", lambda said: "indexed 1 files" in said["message"])
        one.open(uri, "from prices import total_price\n\n\nx = total_price(")
        one.ghost_text(uri, 3, 16)
    assert (fake.requests[-1].path, fake.requests[-1].repository) == ("n.py", tmp_path.name)
    assert "total_price" in next(piece.text for piece in fake.requests[-1].context if piece.kind == "declaration")
