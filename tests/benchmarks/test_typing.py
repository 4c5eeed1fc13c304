"""The goals of the typing benchmark, judged on records whose numbers are known."""

from __future__ import annotations

from benchmarks.typing import conditions, verdicts
from evaluation.replay.person import Verdict
from evaluation.replay.records import FileRecord, Moment, Usage


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
    assert len(said) == 6
    assert [verdict for line, verdict in said.items() if "naive" in line] == ["reached"] * 4
    llama = {line: verdict for line, verdict in said.items() if "llama" in line}
    assert [verdict for line, verdict in llama.items() if " p50 " in line] == ["missed"]  # 40 of 60 ms
    assert [verdict for line, verdict in llama.items() if " p95 " in line] == ["reached"]


def test_no_lead_is_no_goal_reached() -> None:
    same = records(20, 100, 1000)
    lines = verdicts({"both, neovim": same, "model, neovim": same, "lines, neovim": same, "naive, vLLM": same})
    assert lines
    assert all(line.endswith("missed") for line in lines)


def test_every_proposer_is_typed_before_in_both_editors_beside_both_peers() -> None:
    sides = conditions("embedded-spm")
    assert len(sides) == 8
    assert {side.settings.get("template") for side in sides.values() if side.client != "lsp"} == {"embedded-spm"}
