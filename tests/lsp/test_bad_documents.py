"""Documents that no person wrote, and servers that answer nonsense: the real language server goes on in peace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lsp.editor import Editor
from tests.lsp.fake_server import FakeServer, Reply

LONG_LINE = "x" * 10_000_000
MANY_LINES = "value = compute(1)\n" * 200_000
BINARY = "".join(map(chr, range(32))) * 1_000 + "\x7f\ufffd\ud83d"


@pytest.mark.parametrize(
    ("text", "line", "character"),
    [
        pytest.param(LONG_LINE, 0, 5_000_000, id="10 MB in one line, in its middle"),
        pytest.param(LONG_LINE, 0, 10_000_000, id="10 MB in one line, at its end"),
        pytest.param(MANY_LINES, 100_000, 18, id="200,000 lines"),
        pytest.param(BINARY, 0, 9, id="binary"),
    ],
)
def test_typing_goes_on(
    connected: Editor, fake: FakeServer, tmp_path: Path, text: str, line: int, character: int
) -> None:
    uri = (tmp_path / "a.py").as_uri()
    connected.open(uri, text)
    for version, key in enumerate("hel ", 2):
        connected.replace(uri, (line, character), (line, character), key, version)
        character += 1
        answer = connected.ghost_text(uri, line, character, invoked=True)
    assert answer[0]["insertText"] == "lo world"
    assert fake.requests[-1].prefix.endswith("hel ")
    assert len(fake.requests[-1].prefix) + len(fake.requests[-1].suffix) < 10_000
    assert connected.all_said("window/showMessage") == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(" \n\t\n  ", id="white space alone"),
        pytest.param("```python\n```", id="an empty fence"),
        pytest.param("\x00\x01\x7f", id="control characters"),
        pytest.param("\ufffd", id="half a character"),
        pytest.param("x" * 100_000, id="without an end"),
    ],
)
def test_a_senseless_answer_is_no_error(connected: Editor, fake: FakeServer, tmp_path: Path, text: str) -> None:
    fake.reply = Reply(text)
    uri = (tmp_path / "a.py").as_uri()
    connected.open(uri, "hel\n")
    items = connected.ghost_text(uri, 0, 3)
    assert isinstance(items, list)
    fake.reply = Reply("lo")
    connected.replace(uri, (0, 3), (0, 3), "p = hel")
    assert connected.ghost_text(uri, 0, 10)[0]["insertText"] == "lo"
