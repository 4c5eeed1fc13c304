"""From a language, and its parser where there is one, to the files for VS Code and Neovim. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.languages import LanguageSpec
from editor_support.grammar import NoParser, Parser
from editor_support.neovim import neovim_files
from editor_support.vocabulary import Vocabulary
from editor_support.vscode import VERSION, vscode_files
from editor_support.vsix import vsix


class Editor(StrEnum):
    """For which editor."""

    BOTH = "both"
    VSCODE = "vscode"
    NEOVIM = "neovim"

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders that are written."""
        return ("vscode", "neovim") if self is Editor.BOTH else (str(self.value),)


@dataclass(frozen=True)
class Generated:
    """Files by their paths, and where in them each editor's part is: `vsix` and `neovim` are empty where not asked for.

    `name`: what Neovim's plugin folder should be called.
    """

    files: Mapping[str, bytes]
    name: str
    vsix: str
    neovim: str
    remarks: tuple[str, ...]


def generate(spec: LanguageSpec, parser: Parser | NoParser, editor: Editor, *, pack: bool) -> Generated:
    """All files of a language; `pack`: the VS Code extension as one file too.

    Raises `ConfigError` for a language that no editor could tell from another.
    """
    vocabulary = Vocabulary(spec, parser.tokens)
    files: dict[str, bytes] = {}
    packed = ""
    if "vscode" in editor.folders:
        extension = vscode_files(vocabulary)
        files |= {f"vscode/{path}": text.encode() for path, text in extension.items()}
        if pack:
            packed = f"{vocabulary.slug}-language-{VERSION}.vsix"
            files[packed] = vsix(extension)
    if "neovim" in editor.folders:
        for path, content in neovim_files(vocabulary, parser if isinstance(parser, Parser) else None).items():
            files[f"neovim/{path}"] = content.encode() if isinstance(content, str) else content
    return Generated(
        files,
        vocabulary.slug,
        packed,
        "neovim" if "neovim" in editor.folders else "",
        tuple(_remarks(vocabulary, parser, editor)),
    )


def _remarks(vocabulary: Vocabulary, parser: Parser | NoParser, editor: Editor) -> list[str]:
    """What a person would want to know who wonders why something is missing."""
    remarks = []
    if isinstance(parser, NoParser) and parser.reason and "neovim" in editor.folders:
        remarks.append(f"no tree-sitter in Neovim: {parser.reason}")
    if not vocabulary.keywords:
        remarks.append("no keywords but those of definitions: the language file has no `syntax.keywords`")
    if not vocabulary.spec.line_comments and not vocabulary.spec.block_comments:
        remarks.append("no comments: the language file has neither `line_comments` nor `block_comments`")
    return remarks
