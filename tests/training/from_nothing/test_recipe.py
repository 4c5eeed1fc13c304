"""A wrong recipe gives one clear line; the one in the repository is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import RecipeError
from training.from_nothing.recipe import CorpusStage, SourceGroup, load_recipe
from training.from_nothing.runner import run_recipe

EMBEDDED = Path(__file__).parents[3] / "training" / "recipes" / "embedded.yaml"


def test_the_embedded_recipe_is_valid() -> None:
    recipe = load_recipe(EMBEDDED)
    assert recipe.pretrain.model.max_positions >= 2048
    held_out = {group.language: group.held_out for group in recipe.corpus.sources}
    assert held_out["moonbit"]
    assert held_out["python"]


@pytest.mark.parametrize(
    ("wrong", "right", "expected"),
    [
        ("fim_rat:", "fim_rate:", "fim_rate"),
        ("hiddn:", "hidden:", "hidden"),
        ("seeed:", "seed:", "seed"),
    ],
)
def test_a_misspelt_key_names_file_line_and_the_nearest(tmp_path: Path, wrong: str, right: str, expected: str) -> None:
    text = EMBEDDED.read_text()
    line = text[: text.index(right)].count("\n") + 1
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace(right, wrong, 1))
    with pytest.raises(RecipeError) as caught:
        load_recipe(broken)
    message = str(caught.value)
    assert "\n" not in message
    assert f"{broken}:{line}:" in message
    assert expected in message


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("hidden: 256", "hidden: 250", "heads"),
        ("fim_rate: 0.6", "fim_rate: 1.6", "fim_rate"),
        ("lodash==", "lodash=", "exact version"),
        ("held_out: [httpx,", "held_out: [httpxx,", "httpxx"),
    ],
)
def test_a_wrong_value_gives_one_line(tmp_path: Path, before: str, after: str, word: Any) -> None:
    broken = tmp_path / "broken.yaml"
    text = EMBEDDED.read_text()
    assert before in text
    broken.write_text(text.replace(before, after, 1))
    with pytest.raises(RecipeError) as caught:
        load_recipe(broken)
    assert "\n" not in str(caught.value)
    assert word in str(caught.value)


def test_an_unknown_stage_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="corpus, pretrain"):
        run_recipe(EMBEDDED, tmp_path / "out", tmp_path / "cache", until="transfer")
    assert not (tmp_path / "cache").exists()


def test_every_field_is_described() -> None:
    for model in (SourceGroup, CorpusStage):
        assert all(field.description for field in model.model_fields.values())
