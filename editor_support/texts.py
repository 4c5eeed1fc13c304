"""The texts that are mostly the same for every language: `templates/`, whose placeholders are filled here."""

from __future__ import annotations

from importlib.resources import files

from core.spec_parts import fill
from editor_support.vocabulary import Vocabulary

_FOLDER = files("editor_support") / "templates"


def filled(template: str, vocabulary: Vocabulary, **values: str) -> str:
    """A template with what the language is called, `values`, and for Lua a header."""
    spec = vocabulary.spec
    return fill(
        (_FOLDER / template).read_text(encoding="utf-8"),
        name=spec.name,
        display_name=spec.display_name,
        slug=vocabulary.slug,
        file_type=vocabulary.file_type,
        header=header(vocabulary, "--"),
        **values,
    )


def header(vocabulary: Vocabulary, mark: str) -> str:
    """The first line of a file, a comment that `mark` begins."""
    shown = " ".join(vocabulary.spec.display_name.split())
    return f"{mark} {shown}: written by `vernacular languages editor-support {vocabulary.spec.name}`."


def vscode_readme(vocabulary: Vocabulary) -> str:
    """Of the VS Code extension."""
    patterns = (*(f"*{ending}" for ending in vocabulary.spec.extensions), *vocabulary.spec.file_names)
    return filled("vscode.md", vocabulary, files=", ".join(f"`{pattern}`" for pattern in patterns))


def neovim_readme(vocabulary: Vocabulary, parser: str) -> str:
    """Of the plugin for Neovim. `parser`: the name of the tree-sitter parser that comes with it, or nothing."""
    syntax = f"syntax/{vocabulary.file_type}.vim"
    if parser:
        colours = (
            f"Colours come from the tree-sitter grammar in `parser/{parser}.so`, which was built for the system that it"
            f" was written on; on any other, `{syntax}` steps in."
        )
    else:
        colours = f"Colours come from `{syntax}`, since there is no tree-sitter grammar."
    return filled("neovim.md", vocabulary, colours=colours)
