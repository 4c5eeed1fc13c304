"""A VS Code with the built extension in it, once for all tests; a browser and a running code-server for each module."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.evaluation.report.browser import chromium
from tests.lsp.fake_server import FakeServer, running
from tests.vscode.code_server import ROOT, VSIX, CodeServer, code_server, install, pack
from tests.vscode.driver import profile
from tests.vscode.greeting import continue_greeting

LANGUAGE_SERVER = str(Path(sys.executable).parent / "vernacular-lsp")


@pytest.fixture(scope="session")
def extensions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the extension as it is shipped, and with one of somebody else's."""
    folder = tmp_path_factory.mktemp("vscode")
    assert VSIX.exists(), f"{VSIX.relative_to(ROOT)} is not there; `make test` builds it"
    install(folder / "extensions", VSIX, pack(Path(__file__).parent / "other_provider", folder / "other.vsix"))
    return folder / "extensions"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def person(browser: Browser) -> Iterator[BrowserContext]:
    """Whoever sits before the windows of a module."""
    with profile(browser) as one:
        yield one


@pytest.fixture(scope="module")
def code(extensions: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeServer]:
    """A code-server."""
    with code_server(tmp_path_factory.mktemp("code-server"), extensions) as one:
        yield one


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeServer]:
    """A completion server that obeys the tests of a module; each begins with the greeting."""
    with running(FakeServer(reply=continue_greeting)) as server:
        yield server


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with an empty file."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "main.py").write_text("\n")
    return folder
