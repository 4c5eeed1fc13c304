"""How a language looks to an editor: the section `syntax` of its YAML file.

No regular expressions: three editors' dialects of them differ, so words and signs are said, and what is made of them is
`editor_support/`. All of it may be left out; what is not said is guessed from the rest of the file and the grammar.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from core.spec_parts import SpecModel, Word

Sign = Annotated[str, Field(pattern=r"^\S$")]


class StringDelimiters(SpecModel):
    """A kind of string."""

    open: str = Field(description="opens it", min_length=1)
    close: str = Field(description="closes it", min_length=1)
    escape: Sign | None = Field(
        default="\\", description="takes its meaning from the sign behind it, the closing one included; null: none does"
    )
    multiline: bool = Field(default=False, description="whether it may go over lines")


class Brackets(SpecModel):
    """A pair of brackets."""

    open: str = Field(description="the opening one", min_length=1)
    close: str = Field(description="the closing one", min_length=1)


class Indentation(SpecModel):
    """What stands how far to the right. Brackets that a line leaves open count without being named here."""

    width: int = Field(default=4, description="columns of a level", ge=1, le=16)
    tabs: bool = Field(default=False, description="whether a level is a tab")
    opens_first: tuple[Word, ...] = Field(
        default=(), description="where one of these begins a line, the next stands a level deeper"
    )
    opens_last: tuple[Word, ...] = Field(
        default=(), description="the same where one of these ends a line, such as `then` or `=`"
    )
    opens_anywhere: tuple[Word, ...] = Field(
        default=(), description="the same wherever one of these stands in a line, such as `function`"
    )
    closes_first: tuple[Word, ...] = Field(
        default=(), description="a line that one of these begins stands a level less deep, such as `end` or `else`"
    )
    ends_last: tuple[Word, ...] = Field(
        default=(),
        description="ends a whole definition where it ends a line, such as `.`: the next line stands at the margin",
    )


class Syntax(SpecModel):
    """Words, strings, brackets and indentation."""

    keywords: tuple[Word, ...] = Field(
        default=(), description="keywords beside `definition_keywords`; none: those of the grammar"
    )
    constants: tuple[Word, ...] = Field(default=(), description="words that are values, such as `true`")
    types: tuple[Word, ...] = Field(default=(), description="names of the language's own types")
    functions: tuple[Word, ...] = Field(default=(), description="names of the language's own functions")
    capitalised_types: bool = Field(default=False, description="whether a name with a capital letter first is a type")
    case_sensitive: bool = Field(default=True, description="whether `IF` is another word than `if`")
    word_signs: tuple[Sign, ...] = Field(
        default=(), description="signs that a name may hold beside letters, digits and `_`, such as `-`"
    )
    strings: tuple[StringDelimiters, ...] = Field(
        default=(StringDelimiters(open='"', close='"'),), description="kinds of strings"
    )
    brackets: tuple[Brackets, ...] = Field(
        default=tuple(Brackets(open=pair[0], close=pair[1]) for pair in ("()", "[]", "{}")),
        description="pairs of brackets",
    )
    indentation: Indentation = Field(default=Indentation(), description="what stands how far to the right")
