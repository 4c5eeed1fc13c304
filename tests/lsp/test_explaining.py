"""The prompt of a completion as a person sees it."""

from __future__ import annotations

import pytest
from rich.console import Console

from core.wire import CompletionResult, PartOrigin, PromptPart
from lsp.explaining import ends_of, explained_prompt

RESULT = CompletionResult.model_validate(
    {
        "request_id": "r", "text": "urn a", "finish_reason": "scope", "confidence": 0.5, "model": "m",
        "tokens": {"prompt": 12, "cached": 7, "computed": 5, "generated": 3},
        "timings": {"queue_ms": 0, "first_token_ms": 1, "total_ms": 2},
        "prompt": [
            PromptPart(origin=PartOrigin.TEMPLATE, text="<|fim_prefix|>", tokens=1, cached=1),
            PromptPart(
                origin=PartOrigin.DECLARATION, path="src/[a].py", text="def a():\n    b()\n", tokens=6, cached=6
            ),
            PromptPart(origin=PartOrigin.PREFIX, text="x = 1\n\nret\n", tokens=5, cached=0),
        ],
    }
)  # fmt: skip


def printed(width: int = 100) -> str:
    console = Console(width=width, color_system=None, highlight=False)
    with console.capture() as captured:
        console.print(explained_prompt(RESULT, ["one line: something stands behind the cursor"]))
    return captured.get()


def test_a_table_of_the_parts_and_their_sum() -> None:
    rows = [line.split() for line in printed().splitlines()[:5]]
    assert rows[0] == ["origin", "path", "tokens", "cached", "first", "line", "last", "line"]
    assert rows[1] == ["template", "1", "1", "<|fim_prefix|>"]
    assert rows[2] == ["declaration", "src/[a].py", "6", "6", "def", "a():", "b()"]
    assert rows[3] == ["prefix", "5", "0", "x", "=", "1", "ret"]
    assert rows[4] == ["all", "12", "7"]


def test_the_text_of_each_part_is_under_it() -> None:
    shown = printed()
    assert "declaration of src/[a].py, 6 tokens, 6 cached\ndef a():\n    b()\n" in shown
    assert "prefix, 5 tokens, 0 cached\nx = 1\n\nret\n" in shown
    assert shown.endswith("ended by scope, 3 tokens generated\none line: something stands behind the cursor\n")


@pytest.mark.parametrize(
    ("text", "ends"),
    [("", ("", "")), ("a", ("a", "")), ("\n a\n\n b \n", ("a", "b")), ("x" * 40, ("x" * 31 + "\u2026", ""))],
)
def test_first_and_last_line(text: str, ends: tuple[str, str]) -> None:
    assert ends_of(text) == ends
