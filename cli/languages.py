"""`vernacular languages`: which languages are known, and from where."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from core.languages import LanguageSpec

WIDE = 1000


def register(app: typer.Typer) -> None:
    """Add the group `languages`."""
    group = typer.Typer(no_args_is_help=True, help="The languages that are known.")
    group.callback()(_group)
    group.command("list")(list_languages)
    app.add_typer(group, name="languages")


def _group() -> None: ...


def list_languages(
    languages: Annotated[list[Path] | None, typer.Option(help="Folder with language files; may repeat.")] = None,
) -> None:
    """Name, endings, grammar and file of each language; the folders are asked in the order of the search path."""
    from rich.console import Console
    from rich.table import Table

    from core.language_files import load_languages

    table = Table()
    for column in ("language", "name for people", "endings and file names", "grammar", "described in"):
        table.add_column(column, overflow="fold")
    for language in load_languages(languages or []).languages:
        spec = language.spec
        files = " ".join((*spec.extensions, *spec.file_names)) or "none"
        table.add_row(spec.name, spec.display_name, files, _grammar(spec), language.source)
    # A pipe has no width to fold paths to.
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)


def _grammar(spec: LanguageSpec) -> str:
    from importlib.util import find_spec

    if spec.grammar is None:
        return "none"
    # A module inside a package that is not there would be an error.
    if find_spec(spec.grammar.module.partition(".")[0]) is None:
        return f"not installed; pip install {spec.grammar.package}"
    return spec.grammar.package if find_spec("tree_sitter") else "not installed; pip install tree-sitter"
