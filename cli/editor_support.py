"""`vernacular languages editor-support`: what VS Code and Neovim need for a language that they do not know."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from editor_support.generate import Generated


def write_editor_support(
    name: Annotated[str, typer.Argument(help="Name of the language, as `vernacular languages list` shows it.")],
    output: Annotated[
        Path | None, typer.Option(help="Folder to write into; by default NAME-editor-support.", show_default=False)
    ] = None,
    editor: Annotated[str, typer.Option(help="For which editor: both, vscode or neovim.")] = "both",
    vsix: Annotated[bool, typer.Option(help="Pack the VS Code extension as one file to install.")] = True,
    grammar: Annotated[
        Path | None,
        typer.Option(help="Folder of the tree-sitter grammar, with src/parser.c; by default its wheel is asked."),
    ] = None,
    languages: Annotated[list[Path] | None, typer.Option(help="Folder with language files; may repeat.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that this command did not write.")] = False,
) -> None:
    """Write a VS Code extension and a Neovim plugin for a language: file type, colours, comments, indentation.

    They are made of the language's file, and of its tree-sitter grammar where there is one.
    """
    from core.errors import UnknownNameError
    from core.language_files import load_languages
    from editor_support.generate import Editor, generate
    from editor_support.grammar import find_parser
    from editor_support.writing import write_files

    spec = load_languages(languages or []).named(name)
    if editor not in list(Editor):
        raise UnknownNameError("editor", editor, list(Editor))
    parser = find_parser(spec, grammar)
    generated = generate(spec, parser, Editor(editor), pack=vsix)
    folder = output or Path(f"{generated.name}-editor-support")
    write_files(folder, generated.files, f"vernacular languages editor-support {name}", force=force)
    for path in generated.files:
        sys.stdout.write(f"{folder / path}\n")
    for remark in generated.remarks:
        sys.stderr.write(f"{name}: {remark}\n")
    sys.stdout.write("".join(f"{line}\n" for line in _how_to_install(generated, folder)))


def _how_to_install(generated: Generated, folder: Path) -> list[str]:
    """A command for each editor, for the shell."""
    from shlex import quote

    lines = []
    if generated.vsix:
        lines.append(f"VS Code: code --install-extension {quote(str(folder / generated.vsix))} --force")
    if generated.neovim:
        packages = "~/.local/share/nvim/site/pack/vernacular/start"
        source = quote(f"{folder / generated.neovim}/.")
        lines.append(f"Neovim:  mkdir -p {packages}/{generated.name} && cp -R {source} {packages}/{generated.name}")
    return ["", *lines] if lines else []
