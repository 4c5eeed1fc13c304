"""What `vernacular languages new` writes: a language file with a comment on every key, and fixtures to fill in."""

from __future__ import annotations

from pathlib import Path

from core.errors import ConfigError
from core.files import write_atomically
from evaluation.language_check import EXPECTED

TEMPLATE = """\
# Where this file lies: in a folder named with --languages, or in ~/.config/vernacular/languages.
# `vernacular languages check {name}` runs the programs in fixtures/{name}/ and says what does not fit.
name: {name}
display_name: {display}
extensions: [.{ending}]
# Whole file names, such as Makefile:
# file_names: []
# What editors call the language (LSP languageId, Neovim's file type), where that is not its name:
# editor_ids: []
line_comments: ["#"]
# block_comments:
#   - {{open: "/*", close: "*/"}}
# Keywords that open a top-level definition:
definition_keywords: []
# The tree-sitter grammar, where there is a wheel of it:
# grammar:
#   package: tree-sitter-{name}
#   module: tree_sitter_{name}
# What editors need beside: `vernacular languages editor-support {name}` (docs/new-language.md describes each key).
# syntax:
#   keywords: [if, else, while, return]
#   constants: ["true", "false"]
#   strings: [{{open: '"', close: '"'}}]
#   indentation: {{width: 2, opens_last: [then], closes_first: [end]}}
# A sentence or two for prompts: what someone who knows other languages gets wrong in this one.
note: ""
# How a program is run. Without this part the language completes, but cannot be benchmarked.
# execution:
#   file: main.{ending}
#   # Compiles or checks without running; leave it out where there is no such command.
#   check: [{name}c, --check, main.{ending}]
#   run: [{name}, main.{ending}]
#   # Stands behind the program's last line, and prints the word that {{mark}} is replaced by.
#   mark: print("{{mark}}")
#   install: apt-get install --yes {name}
#   # What its messages mean: which failures are syntactic. Without this, those of `check` are.
#   diagnostics:
#     messages: ['^error: (syntax error|type error).*']
#     syntactic: ['syntax error']
#   # For a compiler that is slow to start: a process that reads programs line by line (core/languages.py, Compiler).
#   # made: [main.out]
#   # compiler:
#   #   start: [{name}c, --serve]
#   #   probe: ""
# How values, types, calls and checks are written, for `vernacular benchmarks translate`: core/translation.py says what
# there is, and languages/lua.yaml and languages/moonbit.yaml are examples without and with types.
# translation:
#   ...
# How your own tests are recognised, for `vernacular benchmarks from-code` (core/own_tests.py):
# tests:
#   blocks:
#     - {{begins: '^test (?P<name>\\w+) .*', run: "{{block}}"}}
#   files: ["{{stem}}_test.{ending}"]
"""
PURPOSES = {
    "passes": "checks something that is true, and ends",
    "fails": "checks something that is false, and so ends with an error",
    "syntax_error": "is no program of the language",
    "never_ends": "repeats for ever",
}


def write_language(name: str, folder: Path) -> list[Path]:
    """Write `NAME.yaml` and its fixtures into `folder`; return the paths. Raises `ConfigError` for one that exists."""
    ending = name[:8]
    file = folder / f"{name}.yaml"
    files = {file: TEMPLATE.format(name=name, display=name.capitalize(), ending=ending)}
    for fixture in EXPECTED:
        text = f"# To be written: a program that {PURPOSES[fixture]}.\n"
        files[folder / "fixtures" / name / f"{fixture}.{ending}"] = text
    for path in files:
        if path.exists():
            raise ConfigError(f"{path}: is there already; choose another name, or delete it")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
    return list(files)
