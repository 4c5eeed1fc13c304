"""VS Code's own tokeniser and JavaScript's regular expressions, on generated files."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.language_files import load_languages
from core.languages import LanguageSpec

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).parent / "textmate"
BREW = """\
name: brew
display_name: Brew
extensions: [.brew, .recipe.brew]
file_names: [Brewfile]
line_comments: [REM, "--"]
block_comments:
  - {open: "{*", close: "*}", nested: true}
  - {open: "--[[", close: "]]"}
definition_keywords: [BREW]
syntax:
  keywords: [contains, HEAT, "set!", "a.b", "=>"]
  constants: [BOILING]
  functions: [stir]
  case_sensitive: false
  word_signs: ["!", "?", "-"]
  strings:
    - {open: "'", close: "'", escape: null}
    - {open: "^(", close: ")$", escape: "~", multiline: true}
  indentation:
    width: 3
    opens_first: [ELSE]
    opens_last: [DO, "=>"]
    opens_anywhere: [recipe]
    closes_first: [END, ELSE]
"""
"""A language whose comments, strings and words are full of what regular expressions take for their own."""


@pytest.fixture(scope="session")
def modules() -> str:
    """The folder of the tokeniser, which `scripts/install-textmate.sh` prints; skips where there is no node."""
    found = subprocess.run([ROOT / "scripts" / "install-textmate.sh"], capture_output=True, text=True, check=False)
    if found.returncode == 0 and not found.stdout:
        pytest.skip(found.stderr.strip())
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


@pytest.fixture
def levy() -> LanguageSpec:
    """The example language."""
    return load_languages([ROOT / "examples" / "levy" / "languages"], {}).named("levy")


@pytest.fixture
def brew(tmp_path: Path) -> LanguageSpec:
    """The odd language."""
    (tmp_path / "brew.yaml").write_text(BREW)
    return load_languages([tmp_path], {}).named("brew")


def node(script: str, *arguments: str | Path, text: str) -> list[Any]:
    """What a script says of each line of `text`."""
    command = ["node", str(SCRIPTS / script), *map(str, arguments)]
    answer = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


@pytest.fixture
def tokenised(modules: str, tmp_path: Path) -> Callable[[dict[str, Any], str], list[dict[str, str]]]:
    """By a grammar: for each line of a text its tokens with their innermost scope, as `keyword.control`; the rest is
    left out."""

    def tokenise(grammar: dict[str, Any], text: str) -> list[dict[str, str]]:
        file = tmp_path / "grammar.json"
        file.write_text(json.dumps(grammar))
        ending = "." + grammar["scopeName"].rpartition(".")[2]
        lines = node("tokenise.mjs", modules, file, text=text)
        return [{token: scopes[-1].removesuffix(ending) for token, scopes in line if scopes} for line in lines]

    return tokenise


@pytest.fixture
def applied(modules: str, tmp_path: Path) -> Callable[[dict[str, Any], str], list[Any]]:
    """By a language configuration: for each line of a text what `configuration.mjs` says."""

    def apply(configuration: dict[str, Any], text: str) -> list[Any]:
        file = tmp_path / "configuration.json"
        file.write_text(json.dumps(configuration))
        return node("configuration.mjs", file, text=text)

    return apply
