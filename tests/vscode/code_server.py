"""code-server, VS Code in a browser, on loopback with folders of its own; extensions packed and installed for it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest

from tests.lsp.fake_server import wait_until

ROOT = Path(__file__).resolve().parents[2]
VSIX = ROOT / "editor-extensions" / "vscode" / "dist" / "vernacular.vsix"
START_TIMEOUT_S = 60.0
PIP_FILES = (Path.home() / ".config" / "pip" / "pip.conf", Path.home() / ".pip" / "pip.conf")
"""Where whoever runs the tests says which package index to use: the editors' own homes have no such file."""

QUIET: Mapping[str, Any] = {
    "chat.disableAIFeatures": True,
    "editor.acceptSuggestionOnEnter": "off",
    "editor.autoClosingBrackets": "never",
    "editor.autoClosingQuotes": "never",
    "editor.autoIndent": "none",
    "editor.minimap.enabled": False,
    "editor.quickSuggestions": {"other": "off", "comments": "off", "strings": "off"},
    "editor.wordBasedSuggestions": "off",
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "extensions.ignoreRecommendations": True,
    "files.autoSave": "off",
    "git.enabled": False,
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "window.commandCenter": False,
    "window.dialogStyle": "custom",
    "workbench.enableExperiments": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
}
"""Settings of an editor that does nothing by itself: what is on display comes from what is tested."""


class CodeServer:
    """One running code-server. Every page that is opened on it is a window with an extension host of its own."""

    def __init__(self, home: Path, url: str, process: subprocess.Popen[bytes]) -> None:
        self.home = home
        self.url = url
        self.process = process

    def settings(self, **vernacular: object) -> None:
        """Write the extension's settings anew, by their names without `vernacular.`, with a `__` in them for a dot.

        They are those of the machine, which windows that run hear of; code-server's do not watch the user's own file.
        """
        named = {f"vernacular.{name.replace('__', '.')}": value for name, value in vernacular.items()}
        _write_settings(self.home, "Machine", named)

    def address(self, folder: Path, *files: Path) -> str:
        """Where a window opens that has a folder, or a `.code-workspace` file, and in it these files."""
        kind = "workspace" if folder.suffix == ".code-workspace" else "folder"
        host = self.url.removeprefix("http://")
        opened = [["openFile", f"vscode-remote://{host}{quote(str(file))}"] for file in files]
        return f"{self.url}/?{kind}={quote(str(folder))}&payload={quote(json.dumps(opened))}"

    def processes(self, name: str) -> list[psutil.Process]:
        """The processes that it started, and those that these started, with `name` in their command."""
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if name in " ".join(process.cmdline()):
                    found.append(process)
        return found

    @property
    def log(self) -> str:
        """What the extension hosts and the extensions wrote into their logs."""
        folder = self.home / "data" / "logs"
        return "\n".join(file.read_text(errors="replace") for file in sorted(folder.rglob("*.log")))


@cache
def command() -> str:
    """The path of a command that starts code-server, which `scripts/install-code-server.sh` prints; skips where there
    is none."""
    answer = subprocess.run([ROOT / "scripts" / "install-code-server.sh"], capture_output=True, text=True, check=False)
    if answer.returncode or not answer.stdout.strip():
        pytest.skip(answer.stderr.strip())
    return answer.stdout.strip()


def install(extensions: Path, *packages: Path) -> None:
    """Install packed extensions into a folder, as a user does."""
    home = extensions.with_name(extensions.name + "-home")
    arguments = [word for package in packages for word in ("--install-extension", str(package))]
    done = subprocess.run(
        [*_start(home, extensions), *arguments], env=_environment(home), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def pack(folder: Path, package: Path) -> Path:
    """Pack an extension of plain JavaScript: its files, and the two that say what the archive is."""
    about = json.loads((folder / "package.json").read_text())
    kinds = "".join(f'<Default Extension=".{end}" ContentType="text/plain"/>' for end in ("json", "js", "vsixmanifest"))
    manifest = (
        '<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011"><Metadata>'
        f'<Identity Language="en-US" Id="{about["name"]}" Version="{about["version"]}" '
        f'Publisher="{about["publisher"]}"/><DisplayName>{about["name"]}</DisplayName></Metadata>'
        '<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation><Dependencies/><Assets>'
        '<Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>'
        "</Assets></PackageManifest>"
    )
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("extension.vsixmanifest", manifest)
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{kinds}</Types>',
        )
        for file in sorted(folder.iterdir()):
            archive.write(file, f"extension/{file.name}")
    return package


@contextmanager
def code_server(
    home: Path, extensions: Path, editor: Mapping[str, Any] | None = None, **environment: str
) -> Iterator[CodeServer]:
    """Start code-server with its folders under `home`. `editor` are settings of the user's over those of `QUIET`;
    `environment` goes over this process's own."""
    log = home / "code-server.log"
    _write_settings(home, "User", {**QUIET, **(editor or {})})
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*_start(home, extensions), "--bind-addr", "127.0.0.1:0", *_OPTIONS],
            env=_environment(home) | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = wait_until(lambda: _listening(process, log), START_TIMEOUT_S)
        yield CodeServer(home, url, process)
    finally:
        _end(process)


_OPTIONS = (
    "--auth",
    "none",
    "--disable-telemetry",
    "--disable-update-check",
    "--disable-getting-started-override",
    "--disable-proxy",
    "--ignore-last-opened",
    "--reconnection-grace-time",
    "1",
)


def _start(home: Path, extensions: Path) -> list[str]:
    for folder in (home / "data" / "User", home / "data" / "Machine", extensions):
        folder.mkdir(parents=True, exist_ok=True)
    config = home / "config.yaml"
    config.write_text("auth: none\n")
    folders = ["--config", str(config), "--user-data-dir", str(home / "data"), "--extensions-dir", str(extensions)]
    return [command(), *folders]


def _environment(home: Path) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("VSCODE_", "VERNACULAR_"))}
    kinds = ("CONFIG", "DATA", "STATE", "CACHE")
    pip = next((file for file in PIP_FILES if file.is_file()), None)
    ours |= {"PIP_CONFIG_FILE": str(pip)} if pip else {}
    return ours | {"HOME": str(home)} | {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in kinds}


def _write_settings(home: Path, kind: str, settings: Mapping[str, Any]) -> None:
    file = home / "data" / kind / "settings.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(settings, indent=1))


def _listening(process: subprocess.Popen[bytes], log: Path) -> str:
    said = log.read_text(errors="replace")
    assert process.poll() is None, f"code-server ended: {said}"
    found = re.search(r"HTTP server listening on (http://[\d.]+:\d+)", said)
    return found[1] if found else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    group = process.pid
    os.killpg(group, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(group, signal.SIGKILL)
        process.wait(10)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            return
        time.sleep(0.01)
