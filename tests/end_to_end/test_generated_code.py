"""The code that a comment asks for, from the real language server, the real server and the embedded model.

So small a model says nothing of use; looked at is that its words come through, whole.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.conftest import Served
from tests.lsp.editor import Editor, editor

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

SOURCES = (
    "# Return the sum of a and b.\ndef add(a, b):\n    \n",
    'def half(x):\n    """Return half of x."""\n    \n',
    "# Return a list of the numbers from 1 to n.\ndef numbers(n):\n    \n",
)


def ask(one: Editor, uri: str, source: str) -> int:
    one.open(uri, source)
    position = {"line": 2, "character": 4}
    there = {"textDocument": {"uri": uri}, "position": position, "partialResultToken": uri}
    return one.ask("vernacular/generate", there)


def test_what_the_model_says_comes_through(served: Served, tmp_path: Path) -> None:
    with editor("--server", served.url) as one:
        one.initialize(tmp_path, generate_max_tokens=96)
        texts = []
        for number, source in enumerate(SOURCES):
            uri = (tmp_path / f"{number}.py").as_uri()
            answer = one.answer(ask(one, uri, source))
            parts = [said["value"] for said in one.all_said("$/progress") if said["token"] == uri]
            if "error" in answer:
                assert "answered without code" in answer["error"]["message"]
                continue
            result = answer["result"]
            assert (result["model"], result["position"]) == (served.card.name, {"line": 2, "character": 4})
            assert "".join(part["text"] for part in parts) == result["text"]
            texts.append(result["text"])
        assert any(text.strip() for text in texts)
