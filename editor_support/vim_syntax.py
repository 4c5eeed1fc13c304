"""Vim's syntax file: the same parts as the TextMate grammar, as `syntax match` and `syntax region`. Pure.

Never `syntax keyword`, which takes words such as `contains` for its own. Of items that begin together Vim takes the
last one that was defined, so the weakest come first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.languages import BlockComment
from editor_support.patterns import VimPatterns, vim_literal
from editor_support.vocabulary import Span, Vocabulary

_NUMBER = (
    r"\k\@1<!\%(0[xX][0-9A-Fa-f_]\+\|0[oO][0-7_]\+\|0[bB][01_]\+\|\d[0-9_]*\%(\.\d[0-9_]*\)\?\%([eE][+-]\?\d\+\)\?\)"
)
_NAME = r"\%(\d\)\@!\k\+"
_LINKS = {
    "Number": "Number",
    "Call": "Function",
    "Function": "Function",
    "Type": "Type",
    "Keyword": "Keyword",
    "Name": "Identifier",
    "FunctionName": "Function",
    "Definition": "Statement",
    "Constant": "Constant",
    "Escape": "SpecialChar",
    "String": "String",
    "Comment": "Comment",
}


def vim_syntax(vocabulary: Vocabulary, header: str) -> str:
    """The syntax file; `header`: its first line."""
    return _Writer(vocabulary).text(header)


class _Writer:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._words = VimPatterns(vocabulary)
        self._links: dict[str, str] = {}

    def text(self, header: str) -> str:
        vocabulary, syntax = self._vocabulary, self._vocabulary.spec.syntax
        lines = [
            self._match("Number", _NUMBER + self._words.joined_digits),
            self._match("Call", rf"\k\@1<!{_NAME}\ze("),
            *self._any_of("Function", vocabulary.functions),
            *([self._match("Type", r"\C\k\@1<!\u\k*")] if syntax.capitalised_types else []),
            *self._any_of("Type", vocabulary.types),
            *self._any_of("Keyword", vocabulary.keywords),
            *self._definitions(),
            *self._any_of("Constant", vocabulary.constants),
            *(self._span(span) for span in reversed(vocabulary.spans)),
        ]
        links = [f"highlight default link {self._group(name)} {link}" for name, link in self._links.items()]
        sections = [
            header + "\nif exists('b:current_syntax')\n  finish\nendif",
            f"syntax case {'match' if syntax.case_sensitive else 'ignore'}",
            f"syntax iskeyword {','.join(['@', '48-57', '_', '192-255', *self._sign_codes()])}",
            "\n".join(lines),
            "syntax sync minlines=200",
            "\n".join(links),
            f"let b:current_syntax = '{vocabulary.file_type}'",
        ]
        return "\n\n".join(sections) + "\n"

    def _sign_codes(self) -> Iterable[str]:
        return (str(ord(sign)) for sign in self._vocabulary.word_signs if ord(sign) < 256)

    def _group(self, name: str) -> str:
        return f"{self._vocabulary.group}{name}"

    def _match(self, name: str, pattern: str, options: str = "") -> str:
        self._links[name] = _LINKS[name]
        return f"syntax match {self._group(name)} /{pattern}/{f' {options}' if options else ''}"

    def _any_of(self, name: str, texts: Sequence[str]) -> list[str]:
        return [self._match(name, self._words.any_word(texts))] if texts else []

    def _definitions(self) -> list[str]:
        """A keyword with the name that it gives, which is no keyword itself."""
        keywords = self._vocabulary.definitions
        if not keywords:
            return []
        new = rf"\%({self._words.any_word(self._vocabulary.reserved)}\)\@!{_NAME}"
        value = rf"\C\u\@!{new}" if self._vocabulary.spec.syntax.capitalised_types else new
        return [
            self._match("Name", value, "contained"),
            self._match("FunctionName", rf"{new}\ze\s*(", "contained"),
            self._match(
                "Definition",
                self._words.any_word(keywords),
                f"nextgroup={self._group('FunctionName')},{self._group('Name')} skipwhite",
            ),
        ]

    def _span(self, span: Span) -> str:
        if isinstance(span, str):
            return self._match("Comment", f"{self._words.word(span)}.*", "contains=@Spell")
        if isinstance(span, BlockComment):
            self._links["Comment"] = _LINKS["Comment"]
            group = self._group("Comment")
            inner = f"contains=@Spell,{group}Inner" if span.nested else "contains=@Spell"
            # Without a `matchgroup` the inner one would begin where the outer one does.
            region = f"matchgroup={group} start=/{vim_literal(span.open)}/ end=/{vim_literal(span.close)}/"
            written = f"syntax region {group} {region} {inner}"
            nested = f"\nsyntax region {group}Inner {region} contained {inner}\n"
            return written + (nested + f"highlight default link {group}Inner Comment" if span.nested else "")
        return self._string(span.open, span.close, span.escape, span.multiline)

    def _string(self, opens: str, closes: str, escape: str | None, multiline: bool) -> str:
        self._links["String"] = _LINKS["String"]
        end = vim_literal(closes) + ("" if multiline else r"\|$")
        written = f"syntax region {self._group('String')} start=/{vim_literal(opens)}/"
        if not escape:
            return f"{written} end=/{end}/"
        self._links["Escape"] = _LINKS["Escape"]
        sign = vim_literal(escape)
        self_contained = f"syntax match {self._group('Escape')} /{sign}./ contained\n"
        return f"{self_contained}{written} skip=/{sign}./ end=/{end}/ contains={self._group('Escape')}"
