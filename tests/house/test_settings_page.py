"""The page on the language server's settings says what the language server knows."""

from __future__ import annotations

import json
from pathlib import Path

from lsp.settings import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "typing.md"


def test_every_setting_stands_on_the_page_with_its_default() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    known = Settings().model_dump(mode="json")
    assert rows == [
        f"| `{name}` | `{json.dumps(known[name])}` | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
