"""What docs/corpus.md says is so: its example is a right file, and it names every word for why a file is dropped."""

from __future__ import annotations

import re
from pathlib import Path

from core.errors import RecipeError
from core.yaml import parse_yaml_model
from training.corpora.card import REASONS
from training.corpora.settings import CorpusSettings

TEXT = (Path(__file__).parents[3] / "docs" / "corpus.md").read_text(encoding="utf-8")


def test_the_example_is_a_right_file() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    settings = parse_yaml_model(example, "corpus.yaml", CorpusSettings, RecipeError)
    assert [source.group_depth for source in settings.sources] == [1, 0, 0, 1]


def test_every_reason_is_named() -> None:
    named = set(re.findall(r"`([a-z_]+)`", TEXT))
    assert set(REASONS) - {"breaks_its_reader"} <= named
