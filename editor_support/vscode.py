"""A VS Code extension that contributes a language: its manifest, its configuration, its TextMate grammar. Pure.

It holds no code, so it runs in untrusted work spaces, on remote hosts and in VS Code for the web alike.
"""

from __future__ import annotations

import json
from typing import Any

from core.languages import BlockComment
from core.syntax import StringDelimiters
from editor_support.patterns import CodePatterns, WordPatterns, literal, one_of
from editor_support.textmate import textmate_grammar
from editor_support.texts import vscode_readme
from editor_support.vocabulary import Vocabulary

PUBLISHER = "vernacular-languages"
VERSION = "1.0.0"
_OLDEST = "1.75.0"
"""Of VS Code: January 2023, from when on languages need no activation events."""
_SEPARATORS = "`~!@#$%^&*()-=+[{]}\\|;:'\",.<>/?"
"""What ends a word in VS Code, whatever a language's word pattern says, when one moves or deletes by words."""
_NEVER = "(?!)"

Json = dict[str, Any]


def vscode_files(vocabulary: Vocabulary) -> dict[str, str]:
    """The extension's folder: contents by path."""
    slug = vocabulary.slug
    return {
        "package.json": _json(package(vocabulary)),
        "language-configuration.json": _json(language_configuration(vocabulary)),
        f"syntaxes/{slug}.tmLanguage.json": _json(textmate_grammar(vocabulary)),
        "README.md": vscode_readme(vocabulary),
    }


def package(vocabulary: Vocabulary) -> Json:
    """The extension's manifest."""
    spec, slug = vocabulary.spec, vocabulary.slug
    indentation = spec.syntax.indentation
    language = {
        "id": spec.name,
        "aliases": [spec.display_name, spec.name],
        "extensions": list(spec.extensions),
        "filenames": list(spec.file_names),
        "configuration": "./language-configuration.json",
    }
    grammar = {"language": spec.name, "scopeName": f"source.{slug}", "path": f"./syntaxes/{slug}.tmLanguage.json"}
    editor: Json = {"editor.tabSize": indentation.width, "editor.insertSpaces": not indentation.tabs}
    if vocabulary.word_signs:
        editor["editor.wordSeparators"] = "".join(sign for sign in _SEPARATORS if sign not in vocabulary.word_signs)
    return {
        "name": f"{slug}-language",
        "displayName": spec.display_name,
        "description": f"Files, colours, comments and indentation of {spec.display_name}",
        "version": VERSION,
        "publisher": PUBLISHER,
        "license": "UNLICENSED",
        "engines": {"vscode": f"^{_OLDEST}"},
        "categories": ["Programming Languages"],
        "files": ["language-configuration.json", "syntaxes"],
        "scripts": {"package": "vsce package --allow-missing-repository --skip-license"},
        "contributes": {
            "languages": [{key: value for key, value in language.items() if value}],
            "grammars": [grammar],
            "configurationDefaults": {f"[{spec.name}]": editor},
        },
    }


def language_configuration(vocabulary: Vocabulary) -> Json:
    """Comments, brackets, pairs, words and indentation."""
    spec = vocabulary.spec
    comments: Json = {}
    if spec.line_comments:
        comments["lineComment"] = spec.line_comments[0]
    if spec.block_comments:
        comments["blockComment"] = [spec.block_comments[0].open, spec.block_comments[0].close]
    brackets = [[pair.open, pair.close] for pair in spec.syntax.brackets]
    strings = [[each.open, each.close] for each in _paired_strings(vocabulary)]
    written: Json = {
        "comments": comments,
        "brackets": brackets,
        "autoClosingPairs": [
            *({"open": one, "close": other} for one, other in brackets),
            *({"open": one, "close": other, "notIn": ["string", "comment"]} for one, other in strings),
            *(
                {"open": each.open, "close": f" {each.close}", "notIn": ["string", "comment"]}
                for each in _paired_comments(vocabulary)
            ),
        ],
        "surroundingPairs": [*brackets, *(pair for pair in strings if len(pair[0]) == 1)],
        "wordPattern": {"pattern": f"{WordPatterns(vocabulary).name}|\\d[\\p{{N}}._]*", "flags": "u"},
        "indentationRules": indentation_rules(vocabulary),
    }
    if rules := _on_enter(vocabulary):
        written["onEnterRules"] = rules
    return {key: value for key, value in written.items() if value}


def indentation_rules(vocabulary: Vocabulary) -> Json:
    """After which lines a level begins, and which lines stand a level less deep."""
    said = vocabulary.spec.syntax.indentation
    code = CodePatterns(vocabulary)
    closers = code.words.any_word(said.closes_first) if said.closes_first else ""
    closed_later = f"(?!{code.some}{closers})" if closers else ""
    done = f"(?!{code.some}{one_of(said.ends_last)}{code.end})" if said.ends_last else ""
    increase = [
        f"{code.some}{literal(pair.open)}(?!{code.some}{literal(pair.close)})"
        for pair in vocabulary.spec.syntax.brackets
    ]
    if said.opens_first:
        increase.append(f"\\s*{code.words.any_word(said.opens_first)}{closed_later}{done}")
    if said.opens_anywhere:
        increase.append(f"{code.some}{code.words.any_word(said.opens_anywhere)}{closed_later}{done}")
    if said.opens_last:
        increase.append(f"{code.some}{code.words.any_word(said.opens_last)}{code.end}")
    brackets = [pair.close for pair in vocabulary.spec.syntax.brackets]
    decrease = [*([one_of(brackets)] if brackets else []), *([closers] if closers else [])]
    return {
        "increaseIndentPattern": _any_case(vocabulary, f"^(?:{'|'.join(increase)})" if increase else _NEVER),
        "decreaseIndentPattern": _any_case(vocabulary, f"^\\s*(?:{'|'.join(decrease)})" if decrease else _NEVER),
    }


def _on_enter(vocabulary: Vocabulary) -> list[Json]:
    rules: list[Json] = []
    if mark := vocabulary.documentation_comment:
        action = {"indent": "none", "appendText": f"{mark} "}
        rules.append({"beforeText": f"^\\s*{literal(mark)}\\s*\\S", "action": action})
    if ends := vocabulary.spec.syntax.indentation.ends_last:
        code = CodePatterns(vocabulary)
        before = f"^\\s+{code.some}{one_of(ends)}{code.end}"
        rules.append({"beforeText": before, "action": {"indent": "none", "removeText": 1000}})
    return rules


def _paired_strings(vocabulary: Vocabulary) -> list[StringDelimiters]:
    """Strings whose closing the editor may type ahead: by quotes, not by words."""
    return [each for each in vocabulary.spec.syntax.strings if not each.open[-1].isalnum()]


def _paired_comments(vocabulary: Vocabulary) -> list[BlockComment]:
    """Block comments that are no beginning of a line comment: `--[[` is typed by way of `--`, where all is comment."""
    return [each for each in vocabulary.spec.block_comments if not each.open.startswith(vocabulary.spec.line_comments)]


def _any_case(vocabulary: Vocabulary, pattern: str) -> Any:
    return pattern if vocabulary.spec.syntax.case_sensitive else {"pattern": pattern, "flags": "i"}


def _json(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
