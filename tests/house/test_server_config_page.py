"""The page on the server's config says what the schema says."""

from __future__ import annotations

from pathlib import Path

from server.config.page import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "server-config.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: vernacular config page > docs/server-config.md"
