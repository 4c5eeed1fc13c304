"""`vernacular languages`: which languages are known, and from where."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.editor_support import write_editor_support

if TYPE_CHECKING:
    from core.languages import LanguageSpec


def register(app: typer.Typer) -> None:
    """Add the group `languages`."""
    group = typer.Typer(no_args_is_help=True, help="The languages that are known.")
    group.callback()(_group)
    group.command("list")(list_languages)
    group.command("check")(check_languages)
    group.command("install")(install_languages)
    group.command("new")(new_language)
    group.command("editor-support")(write_editor_support)
    app.add_typer(group, name="languages")


def _group() -> None: ...


def list_languages(
    languages: Annotated[list[Path] | None, typer.Option(help="Folder with language files; may repeat.")] = None,
) -> None:
    """Name, endings, grammar and file of each language; the folders are asked in the order of the search path."""
    from rich.table import Table

    from cli import terminal
    from core.language_files import load_languages

    table = Table()
    for column in ("language", "name for people", "endings and file names", "grammar", "described in"):
        table.add_column(column, overflow="fold")
    for language in load_languages(languages or []).languages:
        spec = language.spec
        files = " ".join((*spec.extensions, *spec.file_names)) or "none"
        table.add_row(spec.name, spec.display_name, files, _grammar(spec), language.source)
    terminal.console().print(table)


def check_languages(
    names: Annotated[
        list[str] | None, typer.Argument(help="Languages; none: all that say how to run a program.")
    ] = None,
    languages: Annotated[list[Path] | None, typer.Option(help="Folder with language files; may repeat.")] = None,
    sandbox: Annotated[
        str, typer.Option(help="bubblewrap, or none: then nothing protects this machine.")
    ] = "bubblewrap",
) -> None:
    """Run each language's fixture programs: one that passes, one that fails, a syntax error, one that never ends.

    Exit status 1 if a verdict is not the one that it must be, or if a language that was named cannot be run.
    """
    from rich.console import Console
    from rich.table import Table

    from cli import terminal
    from cli.extras import require

    require("evaluation")
    from core.language_files import load_languages
    from core.sandbox import open_sandbox
    from evaluation.language_check import EXPECTED, check_language

    registry = load_languages(languages or [])
    for name in names or []:
        registry.named(name)
    chosen = [x for x in registry.languages if (x.spec.name in names if names else x.spec.execution)]
    box = open_sandbox(sandbox)
    console = terminal.console()
    if sandbox == "none":
        Console(stderr=True).print("warning: without a sandbox these programs can do to this machine whatever you can")
    table = Table()
    for column in ("language", *EXPECTED, "remark"):
        table.add_column(column, overflow="fold")
    wrong = False
    with console.status("running") as status:
        for language in chosen:
            status.update(f"running {language.spec.display_name}")
            checked = check_language(language, box)
            wrong |= not checked.right or bool(names and checked.skipped)
            cells = [f"{f.judged.verdict} in {f.wall_s:.1f} s" for f in checked.fixtures]
            remarks = [f"{f.name}: {f.judged.detail}" for f in checked.fixtures if not f.right]
            table.add_row(
                language.spec.name, *(cells or ["not run"] * len(EXPECTED)), checked.skipped or "; ".join(remarks)
            )
    console.print(table)
    if wrong:
        raise typer.Exit(1)


def install_languages(
    names: Annotated[
        list[str] | None, typer.Argument(help="Languages; none: all that say how to run a program.")
    ] = None,
    languages: Annotated[list[Path] | None, typer.Option(help="Folder with language files; may repeat.")] = None,
) -> None:
    """Install the tool chains that are missing, by the install commands of the language files.

    Where no language is named, one that cannot be installed is said and left out.
    """
    import subprocess

    from core.errors import ConfigError
    from core.language_files import load_languages
    from evaluation.execution import install_toolchain, missing_command

    registry = load_languages(languages or [])
    for name in names or [language.spec.name for language in registry.languages]:
        execution = registry.named(name).execution
        if execution is None or missing_command(execution) is None:
            continue
        sys.stderr.write(f"{name}: {execution.install}\n")
        try:
            install_toolchain(execution)
        except (OSError, subprocess.CalledProcessError) as error:
            failed = f"{name}: its install command failed: {error}"
            if names:
                raise ConfigError(failed) from None
            sys.stderr.write(f"{failed}; left out\n")


def new_language(
    name: Annotated[str, typer.Argument(help="Name of the language, in lower case.")],
    folder: Annotated[Path, typer.Option(help="Folder of language files to write into.")] = Path(),
) -> None:
    """Write a commented language file and fixture programs to fill in."""
    from cli.new_language import write_language
    from core.errors import ConfigError

    if not re.fullmatch(r"[a-z][a-z0-9_-]*", name):
        raise ConfigError(f"{name!r} is no name for a language; write it in lower case, such as {_lower(name)!r}")
    for path in write_language(name, folder):
        sys.stdout.write(f"{path}\n")


def _lower(name: str) -> str:
    return re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-0123456789") or "margo"


def _grammar(spec: LanguageSpec) -> str:
    from completion.parsing import is_installed

    if spec.grammar is None:
        return "none"
    if not is_installed(spec.grammar.module):
        return f"not installed; pip install {spec.grammar.package}"
    return spec.grammar.package if is_installed("tree_sitter") else "not installed; pip install tree-sitter"
