"""The extension installs its language server: from wheels that it brings, through a proxy, and not at all."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.lsp.fake_server import FakeServer
from tests.vscode.code_server import VSIX, CodeServer, code_server, install
from tests.vscode.driver import window
from tests.vscode.greeting import LINE, SECOND

pytestmark = [pytest.mark.vscode, pytest.mark.timeout(300)]

INSTALLED_WITHIN_S = 120.0
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the extension as `npm run package -- --with-wheels` packs it."""
    folder = tmp_path_factory.mktemp("offline")
    package = folder / "vernacular-offline.vsix"
    with zipfile.ZipFile(VSIX) as bare:
        bare.extractall(folder / "bare")
    server = folder / "bare" / "extension" / "server"
    manifest = json.loads((server / "manifest.json").read_text())
    pip = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--only-binary", ":all:"]
    constraint = ["--constraint", str(server / manifest["lock"])]
    subprocess.run([*pip, *constraint, "--dest", str(server / "wheels"), str(server / manifest["wheel"])], check=True)
    (server / "manifest.json").write_text(json.dumps(manifest | {"wheels": "wheels"}))
    with zipfile.ZipFile(package, "w") as whole:
        for file in sorted((folder / "bare").rglob("*")):
            whole.write(file, file.relative_to(folder / "bare"))
    install(folder / "extensions", package)
    return folder / "extensions"


def environments(code: CodeServer) -> list[Path]:
    """What is in the extension's storage."""
    return sorted((code.home / "data" / "User" / "globalStorage").glob("vernacular*/language-server*"))


def test_without_any_package_index(
    offline: Path, person: BrowserContext, fake: FakeServer, work: Path, tmp_path: Path
) -> None:
    home = tmp_path / "code-server"
    with code_server(home, offline, PIP_INDEX_URL=NOWHERE, HTTPS_PROXY=NOWHERE, HTTP_PROXY=NOWHERE) as code:
        code.settings(serverUrl=fake.url, languageServer__python=sys.executable)
        with window(person, code, work) as editor:
            editor.wait_for(lambda: editor.status == "Vernacular", INSTALLED_WITHIN_S)
            editor.open(work / "main.py")
            rest = f"{LINE[3:]}\n{SECOND}"
            editor.type_for_first_ghost("hel", rest, rest.removeprefix("l"))
            editor.screenshot(tmp_path / "installed.png")
            (environment,) = environments(code)
            stamp = environment / "complete.json"
            assert json.loads(stamp.read_text())["python"] == ".".join(map(str, sys.version_info[:3]))
            (process,) = code.processes("lsp.main")
            assert process.cmdline()[0].startswith(str(environment))
            made = (environment / "pyvenv.cfg").stat().st_mtime_ns
        with window(person, code, work) as editor:
            editor.wait_for(lambda: editor.status == "Vernacular", INSTALLED_WITHIN_S)
            assert environments(code) == [environment]
            assert (environment / "pyvenv.cfg").stat().st_mtime_ns == made


def test_through_the_proxy_of_the_settings(
    extensions: Path, person: BrowserContext, fake: FakeServer, work: Path, tmp_path: Path
) -> None:
    with refusing_proxy() as (url, heard):
        home, index = tmp_path / "code-server", "https://index.example/simple"
        with code_server(home, extensions, {"http.proxy": url}, PIP_INDEX_URL=index) as code:
            code.settings(serverUrl=fake.url, languageServer__python=sys.executable)
            with window(person, code, work) as editor:
                editor.wait_for(lambda: editor.status == "Vernacular: stopped", INSTALLED_WITHIN_S)
                assert any(line.startswith("CONNECT index.example:443 ") for line in heard)
                editor.screenshot(tmp_path / "refused.png")
                said = [each for each in editor.notifications if "could not be installed" in each.text]
                assert [each.buttons for each in said] == [("Install Again", "Open Log")]
                assert "the package index cannot be reached (ProxyError)" in said[0].text
                assert environments(code) == []


def test_cancelled(extensions: Path, person: BrowserContext, fake: FakeServer, work: Path, tmp_path: Path) -> None:
    with code_server(tmp_path / "code-server", extensions) as code:
        code.settings(serverUrl=fake.url, languageServer__python=sys.executable)
        with window(person, code, work) as editor:
            editor.wait_for(lambda: editor.notifications, INSTALLED_WITHIN_S)
            editor.press_button("Cancel")
            editor.wait_for(lambda: editor.status == "Vernacular: stopped")
            assert environments(code) == []
            assert code.processes("venv") == []
            assert len({each.text for each in editor.notifications}) == 1  # its own progress, and nothing on top


@contextmanager
def refusing_proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy that notes what it is asked for and lets nothing through."""
    heard: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                heard.append(connection.recv(4096).decode(errors="replace").partition("\r\n")[0])
                connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heard
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
