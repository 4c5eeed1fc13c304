"""The wait after a key stroke, for slow and quick typists and servers."""

from __future__ import annotations

import pytest

from lsp.pace import LONGEST_WAIT_S, Pace


@pytest.mark.parametrize(
    ("gap_s", "answer_s", "wait_s"),
    [
        pytest.param(0.2, 0.05, 0.0, id="the server is quicker than the next key"),
        pytest.param(0.1, 0.5, 0.12, id="the server is slower: a pause is waited for"),
        pytest.param(0.3, 2.0, LONGEST_WAIT_S, id="but not for long"),
    ],
)
def test_the_wait_follows_rhythm_and_speed(gap_s: float, answer_s: float, wait_s: float) -> None:
    now_s = 0.0
    pace = Pace(lambda: now_s)
    for _ in range(50):
        pace.key()
        pace.answered(answer_s)
        now_s += gap_s
    assert pace.wait_s == pytest.approx(wait_s, abs=0.005)


def test_thinking_is_no_rhythm() -> None:
    now_s = 0.0
    pace = Pace(lambda: now_s)
    pace.answered(0.5)
    before_s = pace.wait_s
    for _ in range(20):
        pace.key()
        now_s += 30.0
    assert pace.wait_s == before_s
