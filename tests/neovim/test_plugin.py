"""The plugin itself: its options, its health check, its help file."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lsp.fake_server import FakeServer, reserved_port, running, starting
from tests.neovim.driver import LANGUAGE_SERVER, PLUGIN, Neovim

pytestmark = pytest.mark.neovim

SUBCOMMANDS = "return vim.fn.getcompletion('Vernacular ', 'cmdline')"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"server_ulr": "http://x"}, "vernacular: unknown option server_ulr; did you mean server_url?"),
        ({"acceptkey": "<Tab>"}, "vernacular: unknown option acceptkey; did you mean accept_key?"),
        ({"colour": 1}, "vernacular: unknown option colour; known: cmd, server_url"),
        ({"server_url": "localhost:1"}, 'vernacular: option server_url is "localhost:1"; it must be a URL'),
        ({"cmd": []}, "vernacular: option cmd is {}; it must be a list of strings"),
        ({"cmd": "vernacular-lsp"}, "it must be a list of strings"),
        ({"filetypes": [1]}, "it must be a list of file types"),
        ({"accept_key": True}, "it must be a key such as"),
        ({"notify": "no"}, "it must be true or false"),
    ],
)
def test_a_wrong_option_is_refused_in_one_line(nvim: Neovim, options: dict[str, object], says: str) -> None:
    nvim.lua("require('vernacular').setup(...)", options)
    assert says in nvim.messages
    assert "\n" not in nvim.messages
    said = nvim.messages.removeprefix("vernacular: ").removesuffix(" (:Vernacular log)").removesuffix("…")
    assert f"ERROR setup() was given what it does not take: {said}" in nvim.health()
    assert nvim.lua("return require('vernacular').options == nil")
    assert nvim.lua("return #vim.lsp.get_configs({ enabled = true })") == 0


def test_a_command_that_is_missing_is_said_once(nvim: Neovim, tmp_path: Path) -> None:
    nvim.setup(cmd=["no-such-command"])
    nvim.session.command(f"edit {tmp_path / 'a.py'}")
    assert nvim.messages == ("vernacular: cmd is not found: no-such-command (correct it, or leave it out)")


def test_set_up_costs_no_heavy_module(nvim: Neovim) -> None:
    nvim.setup()
    loaded = nvim.lua(
        "return vim.tbl_filter(function(n) return vim.startswith(n, 'vernacular') end, vim.tbl_keys(package.loaded))"
    )
    light = ("client", "install", "keymap", "options", "schema", "switch")
    assert sorted(loaded) == ["vernacular", *(f"vernacular.{name}" for name in light)]


@pytest.mark.parametrize(("name", "filetype"), [("a.mbt", "moonbit"), ("a.mbti", "moonbit"), ("a.brew", "brew")])
def test_file_types_that_neovim_does_not_know(nvim: Neovim, tmp_path: Path, name: str, filetype: str) -> None:
    nvim.setup(extensions={"mbt": "moonbit", "mbti": "moonbit", "brew": "brew"}, filetypes=["moonbit", "brew"])
    nvim.edit(tmp_path / name)
    assert nvim.session.current.buffer.options["filetype"] == filetype


def test_health_of_what_is_well(nvim: Neovim, tmp_path: Path) -> None:
    with running(FakeServer()) as fake:
        nvim.setup(server_url=fake.url)
        nvim.edit(tmp_path / "a.py")
        nvim.wait_for(lambda: nvim.lua("return require('vernacular').status().state") == "ready")
        health = nvim.health()
    assert re.search(r"OK Neovim 0\.\d+", health)
    assert re.search(r"OK vernacular-lsp \S+ \(.*/vernacular-lsp\)", health)
    assert f"OK completion server ready: fake-model at {fake.url}" in health
    assert f"last said: ready: fake-model at {fake.url}" in health
    assert "OK <Tab>: Accept ghost text" in health
    assert "WARNING" not in health
    assert "ERROR" not in health


def test_health_of_what_is_not(nvim: Neovim) -> None:
    assert "WARNING setup() was not called" in nvim.health()
    with reserved_port() as port:
        nvim.setup(server_url=f"http://127.0.0.1:{port}")
        health = nvim.health()
    assert f"ERROR completion server unreachable: nobody answers at http://127.0.0.1:{port}" in health
    assert "Start it with: vernacular serve" in health
    with running(FakeServer(health=starting("loading the model"))) as fake:
        nvim.setup(server_url=fake.url)
        assert "WARNING completion server starting: loading the model" in nvim.health()
    nvim.lua("vim.keymap.set('i', '<Tab>', 'x')")
    assert "WARNING <Tab> was mapped to something else" in nvim.health()
    nvim.setup(cmd=["no-such-command"])
    assert "ERROR cmd is not found: no-such-command: correct it, or leave it out" in nvim.health()


def test_the_help_file_has_its_tags_and_what_the_schema_says(nvim: Neovim) -> None:
    for tag in ("vernacular", "vernacular-options", "vernacular-accept_key", "vernacular.accept()"):
        nvim.session.command(f"help {tag}")
        assert nvim.session.current.buffer.name == str(PLUGIN / "doc" / "vernacular.txt")
    tags = {line.split("\t")[0] for line in (PLUGIN / "doc" / "tags").read_text().splitlines()}
    functions = nvim.lua(
        "local f = {} for k, v in pairs(require('vernacular')) do if type(v) == 'function' then f[#f + 1] = k end end "
        "return f"
    )
    assert {f"vernacular.{name}()" for name in functions} <= tags
    assert {f":Vernacular-{name}" for name in nvim.lua(SUBCOMMANDS)} <= tags
    help_text = (PLUGIN / "doc" / "vernacular.txt").read_text()
    options = "\n".join(nvim.lua("return require('vernacular.help').lines()"))
    assert options in help_text, "write the list anew: nvim -l editor-extensions/neovim/write_help.lua"
    assert all(len(line) <= 79 for line in help_text.splitlines())


def test_options_that_are_wrong_leave_those_that_were_right(nvim: Neovim) -> None:
    nvim.setup(accept_key="<C-l>")
    nvim.setup(accept_key=1)
    assert nvim.lua("return require('vernacular').options.accept_key") == "<C-l>"
    nvim.setup()
    assert "setup() was given" not in nvim.health()


def test_health_asks_the_server_of_the_settings_with_the_command_as_it_is(nvim: Neovim) -> None:
    with running(FakeServer()) as fake:
        nvim.setup(cmd=[LANGUAGE_SERVER, "--stdio"], settings={"server_url": fake.url})
        assert f"OK completion server ready: fake-model at {fake.url}" in nvim.health()


def test_the_list_of_options_can_be_written_anew(nvim_command: str, tmp_path: Path) -> None:
    copy = tmp_path / "plugin"
    shutil.copytree(PLUGIN, copy)
    subprocess.run([nvim_command, "-l", copy / "write_help.lua"], check=True)
    for name in ("vernacular.txt", "tags"):
        assert (copy / "doc" / name).read_text() == (PLUGIN / "doc" / name).read_text()


def test_the_command_and_setup_cost_little_at_the_start(nvim: Neovim) -> None:
    cost_ms = nvim.lua(
        "local began = vim.uv.hrtime() require('vernacular').setup(...) return (vim.uv.hrtime() - began) / 1e6",
        {"cmd": [LANGUAGE_SERVER]},
    )
    assert cost_ms < 50.0  # some 5 ms on a machine with nothing else to do
    nvim.session.command("runtime! plugin/vernacular.lua")
    loaded = "return vim.tbl_filter(function(n) return n:find('vernacular.command') end, vim.tbl_keys(package.loaded))"
    assert nvim.lua(loaded) == []
    assert nvim.lua("return #vim.api.nvim_get_proc_children(vim.fn.getpid())") == 0


OLD_PYTHON = "#!/bin/sh\necho 3.9\n"


@pytest.mark.parametrize(
    ("program", "says"),
    [
        (None, "does not run"),
        (OLD_PYTHON, "is 3.9"),
    ],
)
def test_installing_without_a_python_that_is_new_enough(
    nvim: Neovim, tmp_path: Path, program: str | None, says: str
) -> None:
    python = tmp_path / "python"
    if program:
        python.write_text(program)
        python.chmod(0o755)
    nvim.setup(python=str(python))
    nvim.session.command("Vernacular install")
    nvim.wait_for(lambda: nvim.messages)
    assert nvim.messages.startswith("vernacular: Python 3.11 or newer is needed; ")
    assert nvim.messages.endswith("(:help vernacular-python)")
    nvim.session.command("Vernacular log")
    assert nvim.lines[-1].endswith(f"Python 3.11 or newer is needed; {python} {says} (:help vernacular-python)")


def test_what_pip_cannot_install_is_said_in_one_line(nvim: Neovim, tmp_path: Path) -> None:
    nvim.setup(python=sys.executable)
    nvim.session.command("Vernacular install no-such-package==1.0 --no-index")
    nvim.wait_for(lambda: "could not install" in nvim.messages)
    said = nvim.messages.splitlines()[-1]
    assert said.startswith("vernacular: pip could not install no-such-package[lsp]==1.0: ")
    assert said.endswith("(:Vernacular log)")
    nvim.session.command("Vernacular log")
    assert "no-such-package[lsp]==1.0: ERROR: " in nvim.lines[-1]
    assert any("pip install" in line for line in nvim.lines)


PYTHON_OF_A_FAKE = """#!/bin/sh
[ "$2" = venv ] || { echo 3.11; exit; }
mkdir -p "$4/bin"
printf '#!/bin/sh\\n' > "$4/bin/python"
printf '#!/bin/sh\\necho vernacular-lsp 0.1.0\\n' > "$4/bin/vernacular-lsp"
chmod +x "$4/bin/python" "$4/bin/vernacular-lsp"
"""


def test_an_installation_that_cmd_stands_before_is_said(nvim: Neovim, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(PYTHON_OF_A_FAKE)
    python.chmod(0o755)
    nvim.setup(python=str(python), cmd=["no-such-command"])
    nvim.session.command("Vernacular install vernacular")
    nvim.wait_for(lambda: "installed" in nvim.messages)
    assert nvim.messages.splitlines()[-1] == "vernacular: installed; leave cmd out of setup() to use it"


@pytest.mark.timeout(600)  # a download, and a machine that may be busy
def test_the_language_server_is_installed_and_starts(nvim: Neovim, tmp_path: Path) -> None:
    """From this very checkout, as a user without a `vernacular-lsp` gets it."""
    with running(FakeServer()) as fake:
        nvim.lua("vim.env.PATH = '/usr/bin:/bin'")
        nvim.lua(
            "require('vernacular').setup(...)",
            {"server_url": fake.url, "python": sys.executable},
        )
        assert nvim.messages.startswith("vernacular: vernacular-lsp is not found (run :Vernacular install)")
        source = _sources(tmp_path / "source")
        before = {path.name for path in source.iterdir()}
        nvim.session.command(f"Vernacular install {source}")
        nvim.wait_for(lambda: "is installed" in nvim.messages or "ERROR" in nvim.messages, 500)
        assert "vernacular-lsp 0.1.0 is installed" in nvim.messages
        assert {path.name for path in source.iterdir()} == before  # nothing is left in the checkout
        nvim.edit(tmp_path / "a.py")
        assert re.search(r"OK vernacular-lsp \S+ \(.*/data/nvim/vernacular/venv/bin/vernacular-lsp\)", nvim.health())


def _sources(folder: Path) -> Path:
    """A copy of the checkout's packages."""
    folder.mkdir()
    root = PLUGIN.parents[1]
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, folder)
    leave = shutil.ignore_patterns("__pycache__", "*.safetensors")
    for package in root.glob("*/__init__.py"):
        shutil.copytree(package.parent, folder / package.parent.name, ignore=leave)
    return folder


def test_health_says_where_the_key_comes_from(nvim: Neovim, tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    nvim.setup(api_key_file=str(key_file))
    assert f"ERROR API key: the file {key_file} cannot be read" in nvim.health()
    key_file.write_text("secret-of-mine")
    assert f"OK API key: from the file {key_file}" in nvim.health()
    nvim.lua("vim.env.VERNACULAR_API_KEY = 'secret-of-mine'")
    health = nvim.health()
    assert "OK API key: from the environment variable VERNACULAR_API_KEY" in health
    assert "secret-of-mine" not in health
