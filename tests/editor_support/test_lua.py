"""The Lua of generated plugins is held to what the Vernacular plugin's own is held to: StyLua's format, luacheck."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from core.language_files import load_languages
from core.languages import LanguageSpec
from editor_support.grammar import Parser
from editor_support.neovim import neovim_files
from editor_support.vocabulary import Vocabulary
from tests.editor_support.conftest import ROOT
from tests.neovim.driver import neovim_command

PLUGIN = ROOT / "editor-extensions" / "neovim"
TOOLS = ROOT / ".tools" / "lua"


@pytest.fixture(scope="module")
def tools() -> Path:
    """StyLua and luacheck, which `scripts/install-lua-tools.sh` installs; skips where it cannot."""
    installed = subprocess.run([ROOT / "scripts" / "install-lua-tools.sh"], capture_output=True, text=True, check=False)
    if not (TOOLS / "stylua").is_dir() or not (TOOLS / "luacheck").is_dir():
        pytest.skip(installed.stderr.strip())
    return TOOLS


def plugin(spec: LanguageSpec, folder: Path) -> list[Path]:
    """The Lua files of a language's plugin, as it is with a parser."""
    files = neovim_files(Vocabulary(spec), Parser("margo", b"", "", ()))
    for path, content in files.items():
        if path.endswith(".lua"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)
    return sorted(folder.rglob("*.lua"))


def checked(tools: Path, files: list[Path]) -> None:
    scripts = PLUGIN / "tools"
    stylua: list[str | Path] = ["node", scripts / "stylua.mjs", "--check", PLUGIN / ".stylua.toml"]
    luacheck: list[str | Path] = [neovim_command(), "-l", scripts / "luacheck.lua", tools / "luacheck" / "usr"]
    luacheck += ["--quiet", "--no-cache", "--config", PLUGIN / ".luacheckrc"]
    for folder, command in ((tools / "stylua", stylua), (ROOT, luacheck)):
        answer = subprocess.run([*command, *files], cwd=folder, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stdout + answer.stderr


def test_levys(tools: Path, levy: LanguageSpec, tmp_path: Path) -> None:
    files = plugin(levy, tmp_path / "levy")
    assert len(files) == 4
    checked(tools, files)


def test_that_of_an_odd_language(tools: Path, brew: LanguageSpec, tmp_path: Path) -> None:
    checked(tools, plugin(brew, tmp_path / "plugin"))


def test_those_of_the_built_in_languages(tools: Path, tmp_path: Path) -> None:
    specs = [x.spec for x in load_languages([], {}).languages if x.spec.name != "text"]
    checked(tools, [file for spec in specs for file in plugin(spec, tmp_path / spec.name)])
