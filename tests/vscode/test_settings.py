"""The extension's `package.json` against what it describes: settings of the language server, project, languages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from core.language_files import load_languages
from lsp.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "editor-extensions" / "vscode"
MANIFEST = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
CONTRIBUTED = MANIFEST["contributes"]
DECLARED: dict[str, dict[str, Any]] = {
    name.removeprefix("vernacular."): schema
    for group in CONTRIBUTED["configuration"]
    for name, schema in group["properties"].items()
}
OWN = {
    "languages",
    "trigger",
    "languageServer.path",
    "languageServer.python",
    "languageServer.languageFolders",
    "languageServer.logLevel",
    "trace.server",
}
"""Settings of the extension itself."""
NOT_FOR_VS_CODE = {"completion_items"}
"""Settings for editors without ghost text."""
SCHEMAS: dict[str, dict[str, Any]] = Settings.model_json_schema()["properties"]


def snake_case(name: str) -> str:
    """`fooBarMs` as the language server spells it."""
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)


SHARED = sorted(name for name in DECLARED if name not in OWN)


def test_every_setting_of_the_language_server_is_there_and_no_other() -> None:
    assert {snake_case(name) for name in SHARED} == set(SCHEMAS) - NOT_FOR_VS_CODE


@pytest.mark.parametrize("name", SHARED)
def test_a_setting_takes_what_the_language_server_takes(name: str) -> None:
    ours, theirs = flat(DECLARED[name]), flat(SCHEMAS[snake_case(name)])
    assert ours == theirs


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_a_setting_is_described(name: str) -> None:
    schema = DECLARED[name]
    assert schema["markdownDescription"].endswith((".", ")"))
    assert len(schema.get("enumDescriptions", ())) in (0, len(schema.get("enum", ())))
    assert "default" in schema


def test_no_setting_is_there_twice() -> None:
    names = [name for group in CONTRIBUTED["configuration"] for name in group["properties"]]
    assert len(names) == len(set(names))


def test_what_runs_programs_or_sends_code_is_no_business_of_an_untrusted_folder() -> None:
    untrusted = MANIFEST["capabilities"]["untrustedWorkspaces"]
    assert untrusted["supported"] == "limited"  # to say that it does nothing there
    of_the_machine = {f"vernacular.{name}" for name, schema in DECLARED.items() if "machine" in schema.get("scope", "")}
    assert set(untrusted["restrictedConfigurations"]) == of_the_machine
    assert all("enablement" in command for command in CONTRIBUTED["commands"])
    assert MANIFEST["extensionKind"] == ["workspace"]
    assert "enabledApiProposals" not in MANIFEST


def test_the_languages_are_those_that_the_project_describes() -> None:
    specs = [language.spec for language in load_languages((), {}).languages]
    known = {name for spec in specs for name in (spec.name, *spec.editor_ids)}
    assert set(DECLARED["languages"]["default"]) == known


def test_the_version_is_the_project_s() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{MANIFEST["version"]}"' in project
    assert f"## {MANIFEST['version']}\n" in (EXTENSION / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_command_that_is_named_is_contributed() -> None:
    commands = {each["command"] for each in CONTRIBUTED["commands"]}
    walkthrough = json.dumps(CONTRIBUTED["walkthroughs"]) + json.dumps(CONTRIBUTED["configuration"])
    named = set(re.findall(r"command:(vernacular\.\w+)", walkthrough, re.ASCII))
    named |= {each["command"] for each in CONTRIBUTED["keybindings"]}
    named |= {each["command"] for menu in CONTRIBUTED["menus"].values() for each in menu}
    assert named <= commands


def test_every_key_says_when() -> None:
    keys = CONTRIBUTED["keybindings"]
    assert all("vernacular." in each["when"] for each in keys)
    assert not [each for each in keys if "tab" in each["key"].split("+")]


def test_the_pictures_of_the_walkthrough_are_there() -> None:
    media = [step["media"] for walk in CONTRIBUTED["walkthroughs"] for step in walk["steps"]]
    files = [each.get("image") or each["markdown"] for each in media]
    assert files
    assert not [file for file in [*files, MANIFEST["icon"]] if not (EXTENSION / file).is_file()]


def flat(schema: dict[str, Any]) -> dict[str, Any]:
    """What a JSON schema takes, whichever way it was written: types, choices, limits, default."""
    parts = [schema, *schema.get("anyOf", ())]
    types: set[str] = set()
    for part in parts:
        kind = part.get("type", ())
        types |= {kind} if isinstance(kind, str) else set(kind)
    choices = {choice for part in parts for choice in (*part.get("enum", ()), *const(part))}
    limits = {key: value for part in parts for key, value in part.items() if key in LIMITS}
    return {"types": types, "choices": choices, "limits": limits, "default": schema.get("default")}


LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def const(part: dict[str, Any]) -> list[str]:
    """The one text that a part takes: `const`, or a pattern that matches nothing else."""
    exact = re.fullmatch(r"\^(\w+)\$", part.get("pattern", ""))
    return [part["const"]] if "const" in part else [exact[1]] if exact else []
