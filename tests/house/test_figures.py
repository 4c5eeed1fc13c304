"""The documentation shows what the benchmarks last measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.figures import DOCUMENTS, filled


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.parent.name + "/" + path.name)
def test_figures_are_the_measured_ones(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert "<!-- figures: " in text
    assert filled(text) == text, "run `python -m benchmarks.figures`"


def test_a_figure_typed_by_hand_is_overwritten() -> None:
    text = "before\n<!-- figures: start -->\n| 1 ms |\n<!-- end -->\nafter\n"
    assert "| 1 ms |" not in filled(text)
    assert filled(text).startswith("before\n<!-- figures: start -->\n|")
    assert filled(text).endswith("<!-- end -->\nafter\n")
