"""A TextMate grammar for VS Code: comments, strings, keywords, constants, types, functions, numbers, definitions.

By words and delimiters alone, so that it never runs away: nothing spans lines but block comments and strings that may.
Scope names are those that themes know. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.languages import BlockComment
from editor_support.patterns import WordPatterns, literal
from editor_support.vocabulary import Span, Vocabulary

Rule = dict[str, Any]

_NUMBER = r"(?:0[xX][0-9A-Fa-f_]+|0[oO][0-7_]+|0[bB][01_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?)"


def textmate_grammar(vocabulary: Vocabulary) -> Rule:
    """The grammar, ready to be written as JSON."""
    return _Writer(vocabulary).grammar()


class _Writer:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._words = WordPatterns(vocabulary)

    def grammar(self) -> Rule:
        vocabulary = self._vocabulary
        number = f"(?<!{self._words.inner}){_NUMBER}{self._words.joined_digits}"
        spans = {f"span-{number}": [self._span(span, number)] for number, span in enumerate(vocabulary.spans, 1)}
        parts = spans | {
            "constants": self._any_of(vocabulary.constants, "constant.language"),
            "definitions": self._definitions(),
            "keywords": self._any_of(vocabulary.keywords, "keyword.control"),
            "types": self._types(),
            "functions": self._functions(),
            "numbers": [{"name": self._scope("constant.numeric"), "match": number}],
        }
        used = {name: rules for name, rules in parts.items() if rules}
        return {
            "$schema": "https://json.schemastore.org/tmlanguage.json",
            "name": vocabulary.spec.display_name,
            "scopeName": f"source.{vocabulary.slug}",
            "patterns": [{"include": f"#{name}"} for name in used],
            "repository": {name: {"patterns": rules} for name, rules in used.items()},
        }

    def _in_any_case(self, pattern: str) -> str:
        return pattern if self._vocabulary.spec.syntax.case_sensitive else f"(?i:{pattern})"

    def _any_word(self, texts: Sequence[str]) -> str:
        return self._in_any_case(self._words.any_word(texts))

    def _scope(self, name: str) -> str:
        return f"{name}.{self._vocabulary.slug}"

    def _span(self, span: Span, number: int) -> Rule:
        if isinstance(span, str):
            return {
                "name": self._scope("comment.line"),
                "match": f"({self._in_any_case(self._words.word(span))}).*",
                "captures": {"1": {"name": self._scope("punctuation.definition.comment")}},
            }
        if isinstance(span, BlockComment):
            rule = self._region("comment.block", span.open, literal(span.close))
            return rule | {"patterns": [{"include": f"#span-{number}"}]} if span.nested else rule
        rule = self._region("string.quoted", span.open, literal(span.close) + ("" if span.multiline else "|$"))
        return rule | {"patterns": [self._escape(span.escape)]} if span.escape else rule

    def _region(self, name: str, opens: str, end: str) -> Rule:
        kind = name.partition(".")[0]
        return {
            "name": self._scope(name),
            "begin": literal(opens),
            "beginCaptures": {"0": {"name": self._scope(f"punctuation.definition.{kind}.begin")}},
            "end": end,
            "endCaptures": {"0": {"name": self._scope(f"punctuation.definition.{kind}.end")}},
        }

    def _escape(self, escape: str) -> Rule:
        return {"name": self._scope("constant.character.escape"), "match": f"{literal(escape)}."}

    def _any_of(self, texts: Sequence[str], name: str) -> list[Rule]:
        if not texts:
            return []
        return [{"name": self._scope(name), "match": self._any_word(texts)}]

    def _definitions(self) -> list[Rule]:
        """A keyword with the name that it gives: a function's before a bracket, else a type's or a value's."""
        keywords = self._vocabulary.definitions
        if not keywords:
            return []
        begin = f"({self._any_word(keywords)})\\s+"
        new = f"(?!{self._any_word(self._vocabulary.reserved)})({self._words.name})"
        names = [(f"{new}(?=\\s*\\()", "entity.name.function")]
        if self._vocabulary.spec.syntax.capitalised_types:
            names.append((f"(?=\\p{{Lu}}){new}", "entity.name.type"))
        names.append((new, "variable.other.definition"))
        captures = {"1": {"name": self._scope("storage.type")}}
        named: list[Rule] = [
            {"match": begin + pattern, "captures": captures | {"2": {"name": self._scope(name)}}}
            for pattern, name in names
        ]
        return [*named, *self._any_of(keywords, "storage.type")]

    def _types(self) -> list[Rule]:
        rules = self._any_of(self._vocabulary.types, "support.type")
        if self._vocabulary.spec.syntax.capitalised_types:
            capitalised = f"(?<!{self._words.inner})\\p{{Lu}}{self._words.inner}*"
            rules.append({"name": self._scope("entity.name.type"), "match": capitalised})
        return rules

    def _functions(self) -> list[Rule]:
        called = f"(?<!{self._words.inner}){self._words.name}(?=\\()"
        call: Rule = {"name": self._scope("entity.name.function"), "match": called}
        return [*self._any_of(self._vocabulary.functions, "support.function"), call]
