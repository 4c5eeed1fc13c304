"""What the system knows of a programming language: the model of `languages/NAME.yaml`.

A language touches no Python: everything stands in its file. `text` is the answer for a language that nobody
described. Search path, loading and messages: `core/language_files.py`.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from core.own_tests import OwnTests
from core.spec_parts import Pattern, SpecModel, Word
from core.syntax import Syntax
from core.translation import Translation

Extension = Annotated[str, Field(pattern=r"^\.[^/\\\s]+$")]
FileName = Annotated[str, Field(pattern=r"^[^/\\]+$")]


class BlockComment(SpecModel):
    """Delimiters of a block comment."""

    open: str = Field(description="opens a block comment", min_length=1)
    close: str = Field(description="closes it", min_length=1)
    nested: bool = Field(default=False, description="whether one may stand within another, and both must be closed")


class Grammar(SpecModel):
    """Where the tree-sitter grammar comes from; always optional."""

    package: str = Field(description="the wheel that holds the grammar, such as `tree-sitter-lua`", min_length=1)
    module: str = Field(description="its import name, such as `tree_sitter_lua`", min_length=1)
    function: str = Field(default="language", description="the function of the module that returns the grammar")


class Diagnostics(SpecModel):
    """What the messages of a tool chain mean: regular expressions of Python's `re`, with `^` and `$` at each line.

    The split into syntactic and semantic failures is that of arXiv 2606.16827. Of what `messages` match in standard
    error, a failed check's message is the first, a failed run's the last; of two that begin together the one whose
    expression stands first.
    """

    messages: tuple[Pattern, ...] = Field(
        description="each matches a message; the first group that took part is its class, one that is called `line` is"
        " what people are shown, else all of it",
        min_length=1,
    )
    syntactic: tuple[Pattern, ...] = Field(
        default=(), description="a failure is syntactic if one of these is found in its class or message, else semantic"
    )


class Compiler(SpecModel):
    """A compiler that is kept warm: started once, asked for one program after the other, in a sandbox of its own.

    It reads a line of JSON from standard input and answers with one on standard output, again and again:
    `{"id": "...", "source": "..."}` with `{"id": "...", "files": {"NAME": "BASE64"}}`, one for each of `made`, or with
    `{"id": "...", "errors": "..."}`, a text whose first line is for people. It must not execute what it compiles, nor
    keep anything of it: each of its programs is somebody else's.
    """

    start: tuple[str, ...] = Field(description="starts it, in an empty folder", min_length=1)
    probe: str = Field(description="a program that it can compile: it is warm, and works, once it has")
    memory_mib: int = Field(default=1024, description="resident memory that it may use, in MiB", ge=16)

    @field_validator("start", mode="after")
    @classmethod
    def _fill_words(cls, words: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return tuple(_filled(word, info) for word in words)


class Query(SpecModel):
    """How one question is put to a program, for word problems (the `<query>` of arXiv 2506.11027)."""

    asks: str = Field(description="what a query is, for the prompt: `a goal that binds X to the answer`", min_length=1)
    program: str = Field(description="goes to the end of the program; runs `{query}` and prints its answer")
    trim: tuple[Word, ...] = Field(default=(), description="texts around a query that are no part of it: `?-`, `.`")

    @field_validator("program")
    @classmethod
    def _holds_the_query(cls, value: str) -> str:
        if "{query}" not in value:
            raise ValueError("must hold {query}, which is replaced by what the model asks")
        return value

    def rendered(self, query: str) -> str:
        """The end of the program for a model's query."""
        query = query.strip()
        for text in self.trim:
            query = query.removeprefix(text).removesuffix(text).strip()
        return self.program.replace("{query}", query)


class Execution(SpecModel):
    """How a program is run. Commands are words, not a shell's line; they never travel over the wire.

    In the words of commands, in `read_only`, `needs`, `environment` and `install` two placeholders are replaced when
    the file is read: `{languages}` is the folder that the file lies in, `{cache}` one of the user's own for tool
    chains that no package manager installs, `$XDG_CACHE_HOME/vernacular/toolchains`.
    """

    file: FileName = Field(description="what the program's file is called, such as `main.lua`")
    run: tuple[str, ...] = Field(description="runs that file, in the folder where it lies", min_length=1)
    check: tuple[str, ...] = Field(
        default=(), description="compiles or checks it without running it; fails for a program that is none"
    )
    made: tuple[FileName, ...] = Field(
        default=(), description="files beside the program's own that the check makes and the run needs"
    )
    compiler: Compiler | None = Field(
        default=None, description="does what `check` does, faster: for tool chains that are slow to start"
    )
    mark: str = Field(
        description="goes to the end of the program and prints the line `{mark}`, once all before it went well"
    )
    query: Query | None = Field(default=None, description="how a word problem's answer is asked of a program")
    read_only: tuple[str, ...] = Field(default=(), description="folders besides /usr that the tool chain reads")
    needs: tuple[str, ...] = Field(
        default=(), description="files whose absence means, like that of a command, that it is not installed"
    )
    environment: dict[str, str] = Field(default={}, description="environment variables that it needs")
    install: str = Field(description="command that installs the tool chain", min_length=1)
    diagnostics: Diagnostics | None = Field(
        default=None, description="what its messages mean; without it a failed check is syntactic, all else semantic"
    )

    @field_validator("mark")
    @classmethod
    def _holds_the_mark(cls, value: str) -> str:
        if "{mark}" not in value:
            raise ValueError("must hold {mark}, which is replaced by what has to be printed")
        return value

    @model_validator(mode="after")
    def _makes_what_it_compiles(self) -> Self:
        if self.compiler and not self.made:
            raise ValueError("with a compiler `made` must name what it makes")
        return self

    @field_validator("run", "check", "read_only", "needs", mode="after")
    @classmethod
    def _fill_words(cls, words: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return tuple(_filled(word, info) for word in words)

    @field_validator("environment", mode="after")
    @classmethod
    def _fill_environment(cls, environment: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        return {name: _filled(value, info) for name, value in environment.items()}

    @field_validator("install", mode="after")
    @classmethod
    def _fill_install(cls, command: str, info: ValidationInfo) -> str:
        return _filled(command, info, quote=shlex.quote)


class LanguageSpec(SpecModel):
    """One language."""

    name: str = Field(description="lower-case name, the same as the file's", pattern=r"^[a-z][a-z0-9_+#-]*$")
    display_name: str = Field(description="name for people", min_length=1)
    extensions: tuple[Extension, ...] = Field(default=(), description="file name endings with their dot")
    file_names: tuple[FileName, ...] = Field(default=(), description="whole file names, such as `Makefile`")
    editor_ids: tuple[Word, ...] = Field(
        default=(), description="LSP `languageId`s and Neovim file types other than the name itself"
    )
    line_comments: tuple[Word, ...] = Field(default=(), description="openers of a comment to the line's end")
    block_comments: tuple[BlockComment, ...] = Field(default=(), description="block comments")
    definition_keywords: tuple[Word, ...] = Field(
        default=(), description="keywords that open a top-level definition, such as `fn`"
    )
    grammar: Grammar | None = Field(default=None, description="the tree-sitter grammar, where there is one")
    syntax: Syntax = Field(
        default=Syntax(), description="what editors are told, by `vernacular languages editor-support`"
    )
    note: str = Field(default="", description="a short note for prompts")
    execution: Execution | None = Field(default=None, description="how a program is run, where it can be")
    tests: OwnTests | None = Field(default=None, description="how a company's own tests are found and run")
    translation: Translation | None = Field(default=None, description="how Python benchmarks are written in it")

    @field_validator("name")
    @classmethod
    def _is_the_files_name(cls, name: str, info: ValidationInfo) -> str:
        """A file that is loaded says in the validation context what it is called without `.yaml`."""
        stem = (info.context or {}).get("stem", name)
        if name != stem:
            raise ValueError(f"{name!r} is not what the file is called; it must be {stem!r}")
        return name


def toolchain_cache(environment: Mapping[str, str]) -> Path:
    """The user's folder for tool chains. A relative `XDG_CACHE_HOME` is left out, as the specification asks."""
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or "~").expanduser()
    configured = Path(environment.get("XDG_CACHE_HOME") or "")
    return (configured if configured.is_absolute() else home / ".cache") / "vernacular" / "toolchains"


def _filled(text: str, info: ValidationInfo, quote: Callable[[str], str] = str) -> str:
    """`text` with its placeholders replaced. A file that is loaded says in the context in which folder it lies."""
    folder = (info.context or {}).get("folder")
    if folder is None:
        return text
    return text.replace("{languages}", quote(str(folder))).replace("{cache}", quote(str(toolchain_cache(os.environ))))


TEXT = LanguageSpec(name="text", display_name="Plain text")
"""What a document is that no language describes, where no file describes `text` either."""


def kind_of(language: str, path: str) -> str:
    """Under which name a file's lines and declarations are kept apart: of unknown languages by the file's ending."""
    return language if language != TEXT.name else f"{language}{PurePosixPath(path).suffix.lower()}"
