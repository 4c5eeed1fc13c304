"""`vernacular languages editor-support`: what it writes, what it says, what it refuses, whose files it leaves alone."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from core.errors import ConfigError, UnknownNameError

ROOT = Path(__file__).resolve().parents[2]
LEVY = ROOT / "examples" / "levy"
BREW = "name: brew\ndisplay_name: Brew\nextensions: [.brew]\nline_comments: ['#']\n"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["languages", "editor-support", *map(str, arguments)])


def brew(folder: Path, text: str = BREW) -> Path:
    (folder / "brew.yaml").write_text(text)
    return folder


def written(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_for_levy_it_writes_both_and_says_how_to_install_them(tmp_path: Path) -> None:
    result = run("levy", "--languages", LEVY / "languages", "--output", tmp_path, "--grammar", LEVY / "grammar")
    assert result.exit_code == 0, result.output
    files = [
        "vscode/package.json",
        "vscode/language-configuration.json",
        "vscode/syntaxes/levy.tmLanguage.json",
        "vscode/README.md",
        "levy-language-1.0.0.vsix",
        "neovim/ftdetect/levy.lua",
        "neovim/ftplugin/levy.lua",
        "neovim/indent/levy.lua",
        "neovim/lua/vernacular_levy/indent.lua",
        "neovim/syntax/levy.vim",
        "neovim/README.md",
        "neovim/parser/levy.so",
        "neovim/queries/levy/highlights.scm",
    ]
    said = result.stdout.splitlines()
    assert said[: len(files)] == [str(tmp_path / file) for file in files]
    assert written(tmp_path) == {*files, ".vernacular-editor-support.json"}
    packages = "~/.local/share/nvim/site/pack/vernacular/start"
    assert said[len(files) :] == [
        "",
        f"VS Code: code --install-extension {tmp_path}/levy-language-1.0.0.vsix --force",
        f"Neovim:  mkdir -p {packages}/levy && cp -R {tmp_path}/neovim/. {packages}/levy",
    ]
    assert result.stderr == ""


def test_the_extension_is_a_package_that_names_all_that_it_holds(tmp_path: Path) -> None:
    run("levy", "--languages", LEVY / "languages", "--output", tmp_path, "--editor", "vscode")
    package = json.loads((tmp_path / "vscode" / "package.json").read_text())
    contributed = package["contributes"]
    assert contributed["languages"][0]["id"] == "levy"
    assert contributed["languages"][0]["extensions"] == [".levy"]
    for file in (contributed["languages"][0]["configuration"], contributed["grammars"][0]["path"]):
        assert (tmp_path / "vscode" / file).is_file()
    with zipfile.ZipFile(tmp_path / "levy-language-1.0.0.vsix") as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    inside = {f"extension/{name}": (tmp_path / "vscode" / name).read_bytes() for name in written(tmp_path / "vscode")}
    assert packed.keys() == {"extension.vsixmanifest", "[Content_Types].xml", *inside}
    assert {name: packed[name] for name in inside} == inside
    space = {"v": "http://schemas.microsoft.com/developer/vsx-schema/2011"}
    manifest = ET.fromstring(packed["extension.vsixmanifest"])  # noqa: S314
    identity = manifest.find("v:Metadata/v:Identity", space)
    assert identity is not None
    assert (identity.get("Id"), identity.get("Version")) == (package["name"], package["version"])
    assert {asset.get("Path") for asset in manifest.iterfind("v:Assets/v:Asset", space)} <= set(packed)
    types = ET.fromstring(packed["[Content_Types].xml"])  # noqa: S314
    endings = {each.get("Extension", "") for each in types}
    assert {Path(name).suffix for name in packed if name != "[Content_Types].xml"} <= endings


def test_a_second_run_writes_the_same_bytes_without_a_question(tmp_path: Path) -> None:
    options = ("brew", "--languages", brew(tmp_path), "--output", tmp_path / "out")
    run(*options)
    first = {name: (tmp_path / "out" / name).read_bytes() for name in written(tmp_path / "out")}
    assert run(*options).exit_code == 0
    assert {name: (tmp_path / "out" / name).read_bytes() for name in written(tmp_path / "out")} == first


def test_by_default_it_writes_beside_the_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = run("brew", "--languages", brew(tmp_path)).stdout
    assert "VS Code: code --install-extension brew-editor-support/brew-language-1.0.0.vsix --force\n" in said
    assert (tmp_path / "brew-editor-support" / "neovim" / "syntax" / "brew.vim").is_file()


def test_one_editor_alone_without_a_package(tmp_path: Path) -> None:
    result = run("brew", "--languages", brew(tmp_path), "--output", tmp_path / "a", "--editor", "vscode", "--no-vsix")
    assert {name.partition("/")[0] for name in written(tmp_path / "a")} == {"vscode", ".vernacular-editor-support.json"}
    assert "Neovim" not in result.stdout
    assert "code --install" not in result.stdout
    run("brew", "--languages", tmp_path, "--output", tmp_path / "b", "--editor", "neovim")
    assert {name.partition("/")[0] for name in written(tmp_path / "b")} == {"neovim", ".vernacular-editor-support.json"}


def test_what_a_person_changed_is_left_alone(tmp_path: Path) -> None:
    options = ("brew", "--languages", brew(tmp_path), "--output", tmp_path / "out")
    run(*options)
    package, syntax = tmp_path / "out" / "vscode" / "package.json", tmp_path / "out" / "neovim" / "syntax" / "brew.vim"
    package.write_text("mine")
    syntax.unlink()
    result = run(*options)
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception) == (
        f"{package}: is there already, and not as this command left it; nothing was written;"
        " choose another --output, or overwrite with --force"
    )
    assert package.read_text() == "mine"
    assert not syntax.exists()
    assert run(*options, "--force").exit_code == 0
    assert package.read_text() != "mine"


def test_a_folder_with_somebody_elses_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out" / "vscode").mkdir(parents=True)
    (tmp_path / "out" / "vscode" / "README.md").write_text("mine")
    (tmp_path / "out" / "vscode" / "notes.txt").write_text("mine too")
    result = run("brew", "--languages", brew(tmp_path), "--output", tmp_path / "out")
    assert "vscode/README.md: is there already" in str(result.exception)
    assert run("brew", "--languages", tmp_path, "--output", tmp_path / "out", "--force").exit_code == 0
    assert (tmp_path / "out" / "vscode" / "notes.txt").read_text() == "mine too"


def test_what_is_not_made_any_more_goes(tmp_path: Path) -> None:
    options = ("levy", "--languages", LEVY / "languages", "--output", tmp_path)
    run(*options, "--grammar", LEVY / "grammar")
    assert (tmp_path / "neovim" / "parser" / "levy.so").is_file()
    run(*options, "--editor", "vscode")
    assert (tmp_path / "neovim" / "parser" / "levy.so").is_file(), "the other editor's part was not asked for"
    run(*options)
    assert not (tmp_path / "neovim" / "parser" / "levy.so").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["levi"], "unknown language 'levi' (did you mean 'levy'?); known: "),
        (["levy", "--editor", "emacs"], "unknown editor 'emacs'; known: both, neovim, vscode"),
        (["text"], "text: is what no file describes; name a language"),
        (
            ["levy", "--grammar", str(ROOT / "docs")],
            f"{ROOT / 'docs'}: has no src/parser.c; name the folder of a tree-",
        ),
        (["levy", "--output", str(ROOT / "LICENSE")], "LICENSE: is a file; choose another --output"),
    ],
)
def test_what_cannot_be_is_one_line(options: list[str], message: str) -> None:
    result = run(*options, "--languages", LEVY / "languages")
    assert isinstance(result.exception, ConfigError | UnknownNameError), result.output
    assert message in str(result.exception)
    assert "\n" not in str(result.exception)


def test_a_language_without_files_is_refused(tmp_path: Path) -> None:
    result = run("brew", "--languages", brew(tmp_path, "name: brew\ndisplay_name: Brew\n"))
    assert "brew: has neither `extensions` nor `file_names`" in str(result.exception)


def test_a_grammar_without_its_scanner_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    text = "void *tree_sitter_brew_external_scanner_create(void);\nconst TSLanguage *tree_sitter_brew(void) {}\n"
    (tmp_path / "src" / "parser.c").write_text(text)
    result = run("brew", "--languages", brew(tmp_path), "--grammar", tmp_path, "--output", tmp_path / "out")
    assert f"{tmp_path}: its parser needs src/scanner.c, which is not there" in str(result.exception)


def test_a_grammar_that_does_not_compile_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "parser.c").write_text("const TSLanguage *tree_sitter_brew(void) { return 1 }\n")
    result = run("brew", "--languages", brew(tmp_path), "--grammar", tmp_path, "--output", tmp_path / "out")
    assert str(result.exception).startswith(f"{tmp_path / 'src'}: does not compile: ")
    assert "\n" not in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_without_a_compiler_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", str(tmp_path / "no-compiler"))
    result = run("levy", "--languages", LEVY / "languages", "--grammar", LEVY / "grammar", "--output", tmp_path / "out")
    assert "a C compiler is needed for --grammar" in str(result.exception)


def test_what_is_missing_is_said_once_and_why(tmp_path: Path) -> None:
    grammar = "grammar: {package: tree-sitter-brew, module: tree_sitter_brew}\n"
    text = "name: brew\ndisplay_name: Brew\nextensions: [.brew]\n" + grammar
    result = run("brew", "--languages", brew(tmp_path, text), "--output", tmp_path / "out")
    assert result.exit_code == 0
    missing = "tree-sitter-brew is not installed; pip install it, or name its sources with --grammar"
    assert result.stderr.splitlines() == [
        f"brew: no tree-sitter in Neovim: {missing}",
        "brew: no keywords but those of definitions: the language file has no `syntax.keywords`",
        "brew: no comments: the language file has neither `line_comments` nor `block_comments`",
    ]


def test_a_wheel_that_hides_its_parser_still_gives_its_keywords(tmp_path: Path) -> None:
    text = BREW + "grammar: {package: tree-sitter-lua, module: tree_sitter_lua}\n"
    result = run("brew", "--languages", brew(tmp_path, text), "--output", tmp_path / "out")
    assert "the wheel tree-sitter-lua keeps its parser to itself" in result.stderr
    assert "pip download --no-deps --no-binary :all: tree-sitter-lua" in result.stderr
    grammar = json.loads((tmp_path / "out" / "vscode" / "syntaxes" / "brew.tmLanguage.json").read_text())
    (keywords,) = grammar["repository"]["keywords"]["patterns"]
    assert "elseif" in keywords["match"]
    assert "elseif" in (tmp_path / "out" / "neovim" / "syntax" / "brew.vim").read_text()
