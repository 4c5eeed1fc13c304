"""Regular expressions out of words and signs: for Oniguruma (TextMate grammars), JavaScript and Vim.

What the first two, VS Code's, both understand: escaped literals, classes, `(?:)`, lookaround, and `\\p{L}`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.languages import BlockComment
from core.syntax import StringDelimiters
from editor_support.vocabulary import Span, Vocabulary, opener

_SPECIAL = frozenset("\\^$.|?*+()[]{}")
_SPECIAL_IN_A_CLASS = frozenset("\\]^-[")
_OR_IN_VIM = r"\|"
_SPECIAL_IN_VIM = frozenset("\\^$.*~[]/")


def literal(text: str) -> str:
    """`text` itself."""
    return "".join(f"\\{sign}" if sign in _SPECIAL else sign for sign in text)


def vim_literal(text: str) -> str:
    """`text` itself in Vim's magic patterns, between slashes."""
    return "".join(f"\\{sign}" if sign in _SPECIAL_IN_VIM else sign for sign in text)


def one_of(texts: Iterable[str]) -> str:
    """Any of `texts`, as a group; the caller puts longer ones first."""
    return f"(?:{'|'.join(map(literal, texts))})"


class WordPatterns:
    """Words of a language, with the ends that keep them apart from longer ones."""

    def __init__(self, vocabulary: Vocabulary, *, unicode: bool = True) -> None:
        """`unicode`: whether `\\p{L}` is understood; JavaScript does only with the flag `u`."""
        self._vocabulary = vocabulary
        signs = "".join(f"\\{sign}" if sign in _SPECIAL_IN_A_CLASS else sign for sign in vocabulary.word_signs)
        letters = r"\p{L}" if unicode else r"A-Za-z\u00aa-\uffdc"
        digits = r"\p{N}" if unicode else "0-9"
        self.inner = f"[{letters}{digits}_{signs}]"
        """One character of a word."""
        self.name = f"[{letters}_]{self.inner}*"
        """A name."""
        self.joined_digits = f"(?:[{signs}]\\d+)*" if signs else ""
        """What a number goes on with where a sign joins words, as in a date: `-05-01`."""

    def word(self, text: str) -> str:
        """`text` where it is no part of a longer word."""
        before, after = self._vocabulary.bounded(text)
        left, right = f"(?<!{self.inner})" if before else "", f"(?!{self.inner})" if after else ""
        return f"{left}{literal(text)}{right}"

    def any_word(self, texts: Iterable[str]) -> str:
        """Any of `texts` where it is no part of a longer word. The ends are shared where all of `texts` have them."""
        texts = tuple(texts)
        if texts and all(self._vocabulary.bounded(text) == (True, True) for text in texts):
            return f"(?<!{self.inner}){one_of(texts)}(?!{self.inner})"
        return f"(?:{'|'.join(map(self.word, texts))})"


class CodePatterns:
    """Code of one line, JavaScript's dialect: what stands in comments and strings is not code."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.words = WordPatterns(vocabulary, unicode=False)
        spans = vocabulary.spans
        self._line_comments = [self.words.word(span) for span in spans if isinstance(span, str)]
        closed = [_closed(span) for span in spans if not isinstance(span, str)]
        openers = [*self._line_comments, *(literal(opener(span)) for span in spans if not isinstance(span, str))]
        other = f"(?!{'|'.join(openers)})." if openers else "."
        self.some = f"(?:{'|'.join([*closed, other])})*?"
        """As little code as possible, strings and block comments taken whole."""
        comment = f"(?:(?:{'|'.join(self._line_comments)}).*)?" if self._line_comments else ""
        self.end = f"\\s*{comment}$"
        """The end of the line, before a comment too."""


def _closed(span: Span) -> str:
    """A block comment or a string that is closed on its line."""
    assert isinstance(span, BlockComment | StringDelimiters)
    close = literal(span.close)
    if isinstance(span, StringDelimiters) and span.escape:
        escape = literal(span.escape)
        return f"{literal(span.open)}(?:{escape}.|(?!{close}|{escape}).)*{close}"
    return f"{literal(span.open)}(?:(?!{close}).)*{close}"


class VimPatterns:
    """The same words in Vim's magic patterns, by `\\k`, which `syntax iskeyword` says."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        signs = vocabulary.word_signs
        self.joined_digits = rf"\%(\%({_OR_IN_VIM.join(map(vim_literal, signs))}\)\d\+\)*" if signs else ""
        """What a number goes on with, as in a date."""

    def word(self, text: str) -> str:
        """`text` where it is no part of a longer word."""
        before, after = self._vocabulary.bounded(text)
        left, right = r"\k\@1<!" if before else "", r"\k\@!" if after else ""
        return f"{left}{vim_literal(text)}{right}"

    def any_word(self, texts: Iterable[str]) -> str:
        """Any of `texts` where it is no part of a longer word."""
        texts = tuple(texts)
        if texts and all(self._vocabulary.bounded(text) == (True, True) for text in texts):
            return rf"\k\@1<!\%({_OR_IN_VIM.join(map(vim_literal, texts))}\)\k\@!"
        return rf"\%({_OR_IN_VIM.join(map(self.word, texts))}\)"
