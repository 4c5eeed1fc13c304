"""The goals of the typing benchmark, judged on records whose numbers are known."""

from __future__ import annotations

from benchmarks.typing import BASE, FEATURES, by_feature, conditions, features, verdicts
from evaluation.replay.person import Verdict
from evaluation.replay.records import FileRecord, Moment, Usage
from lsp.settings import Settings


def records(saved: int, right_ms: float, computed: int) -> list[FileRecord]:
    return [
        FileRecord(
            file=str(number),
            language="lua",
            finished=True,
            characters=100,
            saved=saved + number % 3,
            strokes=90,
            taking_strokes=3,
            seconds=20,
            verdicts={Verdict.WHOLE: 3},
            usage=Usage(sent=10, prompt_tokens=1000, computed_tokens=computed, generated_tokens=10),
            moments=tuple(Moment(place=str(place), any_ms=right_ms, right_ms=right_ms) for place in range(20)),
        )
        for number in range(8)
    ]


def test_goals_are_judged_against_each_peer() -> None:
    lines = verdicts(
        {
            "model, vscode": records(30, 40, 200),
            "naive, vLLM": records(20, 100, 1000),
            "llama.vim, llama.cpp": records(25, 60, 300),
        }
    )
    said = {line.rpartition(": ")[0]: line.rpartition(": ")[2] for line in lines}
    assert len(said) == 10
    assert [verdict for line, verdict in said.items() if "naive" in line] == ["reached"] * 6
    llama = {line: verdict for line, verdict in said.items() if "llama" in line}
    assert [verdict for line, verdict in llama.items() if "p50: " in line] == ["missed"] * 2  # 40 of 60 ms
    assert [verdict for line, verdict in llama.items() if "p95: " in line] == ["reached"] * 2


def test_no_lead_is_no_goal_reached() -> None:
    same = records(20, 100, 1000)
    lines = verdicts({"both, neovim": same, "model, neovim": same, "lines, neovim": same, "naive, vLLM": same})
    assert lines
    assert all(line.endswith("missed") for line in lines)


def test_a_feature_is_one_setting_of_the_defaults() -> None:
    sides = features()
    assert list(sides) == [BASE, *FEATURES]
    defaults = Settings().model_dump()
    for name, side in sides.items():
        settings = Settings.model_validate(side.settings).model_dump()
        assert sum(settings[key] != defaults[key] for key in settings) == (name != BASE)


def test_what_a_setting_changes_is_said_beside_the_defaults() -> None:
    (line,) = by_feature({BASE: records(20, 100, 1000), "not asking early": records(15, 150, 1000)})
    assert line.startswith("not asking early: characters saved -5.0%")
    assert "right, p50 +50 ms" in line


def test_every_proposer_is_typed_before_in_both_editors_beside_both_peers() -> None:
    sides = conditions("embedded-spm")
    assert len(sides) == 11
    assert {side.settings.get("template") for side in sides.values() if side.client != "lsp"} == {"embedded-spm"}
