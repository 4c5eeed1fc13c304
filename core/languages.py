"""What the system knows of a programming language: the model of `languages/NAME.yaml`.

A language touches no Python: everything stands in its file. `text` is the answer for a language that nobody
described. Search path, loading and messages: `core/language_files.py`.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class SpecModel(BaseModel):
    """Base of the parts of a language file: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BlockComment(SpecModel):
    """Delimiters of a block comment."""

    open: str = Field(description="opens a block comment", min_length=1)
    close: str = Field(description="closes it", min_length=1)


class Grammar(SpecModel):
    """Where the tree-sitter grammar comes from; always optional."""

    package: str = Field(description="the wheel that holds the grammar, such as `tree-sitter-lua`", min_length=1)
    module: str = Field(description="its import name, such as `tree_sitter_lua`", min_length=1)
    function: str = Field(default="language", description="the function of the module that returns the grammar")


class LanguageSpec(SpecModel):
    """One language.

    Commands (check, run, install) are added with the sandbox that runs them; they never travel over the wire.
    """

    name: str = Field(description="lower-case name, the same as the file's", pattern=r"^[a-z][a-z0-9_+#-]*$")
    display_name: str = Field(description="name for people", min_length=1)
    extensions: tuple[str, ...] = Field(default=(), description="file name endings with their dot")
    file_names: tuple[str, ...] = Field(default=(), description="whole file names, such as `Makefile`")
    editor_ids: tuple[str, ...] = Field(
        default=(), description="LSP `languageId`s and Neovim file types other than the name itself"
    )
    line_comments: tuple[str, ...] = Field(default=(), description="openers of a comment to the line's end")
    block_comments: tuple[BlockComment, ...] = Field(default=(), description="block comments")
    definition_keywords: tuple[str, ...] = Field(
        default=(), description="keywords that open a top-level definition, such as `fn`"
    )
    grammar: Grammar | None = Field(default=None, description="the tree-sitter grammar, where there is one")
    note: str = Field(default="", description="a short note for prompts")
