"""The example of word problems, from its generator to the model, by the product's own command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from core.language_files import LanguageRegistry
from evaluation.execution import missing_command
from evaluation.runs import read_results
from training.curve import read_curve

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples" / "word_problems"
SMALL = {"steps": 1, "tasks_per_step": 2, "samples": 4, "rows_at_once": 8, "measure_every_steps": 1}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("language", ["prolog", "commonlisp"])
def test_from_problems_to_a_model(language: str, languages: LanguageRegistry, tmp_path: Path) -> None:
    execution = languages.named(language).execution
    assert execution is not None
    if missing := missing_command(execution):
        pytest.skip(f"{missing} is not installed")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_WAIT_POLICY": "passive"}

    def run(*words: str | Path) -> None:
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]

    generated = tmp_path / "generated"
    run(sys.executable, EXAMPLE / "generate.py", "--count", "80", "--held-out", "4", "--output", generated)
    recipe = yaml.safe_load((EXAMPLE / f"{language}.yaml").read_text())
    for role in ("base", "instruct"):
        recipe[role] = str(EXAMPLE / recipe[role])
    recipe["reinforce"] |= SMALL
    recipe["tune"] |= {"epochs": 2, "tokens_per_step": 1024, "rows_at_once": 2}
    del recipe["evaluate"]["arms"]["tuned"]
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    run(Path(sys.executable).parent / "vernacular", "train", tmp_path / "recipe.yaml", "--output", tmp_path / "run")
    points = read_curve(tmp_path / "run" / "reinforce" / "curve.jsonl")
    assert [point["step"] for point in points if "parts" in point] == [1]
    assert [set(point["parts"]) for point in points if "parts" in point] == [{"passed", "ran", "format"}]
    results = list(read_results(tmp_path / "run" / "evaluate" / "reinforced" / "held-out"))
    assert len(results) == 4
    assert any("<reasoning>" in result.answer for result in results)


def test_every_reply_that_is_taught_is_right(languages: LanguageRegistry, tmp_path: Path) -> None:
    """What the generator says of a problem is what its program prints, in both languages."""
    from core.sandbox import open_sandbox
    from evaluation.strategies.reasoning_query import ReasoningQuery
    from evaluation.tasks import Case, Scoring, Task
    from tests.training.reinforcement.conftest import QUICK
    from training.reinforcement.verifier import Verifier

    subprocess.run(
        [sys.executable, EXAMPLE / "generate.py", "--count", "12", "--output", tmp_path],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )
    for language in ("prolog", "commonlisp"):
        spec = languages.named(language)
        assert spec.execution is not None
        if missing_command(spec.execution):
            continue
        for line in (tmp_path / f"taught-{language}.jsonl").read_text().splitlines():
            *_, asked, reply = json.loads(line)["messages"]
            wanted = reply["content"].partition("</reasoning>")[0].removeprefix("<reasoning>")
            value = str(eval(wanted))  # noqa: S307 - a sum that the generator wrote
            task = Task(
                id=asked["content"],
                language=language,
                scoring=Scoring.OUTPUT,
                statement=asked["content"],
                cases=(Case(stdin="", expected=(value,)),),
            )
            program = ReasoningQuery().completion(reply["content"], task, spec)
            assert program is not None
            assert ReasoningQuery().formed(reply["content"], task, spec)
            with Verifier([task], languages, open_sandbox(), QUICK) as verifier:
                assert verifier.result(task, program).passed
