"""What both editors are told of a language, in the order and under the names that they need it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from core.errors import ConfigError
from core.languages import TEXT, BlockComment, LanguageSpec
from core.syntax import StringDelimiters

_SPELT = {"+": "plus", "#": "sharp"}
_FILE_TYPE = re.compile(r"[a-z][a-z0-9_-]*")
_LIKE_A_WORD = re.compile(r"[^\W\d][\w-]*")

Span = str | BlockComment | StringDelimiters
"""A line comment's opener, a block comment, or a string."""


@dataclass(frozen=True)
class Vocabulary:
    """A language as editors see it. `grammar_words`: tokens of its grammar that look like words; they stand in for
    keywords where the file names none."""

    spec: LanguageSpec
    grammar_words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        spec = self.spec
        if spec.name == TEXT.name:
            raise ConfigError(f"{spec.name}: is what no file describes; name a language")
        if not spec.extensions and not spec.file_names:
            raise ConfigError(
                f"{spec.name}: has neither `extensions` nor `file_names`, so no editor could tell its files;"
                " add one to its language file"
            )

    @property
    def slug(self) -> str:
        """The name in letters, digits and `-`: for package names, scopes and highlight groups."""
        spelt = "".join(_SPELT.get(sign, sign) for sign in self.spec.name)
        return spelt.replace("_", "-")

    @property
    def group(self) -> str:
        """The prefix of Vim's highlight groups: letters and digits."""
        return self.slug.replace("-", "")

    @property
    def file_type(self) -> str:
        """Neovim's file type: the language's name, or, where Vim could not take it, an editor id or the slug."""
        names = (self.spec.name, *self.spec.editor_ids)
        return next((name for name in names if _FILE_TYPE.fullmatch(name)), self.slug)

    @cached_property
    def constants(self) -> tuple[str, ...]:
        """Words that are values."""
        return _words(self.spec.syntax.constants)

    @cached_property
    def types(self) -> tuple[str, ...]:
        """The language's own types."""
        return _words(self.spec.syntax.types, self.constants)

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """The language's own functions."""
        return _words(self.spec.syntax.functions, self.constants + self.types)

    @cached_property
    def definitions(self) -> tuple[str, ...]:
        """Keywords that open a definition."""
        return _words(self.spec.definition_keywords)

    @cached_property
    def keywords(self) -> tuple[str, ...]:
        """All other keywords, those of the grammar where the language's file names none."""
        named = self.spec.syntax.keywords
        words = named or (word for word in self.grammar_words if _LIKE_A_WORD.fullmatch(word))
        return _words(words, self.constants + self.types + self.functions + self.definitions)

    @property
    def reserved(self) -> tuple[str, ...]:
        """Words that name nothing."""
        return _words((*self.keywords, *self.definitions, *self.constants))

    @property
    def word_signs(self) -> str:
        """The signs that a name may hold beside letters, digits and `_`."""
        return "".join(dict.fromkeys(self.spec.syntax.word_signs))

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Comments and strings, the longest opener first: `--[[` is no `--`."""
        spec = self.spec
        spans: list[Span] = [*spec.block_comments, *spec.line_comments, *spec.syntax.strings]
        return tuple(sorted(spans, key=lambda span: -len(opener(span))))

    @property
    def documentation_comment(self) -> str:
        """What begins a line of documentation, where that is a special line comment such as `///`; else nothing."""
        translation = self.spec.translation
        line = translation.function.documentation.line if translation else None
        mark = (line or "").partition("{line}")[0].strip()
        usual = self.spec.line_comments
        return mark if mark.startswith(usual) and mark not in usual and " " not in mark else ""

    def bounded(self, text: str) -> tuple[bool, bool]:
        """Whether `text` begins, and ends, with what a word may hold: then it is no part of a longer word."""
        return self._in_word(text[0]), self._in_word(text[-1])

    def _in_word(self, sign: str) -> bool:
        return sign.isalnum() or sign == "_" or sign in self.word_signs


def opener(span: Span) -> str:
    """What opens a comment or a string."""
    return span if isinstance(span, str) else span.open


def _words(words: Iterable[str], without: Iterable[str] = ()) -> tuple[str, ...]:
    """Each word once, longer before shorter, so that an alternation takes the longest."""
    left_out = set(without)
    return tuple(sorted({word for word in words if word not in left_out}, key=lambda word: (-len(word), word)))
