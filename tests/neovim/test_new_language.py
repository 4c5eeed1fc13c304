"""A generated plugin in the real Neovim, installed by the command that `vernacular languages editor-support` prints."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from core.language_files import load_languages
from tests.lsp.fake_server import FakeServer, Reply, running
from tests.neovim.driver import LANGUAGE_SERVER, PLUGIN, ROOT, Neovim, attached

pytestmark = pytest.mark.neovim

LEVY = ROOT / "examples" / "levy"
PROGRAM = """\
;; The fee of a berth.
rule berth(length: Length, nights: Days): Money
  when length > 24 m refuse "too \\"long\\""
  otherwise gives 0.85 EUR/m * length at least 12 EUR. ; the end

test "berth"
  expect berth(10 m, 2 days) = none.
"""
BREW = """\
name: brew
display_name: Brew
extensions: [.brew, .recipe.brew]
file_names: [Brewfile.in]
line_comments: [REM]
block_comments:
  - {open: "{*", close: "*}", nested: true}
definition_keywords: [BREW]
syntax:
  keywords: [contains, HEAT, UNTIL, "set!"]
  constants: [BOILING]
  case_sensitive: false
  strings:
    - {open: "'", close: "'", escape: null}
  indentation:
    width: 3
    opens_first: [ELSE]
    opens_last: [DO]
    closes_first: [END, ELSE]
"""
SPELT = """\
local line, column = ...
local found = vim.inspect_pos(0, line - 1, column)
local names = {}
for _, each in ipairs(found.treesitter) do table.insert(names, each.hl_group) end
for _, each in ipairs(found.syntax) do table.insert(names, each.hl_group) end
return names
"""

Opened = Callable[[Path], Neovim]


def install(language: str, languages: Path, home: Path, *options: str) -> str:
    """Write the plugin and run the printed command in an empty home; returns what was printed."""
    command = ["languages", "editor-support", language, "--languages", str(languages), "--output", str(home / "out")]
    written = CliRunner().invoke(app, [*command, "--editor", "neovim", *options])
    assert written.exit_code == 0, written.output
    (line,) = [line for line in written.stdout.splitlines() if line.startswith("Neovim:")]
    subprocess.run(["sh", "-ec", line.partition(":")[2]], env=os.environ | {"HOME": str(home)}, check=True)
    return written.output


@contextmanager
def opened(command: str, home: Path, file: Path) -> Iterator[Neovim]:
    """Neovim as a user starts it, with `home` as the home folder, in `file`."""
    variables = [f"HOME={home}", *(f"--unset=XDG_{kind}_HOME" for kind in ("CONFIG", "DATA", "STATE", "CACHE"))]
    variables.sort(key=lambda each: not each.startswith("--"))
    with attached("env", *variables, command, "--embed", "--headless", "-n") as nvim:
        nvim.session.command(f"edit {file}")
        yield nvim


@pytest.fixture
def start(nvim_command: str, tmp_path: Path) -> Iterator[Opened]:
    """Opens a file in a Neovim whose home is the test's folder."""
    with ExitStack() as stack:
        yield lambda file: stack.enter_context(opened(nvim_command, tmp_path, file))


def groups(nvim: Neovim, text: str, occurrence: int = 0) -> list[str]:
    """The highlight groups at the first character of `text` in the buffer, the last one the strongest."""
    positions = [
        (number, column)
        for number, line in enumerate(nvim.lines, 1)
        for column in range(len(line))
        if line.startswith(text, column)
    ]
    nvim.lua("vim.cmd.redraw() if vim.b.ts_highlight then vim.treesitter.get_parser():parse(true) end")
    return [str(name) for name in nvim.lua(SPELT, *positions[occurrence])]


def levy_file(tmp_path: Path) -> Path:
    file = tmp_path / "quay.levy"
    file.write_text(PROGRAM)
    return file


def test_levy_has_its_file_type_comments_and_tree_sitter_colours(start: Opened, tmp_path: Path) -> None:
    install("levy", LEVY / "languages", tmp_path, "--grammar", str(LEVY / "grammar"))
    nvim = start(levy_file(tmp_path))
    options = "return {vim.bo.filetype, vim.bo.commentstring, vim.bo.shiftwidth, vim.bo.expandtab, vim.b.ts_highlight}"
    assert nvim.lua(options) == ["levy", "; %s", 2, True, True]
    assert nvim.lua("return vim.treesitter.get_parser():parse()[1]:root():has_error()") is False
    last = {
        text: groups(nvim, text)[-1] for text in ("rule", "berth(", "when", '"too', "24", "none", "Length,", "nights")
    }
    assert last == {
        "rule": "@keyword.levy",
        "berth(": "@function.levy",
        "when": "@keyword.levy",
        '"too': "@string.levy",
        "24": "@number.levy",
        "none": "@constant.builtin.levy",
        "Length,": "@type.levy",
        "nights": "@variable.parameter.levy",
    }
    assert "@comment.levy" in groups(nvim, ";; The fee")
    assert groups(nvim, "berth(10")[-1] == "@function.call.levy"
    nvim.type("ggjgcc")
    nvim.wait_for(lambda: nvim.lines[1].startswith("; rule berth("))
    assert nvim.messages == ""


def test_without_a_parser_the_syntax_file_gives_the_colours(start: Opened, tmp_path: Path) -> None:
    said = install("levy", LEVY / "languages", tmp_path)
    assert "no tree-sitter in Neovim: tree-sitter-levy is not installed" in said
    nvim = start(levy_file(tmp_path))
    assert nvim.lua("return {vim.b.ts_highlight == nil, vim.bo.syntax, vim.b.current_syntax}") == [True, "levy", "levy"]
    last = {
        text: groups(nvim, text)[-1] for text in ("rule", "berth(", "when", '"too', "24", "none", "Length,", '\\"long')
    }
    assert last == {
        "rule": "levyDefinition",
        "berth(": "levyFunctionName",
        "when": "levyKeyword",
        '"too': "levyString",
        "24": "levyNumber",
        "none": "levyConstant",
        "Length,": "levyType",
        '\\"long': "levyEscape",
    }
    assert groups(nvim, ";; The fee") == ["levyComment"]
    assert groups(nvim, "; the end") == ["levyComment"]
    assert groups(nvim, "berth(10") == ["levyFunctionName"]
    assert nvim.lua("return vim.fn.synIDattr(vim.fn.synIDtrans(vim.fn.hlID('levyString')), 'name')") == "String"
    nvim.lua("vim.api.nvim_buf_set_lines(0, -1, -1, false, { 'show 2026-05-01.' })")
    assert groups(nvim, "05-01") == ["levyNumber"]
    assert groups(nvim, "length >") == [], "a name is not coloured"
    assert nvim.messages == ""


def test_a_wheels_parser_is_loaded_without_python(
    start: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(LEVY / "grammar", tmp_path / "grammar", ignore=shutil.ignore_patterns("build", "*.egg-info"))
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", tmp_path / "installed", tmp_path / "grammar"], check=True)
    monkeypatch.syspath_prepend(tmp_path / "installed")
    install("levy", LEVY / "languages", tmp_path)
    nvim = start(levy_file(tmp_path))
    assert nvim.lua("return vim.b.ts_highlight") is True
    assert groups(nvim, "when")[-1] == "@keyword.levy"
    assert nvim.messages == ""


def test_a_parser_that_cannot_be_loaded_leaves_the_syntax_file(start: Opened, tmp_path: Path) -> None:
    install("levy", LEVY / "languages", tmp_path, "--grammar", str(LEVY / "grammar"))
    (parser,) = (tmp_path / ".local").rglob("levy.so")
    parser.write_bytes(b"of another system")
    nvim = start(levy_file(tmp_path))
    assert nvim.lua("return {vim.b.ts_highlight == nil, vim.bo.syntax}") == [True, "levy"]
    assert groups(nvim, "when") == ["levyKeyword"]
    assert nvim.messages == ""


def test_ghost_text_in_a_language_that_came_this_way(start: Opened, tmp_path: Path) -> None:
    """With what the tutorial has people write into their `init.lua`, and nothing else."""
    install("levy", LEVY / "languages", tmp_path)
    with running(FakeServer(reply=lambda request: Reply("2 EUR."))) as fake:
        configuration = tmp_path / ".config" / "nvim" / "init.lua"
        configuration.parent.mkdir(parents=True)
        configuration.write_text(
            f"vim.opt.runtimepath:append('{PLUGIN}')\n"
            "require('vernacular').setup({\n"
            f"  cmd = {{ '{LANGUAGE_SERVER}', '--languages', '{LEVY / 'languages'}' }},\n"
            f"  server_url = '{fake.url}',\n"
            "  filetypes = { 'levy' },\n"
            "})\n"
        )
        nvim = start(levy_file(tmp_path))
        nvim.wait_ready()
        nvim.type("Goshow ")
        nvim.wait_for_ghost("2 EUR.")
        nvim.type("<Tab>")
        nvim.wait_for(lambda: nvim.lines[-1] == "show 2 EUR.")
        assert {request.language for request in fake.requests} == {"levy"}
        assert nvim.messages == ""


def typed(nvim: Neovim, keys: str) -> list[str]:
    """The buffer after `keys` in an empty one."""
    nvim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, false, {})")
    nvim.type(keys + "<Esc>")
    nvim.wait_for(lambda: nvim.lua("return vim.api.nvim_get_mode().mode") == "n")
    return nvim.lines


def test_levy_is_indented(start: Opened, tmp_path: Path) -> None:
    install("levy", LEVY / "languages", tmp_path)
    nvim = start(tmp_path / "new.levy")
    assert typed(
        nvim,
        "irule fee(zone: Number): Money<CR>let base be table zone<CR>| 1 => 3 EUR<CR>| any => 4 EUR.<CR>"
        'test "fee; a"  ; said<CR>expect fee(1) = 3 EUR<Esc>oexpect fee(<CR>2<CR>) = 4 EUR.<Esc>oshow 1.<CR>show 2.',
    ) == [
        "rule fee(zone: Number): Money",
        "  let base be table zone",
        "    | 1 => 3 EUR",
        "    | any => 4 EUR.",
        'test "fee; a"  ; said',
        "  expect fee(1) = 3 EUR",
        "  expect fee(",
        "    2",
        "  ) = 4 EUR.",
        "show 1.",
        "show 2.",
    ]


def test_a_language_with_odd_comments_and_words_in_any_case(start: Opened, tmp_path: Path) -> None:
    (tmp_path / "brew.yaml").write_text(BREW)
    install("brew", tmp_path, tmp_path)
    file = tmp_path / "ale.recipe.brew"
    file.write_text(
        "rem all 'of' it\n{* one {* two *} three *} heat it\nbrew ale contains UNTIL boiling 'it''s' REMOTE set! x\n"
    )
    nvim = start(file)
    assert nvim.lua("return {vim.bo.filetype, vim.bo.commentstring}") == ["brew", "REM %s"]
    assert groups(nvim, "all") == ["brewComment"]
    assert [groups(nvim, text)[-1] for text in ("two", "three")] == ["brewCommentInner", "brewComment"]
    last = {
        text: groups(nvim, text)[-1:]
        for text in ("heat", "brew", "ale", "contains", "boiling", "'it", "REMOTE", "set!")
    }
    assert last == {
        "heat": ["brewKeyword"],
        "brew": ["brewDefinition"],
        "ale": ["brewName"],
        "contains": ["brewKeyword"],
        "boiling": ["brewConstant"],
        "'it": ["brewString"],
        "REMOTE": [],
        "set!": ["brewKeyword"],
    }
    assert typed(nvim, "ibrew x<CR>heat do REM now<CR>set! y<CR>else<CR>z<CR>end<CR>w") == [
        "brew x",
        "heat do REM now",
        "   set! y",
        "else",
        "   z",
        "end",
        "w",
    ]
    assert nvim.messages == ""


@pytest.mark.parametrize(
    ("name", "kind"), [("Brewfile.in", "brew"), ("a.brew", "brew"), ("a.recipe.brew", "brew"), ("brew", "")]
)
def test_files_are_told_by_their_names(start: Opened, tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / "brew.yaml").write_text(BREW)
    install("brew", tmp_path, tmp_path)
    assert start(tmp_path / name).lua("return vim.bo.filetype") == kind


def test_levys_corpus_stands_where_its_authors_put_it(start: Opened, tmp_path: Path) -> None:
    """But for what follows a table within a rule: that the table has ended is seen by the next word alone."""
    install("levy", LEVY / "languages", tmp_path)
    nvim = start(tmp_path / "all.levy")
    right = total = 0
    for file in sorted((LEVY / "corpus").glob("*/*.levy")):
        lines = file.read_text().splitlines()
        columns = nvim.lua(
            "vim.api.nvim_buf_set_lines(0, 0, -1, false, ...) local get = require('vernacular_levy.indent').get\n"
            "return vim.iter(ipairs(...)):map(function(number) return get(number) end):totable()",
            lines,
        )
        judged = [len(line) - len(line.lstrip()) == column for line, column in zip(lines, columns, strict=True) if line]
        right, total = right + sum(judged), total + len(judged)
    assert total > 1000
    assert right / total > 0.98


@pytest.mark.parametrize("name", [x.spec.name for x in load_languages([], {}).languages if x.spec.name != "text"])
def test_the_files_of_every_built_in_language_are_taken(start: Opened, tmp_path: Path, name: str) -> None:
    """They are read into a buffer of their own, since Neovim has files of some of these languages itself."""
    install(name, ROOT / "languages", tmp_path)
    nvim = start(tmp_path / "no.kind")
    (fixture,) = (ROOT / "languages" / "fixtures" / name).glob("passes.*")
    nvim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, false, ...)", fixture.read_text().splitlines())
    for folder in ("ftplugin", "indent", "syntax"):
        (file,) = (tmp_path / "out" / "neovim" / folder).iterdir()
        nvim.session.command(f"source {file}")
    nvim.session.command("silent normal! gg=G")
    assert nvim.lua("return vim.b.current_syntax") == name
    assert nvim.messages == ""
