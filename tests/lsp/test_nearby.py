"""What the work space gives a request and proposes by itself: real files, real indexes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from completion.choosing import Option
from core.language_files import load_languages
from core.wire import PieceKind, Trigger
from lsp.context import Budget, Origin
from lsp.cursor import Cursor
from lsp.documents import Document, Documents, Place
from lsp.nearby import Nearby

LUA = Origin("lua", "main.lua")


@pytest.fixture
def documents() -> Documents:
    return Documents()


@pytest.fixture
async def nearby(tmp_path: Path, documents: Documents) -> AsyncIterator[Nearby]:
    (tmp_path / "prices.lua").write_text("function price_of(tariff, hours)\n  return tariff.rate * hours\nend\n")
    (tmp_path / ".env").write_text("SECRET = 1\n")
    one = Nearby([tmp_path], load_languages())
    one.start(documents)
    yield one
    await one.close()


def opened(documents: Documents, path: Path, text: str) -> Document:
    document = Document.of(path.as_uri(), text, "lua")
    documents.put(document)
    return document


async def until(condition: Any) -> Any:
    for _ in range(2000):
        if found := condition():
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("not within 20 s")


async def test_a_declaration_of_another_file_goes_with_the_request(
    nearby: Nearby, documents: Documents, tmp_path: Path
) -> None:
    document = opened(documents, tmp_path / "main.lua", "local total = price_of(\n")
    pieces = await until(lambda: nearby.pieces(document, Place(0, 23), LUA, Budget()))
    await until(
        lambda: any(
            piece.kind is PieceKind.DECLARATION and "price_of(tariff, hours)" in piece.text
            for piece in nearby.pieces(document, Place(0, 23), LUA, Budget())
        )
    )
    assert pieces


async def test_a_line_of_a_file_that_is_not_open_is_proposed(
    nearby: Nearby, documents: Documents, tmp_path: Path
) -> None:
    document = opened(documents, tmp_path / "main.lua", "function price_of(tar\n")
    nearby.pieces(document, Place(0, 21), LUA, Budget())  # the files around this one are gathered
    line = await until(lambda: nearby.line(document, Place(0, 21), "lua").text)
    assert line == "iff, hours)"


async def test_what_is_indexed_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "prices.lua").write_text("function price_of(tariff)\nend\n")
    said: list[str] = []
    nearby = Nearby([tmp_path], load_languages(), report=said.append)
    nearby.start(Documents())
    await until(lambda: said)
    await asyncio.sleep(1.2)
    await nearby.close()
    assert said == ["work space: indexed 1 files with 1 declarations"]


async def test_a_diagnostic_at_the_cursor_goes_with_the_request(
    nearby: Nearby, documents: Documents, tmp_path: Path
) -> None:
    document = opened(documents, tmp_path / "main.lua", "local total = 1\n")
    nearby.diagnosed(document.uri, [(0, "total is never used")])
    pieces = nearby.pieces(document, Place(0, 15), LUA, Budget())
    assert "total is never used" in pieces[-1].text
    assert pieces[-1].kind is PieceKind.DIAGNOSTIC


def test_a_secret_is_known_by_its_name(tmp_path: Path) -> None:
    nearby = Nearby([tmp_path], load_languages())
    assert nearby.is_secret(Document.of((tmp_path / ".env").as_uri(), "SECRET = 1\n"))
    assert not nearby.is_secret(Document.of((tmp_path / "environment.lua").as_uri(), ""))


async def test_asked_by_hand_what_breaks_the_syntax_comes_last(
    nearby: Nearby, documents: Documents, tmp_path: Path
) -> None:
    document = opened(documents, tmp_path / "main.lua", "local a = \nprint(a)\n")
    spec = load_languages().named("lua")
    cursor = Cursor(document, Place(0, 10), LUA, Trigger.INVOKED, spec)
    choices = await nearby.chosen([Option("f(((", 0.6), Option("f(1)", 0.5)], cursor)
    assert [choice.option.text for choice in choices] == ["f(1)", "f((("]
