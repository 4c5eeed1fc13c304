"""Every bad file gets its own one-line message, with file, line, key and what would be right."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, field_validator

from core.errors import ConfigError, RecipeError
from core.languages import LanguageSpec
from core.yaml import load_yaml_model, parse_yaml_model


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Corpus(Strict):
    kind: Literal["corpus"]
    sources: tuple[str, ...] = ()


class Pretrain(Strict):
    kind: Literal["pretrain"]
    learning_rate: float = Field(default=0.1, gt=0, description="step size")
    steps: int = 10
    optimiser: Literal["muon", "adamw"] = "adamw"


class Recipe(Strict):
    name: str = Field(description="what to call it", min_length=1)
    seed: int = 0
    fast: bool = False
    colour: Colour = Colour.RED
    best: Pretrain | None = None
    stages: tuple[Annotated[Corpus | Pretrain, Field(discriminator="kind")], ...] = ()
    weights: dict[str, float] = Field(default_factory=dict)
    pair: int | str = 0

    @field_validator("seed")
    @classmethod
    def _not_thirteen(cls, value: int) -> int:
        if value == 13:
            raise ValueError("13 is unlucky; take another number")
        return value


def message(text: str) -> str:
    with pytest.raises(RecipeError) as caught:
        parse_yaml_model(text, "r.yaml", Recipe, RecipeError)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_good_file_is_read_whole() -> None:
    recipe = parse_yaml_model(
        "name: 'no'\n"
        "fast: true\n"
        "colour: green\n"
        "best: &shared {kind: pretrain, learning_rate: 1e-3, steps: 200_000}\n"
        "stages:\n- kind: corpus\n  sources: [on, 'off']\n- *shared\n"
        "weights: {1: .5, no: 2}\n",
        "r.yaml",
        Recipe,
    )
    best = Pretrain(kind="pretrain", learning_rate=0.001, steps=200_000)
    assert recipe == Recipe(
        name="no",
        fast=True,
        colour=Colour.GREEN,
        best=best,
        stages=(Corpus(kind="corpus", sources=("on", "off")), best),
        weights={"1": 0.5, "no": 2.0},
    )


KEYS = "name, seed, fast, colour, best, stages, weights, pair"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: a\nsede: 1\n", "r.yaml:2: key 'sede': unknown key (did you mean 'seed'?)"),
        ("name: a\nzzzzz: 1\n", f"r.yaml:2: key 'zzzzz': unknown key; known keys: {KEYS}"),
        ("\nseed: 1\n", "r.yaml:2: key 'name': missing; add it (what to call it)"),
        ("name: 3\n", "r.yaml:1: key 'name': 3 is a whole number; it must be text, such as \"3\""),
        ("name: true\n", "r.yaml:1: key 'name': true is true or false; it must be text, such as \"true\""),
        ("name:\n", "r.yaml:1: key 'name': null is nothing; it must be text"),
        ("name: ''\n", "r.yaml:1: key 'name': \"\" is empty; it must not be"),
        ("name: a\nseed: '3'\n", "r.yaml:2: key 'seed': \"3\" is text; it must be a whole number"),
        ("name: a\nseed: 3.5\n", "r.yaml:2: key 'seed': 3.5 is a number; it must be a whole number"),
        ("name: a\nseed: 13\n", "r.yaml:2: key 'seed': 13 is unlucky; take another number"),
        ("name: a\nfast: yes\n", "r.yaml:2: key 'fast': \"yes\" is text; it must be true or false"),
        ("name: a\nstages: 1\n", "r.yaml:2: key 'stages': 1 is a whole number; it must be a list"),
        ("name: a\nbest: 1\n", "r.yaml:2: key 'best': 1 is a whole number; it must be a mapping of keys"),
        (
            "name: a\ncolour: grean\n",
            "r.yaml:2: key 'colour': \"grean\" is not allowed; it must be 'red' or 'green' (did you mean 'green'?)",
        ),
        (
            "name: a\nbest:\n  kind: pretrain\n  learning_rat: 1\n",
            "r.yaml:4: key 'best.learning_rat': unknown key (did you mean 'learning_rate'?)",
        ),
        (
            "name: a\nbest:\n  kind: pretrain\n  learning_rate: -1\n",
            "r.yaml:4: key 'best.learning_rate': -1 is not allowed; it must be greater than 0",
        ),
        (
            "name: a\nstages:\n- kind: corpus\n- kind: pretrain\n  stesp: 2\n",
            "r.yaml:5: key 'stages[1].stesp': unknown key (did you mean 'steps'?)",
        ),
        (
            "name: a\nstages:\n- kind: pretrain\n  optimiser: muo\n",
            (
                "r.yaml:4: key 'stages[0].optimiser': \"muo\" is not allowed; it must be 'muon' or 'adamw'"
                " (did you mean 'muon'?)"
            ),
        ),
        (
            "name: a\nstages:\n- kind: prune\n",
            (
                "r.yaml:3: key 'stages[0]': {\"kind\": \"prune\"} has the unknown kind 'prune';"
                " it must be one of 'corpus', 'pretrain'"
            ),
        ),
        (
            "name: a\nstages:\n- sources: [a]\n",
            "r.yaml:3: key 'stages[0]': {\"sources\": [\"a\"]} does not say its kind; add the key 'kind'",
        ),
        ("name: a\nname: b\n", "r.yaml:2: key 'name': given twice, first in line 1; keep one of the two"),
        ("name: a\nweights: {a: 1, b: x}\n", "r.yaml:2: key 'weights.b': \"x\" is text; it must be a number"),
        (
            "name: a\nsede: 1\ncolor: 2\nfast: 3\n",
            ("r.yaml:2: key 'sede': unknown key (did you mean 'seed'?) (and 2 more)"),
        ),
        ("", f"r.yaml:1: the file is empty; it must hold the keys {KEYS}"),
        ("# only a comment\n", f"r.yaml:1: the file is empty; it must hold the keys {KEYS}"),
        ("\n- a\n- b\n", f"r.yaml:2: the file is no mapping; it must hold the keys {KEYS}"),
        (
            "name: [a\n",
            (
                "r.yaml:2: this is no YAML (expected ',' or ']', but got '<stream end>' while parsing a flow sequence);"
                " check indentation, colons and quotes here"
            ),
        ),
        (
            "name: a\nbest:\n\tkind: 1\n",
            (
                "r.yaml:3: this is no YAML (found character '\\t' that cannot start any token"
                " while scanning for the next token);"
                " indent with spaces, not tabs"
            ),
        ),
        ("name: a\n\x07: 1\n", "r.yaml:2: character U+0007 is not allowed in YAML; remove it"),
        ("name: !env HOME\n", "r.yaml:1: key 'name': the tag '!env' is not known; leave it out"),
        ("name: a\nbest: &b\n  c: *b\n", "r.yaml:2: key 'best.c': an alias contains itself; write the value out"),
        ("name: a\n? [x]\n: 1\n", "r.yaml:2: a key is a list or a mapping; a key must be text"),
        ("name: a\nseed: .nan\n", "r.yaml:2: key 'seed': NaN is a number; it must be a whole number"),
    ],
)
def test_each_mistake_has_its_message(text: str, expected: str) -> None:
    assert message(text) == expected


def test_aliases_cannot_blow_the_file_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "holds more than 100000 values; use fewer aliases" in message("\n".join(lines))


def test_deep_nesting_is_refused_in_one_line() -> None:
    assert "nested too deeply" in message("name: " + "[" * 5000 + "]" * 5000)


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "lua.yaml").write_text("")
    with pytest.raises(RecipeError, match=r"lau\.yaml: no such file \(did you mean 'lua\.yaml'\?\)$"):
        load_yaml_model(tmp_path / "lau.yaml", Recipe, RecipeError)
    with pytest.raises(ConfigError, match=r"x/y\.yaml: no such file; check the path$"):
        load_yaml_model(tmp_path / "x" / "y.yaml", Recipe)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"cannot be read \(is a directory\); a readable file is needed$"):
        load_yaml_model(tmp_path, Recipe, RecipeError)


def test_bytes_that_are_no_utf8_are_placed(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(b"name: a\n# caf\xe9\n")
    with pytest.raises(RecipeError, match=r"r\.yaml:2: byte 0xe9 is not UTF-8; save the file as UTF-8$"):
        load_yaml_model(path, Recipe, RecipeError)


def test_a_byte_order_mark_and_crlf_are_read(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: a\r\nseed: 4\r\n")
    assert load_yaml_model(path, Recipe, RecipeError) == Recipe(name="a", seed=4)


@given(st.text(max_size=200))
def test_any_text_gives_a_recipe_or_one_line(text: str) -> None:
    try:
        parse_yaml_model(text, "r.yaml", Recipe, RecipeError)
    except RecipeError as error:
        assert str(error).startswith("r.yaml:")
        assert "\n" not in str(error)


@given(st.text(alphabet="-+.:0123456789eE_xoainf~ \n#[]{}&*!|>'\"", max_size=40))
def test_any_scalar_gives_a_recipe_or_one_line(text: str) -> None:
    try:
        parse_yaml_model(f"name: {text}\n", "r.yaml", Recipe, RecipeError)
    except RecipeError as error:
        assert "\n" not in str(error)


def test_a_number_beyond_pythons_limit_is_one_line() -> None:
    with pytest.raises(ConfigError, match=r"f:1: key 'name': a number of 5000 digits"):
        parse_yaml_model("name: " + "9" * 5000, "f", LanguageSpec)
