"""The built-in language files: complete, consistent, and honest about their grammars."""

from __future__ import annotations

import importlib
import importlib.util

import pytest

from core.language_files import load_languages
from core.languages import LanguageSpec

LANGUAGES = [language.spec for language in load_languages([], {}).languages]
PROGRAMMING = [spec for spec in LANGUAGES if spec.name != "text"]


def test_the_built_in_languages() -> None:
    assert [spec.name for spec in LANGUAGES] == ["lua", "moonbit", "python", "text"]


@pytest.mark.parametrize("spec", PROGRAMMING, ids=lambda spec: spec.name)
def test_a_programming_language_is_complete(spec: LanguageSpec) -> None:
    assert spec.extensions
    assert spec.line_comments
    assert spec.definition_keywords
    assert spec.grammar
    assert 20 <= len(spec.note) <= 400


@pytest.mark.parametrize("spec", PROGRAMMING, ids=lambda spec: spec.name)
def test_the_grammar_is_where_the_file_says(spec: LanguageSpec) -> None:
    assert spec.grammar
    if importlib.util.find_spec(spec.grammar.module) is None:
        pytest.skip(f"{spec.grammar.package} is not installed")
    assert getattr(importlib.import_module(spec.grammar.module), spec.grammar.function)()
