"""`models.yaml`: what it means, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from server.registry.models_file import ModelsFile, parse_models_file, read_models_file

GOOD = """
models:
  house:
    checkpoint: ./house-7b
    adapters: {levy: adapters/levy}
  small: {embedded: true}
default: small
languages: {levy: house/levy}
canaries:
  lua: {candidate: house, share: 0.25}
"""


def parsed(text: str) -> ModelsFile:
    return parse_models_file(text, Path("/srv/models.yaml"))


def test_targets_and_folders_relative_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "models.yaml"
    path.write_text(GOOD)
    file = read_models_file(path)
    assert file.targets == ("house", "house/levy", "small")
    assert file.first == "small"
    assert file.models["house"].checkpoint == str(tmp_path / "house-7b")
    assert file.models["house"].adapters == {"levy": tmp_path / "adapters" / "levy"}


def test_a_hub_id_stays_what_it_is() -> None:
    file = parsed("models: {coder: {checkpoint: Qwen/Qwen2.5-Coder-1.5B}}")
    assert file.models["coder"].checkpoint == "Qwen/Qwen2.5-Coder-1.5B"
    assert file.first == "coder"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("models: {}", "models"),
        ("models: {a: {embedded: true}}\nlanguages: {levy: b}", "languages.levy names 'b', which is no model here"),
        (GOOD.replace("house/levy", "house/levi"), "did you mean 'house/levy'"),
        (GOOD.replace("candidate: house", "candidate: nope"), "canaries.lua.candidate names 'nope'"),
        ("models: {a: {}}", "give either checkpoint or embedded: true"),
        ("models: {a: {embedded: true, checkpoint: x}}", "give either checkpoint or embedded: true"),
        ("models: {a: {embedded: true, slot: 3}}", "did you mean 'slots'"),
        ("models: {../etc: {embedded: true}}", "models"),
        (GOOD.replace("0.25", "0.9"), "share"),
    ],
)
def test_a_wrong_file_is_one_line_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        parsed(text)
    assert message in str(error.value)
    assert str(error.value).startswith("/srv/models.yaml:")
    assert "\n" not in str(error.value)
