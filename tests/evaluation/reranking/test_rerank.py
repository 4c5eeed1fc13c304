"""`vernacular rerank` as a person runs it, with real programs in the real sandbox."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import RunError
from evaluation.reranking.inputs import Inputs
from evaluation.reranking.rerank import rerank
from evaluation.running.show import Show
from evaluation.runs import Result, read_description, read_results
from tests.evaluation.reranking.answered_runs import ADD, ADD_TOO, CRASHES, MULTIPLY, PRINT_4, REFUSED, adding, answered

VERNACULAR = Path(sys.executable).with_name("vernacular")
MIXED = [REFUSED, PRINT_4, MULTIPLY, ADD, CRASHES, f"-- the sum\n{ADD}", None, ADD_TOO]
"""Of eight answers three are right; two do what the example shows and are wrong elsewhere, or never get there."""


class Quiet(Show):
    def starting(self, detail: str) -> None:
        pass

    def begin(self, name: str, total: int) -> None:
        pass

    def add(self, result: Result, *, fresh: bool) -> None:
        pass


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([VERNACULAR, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=100)


def test_the_right_program_is_chosen_and_others_compare_with_it(tmp_path: Path) -> None:
    benchmark, run = answered(tmp_path, [(adding(f"add/{n}"), MIXED) for n in range(3)])
    done = command("rerank", run, benchmark, "--output", tmp_path / "chosen")
    assert done.returncode == 0, done.stderr
    results = list(read_results(tmp_path / "chosen"))
    assert [(each.task, each.sample, each.passed) for each in results] == [(f"add/{n}", 0, True) for n in range(3)]
    chosen = results[0].reranked
    assert chosen is not None
    assert (chosen.sample, chosen.level, chosen.agreeing, chosen.of) == (3, "shown", 3, 8)
    assert (results[0].prompt_tokens, results[0].new_tokens) == (80, 40)
    settings = read_description(tmp_path / "chosen").settings
    assert (settings.strategy, settings.sampling.samples) == ("rerank", 1)
    assert settings.strategy_options == {"of": "zero-shot", "samples": 8, "inputs": "varied"}
    written = json.loads((tmp_path / "chosen" / "curve.json").read_text())
    assert [point["answers"] for point in written["curve"]] == [1, 2, 4, 8]
    assert [point["random"]["estimate"] for point in written["curve"]] == [0, 0, 0.25, 0.375]
    assert [point["chosen"]["estimate"] for point in written["curve"]][-1] == 1
    assert (tmp_path / "chosen" / "curve.svg").read_text().startswith("<svg")
    assert written["levels"] == {"no_code": 3, "refused": 3, "failed": 3, "shown": 15}
    assert "tasks whose answers did different things: 3" in done.stdout
    compared = command("compare", run, tmp_path / "chosen")
    assert compared.returncode == 0, compared.stderr
    assert "won 3" in compared.stdout


@pytest.mark.parametrize("kind", [Inputs.VARIED, Inputs.ALL])
def test_agreement_beyond_the_visible_case(tmp_path: Path, kind: Inputs) -> None:
    benchmark, run = answered(tmp_path, [(adding(), [PRINT_4, MULTIPLY, ADD, ADD_TOO])])
    assert rerank(run, benchmark, tmp_path / "visible", Inputs.VISIBLE, (), Quiet()).curve[-1].chosen.estimate == 0
    assert rerank(run, benchmark, tmp_path / "chosen", kind, (), Quiet()).curve[-1].chosen.estimate == 1


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    benchmark, run = answered(tmp_path, [(adding(), MIXED)])
    for _ in range(2):
        rerank(run, benchmark, tmp_path / "chosen", Inputs.VARIED, (), Quiet())
    assert len(list(read_results(tmp_path / "chosen"))) == 1
    other = command("rerank", run, benchmark, "--output", tmp_path / "chosen", "--inputs", "all")
    assert other.returncode == 7
    assert "was begun with another strategy options.inputs (varied, now all)" in other.stderr


def test_an_output_of_another_run_is_refused_before_a_program_is_run(tmp_path: Path) -> None:
    class Running(Quiet):
        def begin(self, name: str, total: int) -> None:
            raise AssertionError("programs are run")

    benchmark, run = answered(tmp_path, [(adding(), MIXED)])
    with pytest.raises(RunError, match="was begun with another strategy"):
        rerank(run, benchmark, run, Inputs.VARIED, (), Running())


def test_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "none").mkdir()
    benchmark, greedy = answered(tmp_path / "one", [(adding(), [ADD])])
    nothing, empty = answered(tmp_path / "none", [(adding(), [None, None])])
    for arguments, status, message in [
        ((greedy, benchmark), 2, "has one answer a task, so there is nothing to choose from"),
        ((empty, nothing), 7, "none of its answers holds code"),
        ((tmp_path / "no", benchmark), 7, "a folder that `vernacular evaluate` wrote is needed"),
        ((empty, nothing, "--inputs", "hidden"), 2, "unknown kind of --inputs 'hidden'"),
    ]:
        failed = command("rerank", *arguments, "--output", tmp_path / "chosen")
        assert failed.returncode == status
        assert (failed.stderr.count("\n"), message in failed.stderr) == (1, True), failed.stderr
    assert not (tmp_path / "chosen").exists()
    shorter = (empty / "results.jsonl").read_text().splitlines(keepends=True)[:1]
    (empty / "results.jsonl").write_text("".join(shorter))
    lacking = command("rerank", empty, nothing, "--output", tmp_path / "chosen")
    assert lacking.returncode == 7
    assert "is not complete: lacks samples (2 needed) of 1 of 1 tasks: add" in lacking.stderr
