"""A completion server that obeys the test, and the real language server before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lsp.editor import Editor, editor
from tests.lsp.fake_server import FakeServer, Reply, running


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    with running(FakeServer(reply=Reply("lo world"))) as server:
        yield server


@pytest.fixture
def connected(fake: FakeServer, tmp_path: Path) -> Iterator[Editor]:
    with editor("--server", fake.url, folder=tmp_path) as one:
        one.initialize(tmp_path)
        yield one
