"""Answers that are repaired with what the tool chain says: real programs, a scripted model on a real socket."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, RunError
from evaluation.formats.vernacular import write_tasks
from evaluation.running.evaluate import ModelChoice, RunChoice, evaluate
from evaluation.runs import Result, Sampling, read_results
from evaluation.scoring.rounds import repair_conversations, round_scores
from evaluation.strategies.registry import StrategyOptions, strategy_named
from evaluation.tasks import Case, Scoring, Task
from evaluation.verdicts import Verdict
from tests.evaluation.running.endpoint import listening
from tests.evaluation.running.test_evaluate import Quiet
from tests.evaluation.scoring.run_folders import outcomes, write_run

VERNACULAR = Path(sys.executable).with_name("vernacular")
SECRET = "4711"
"""Stands in hidden cases alone; no prompt may ever hold it."""
STATEMENT = "Print the double of a number.\n\nExample input:\n2\n\nExample output:\n4\n"
RIGHT, THREEFOLD = "print(io.read('n') * 2)", "print(io.read('n') * 3)"
ONLY_SHOWN, REFUSED, CRASHES = "print(4)", "print(io.read('n') *", "local x = nil + io.read('n')"


def doubling(name: str) -> Task:
    return Task(
        id=name,
        language="lua",
        scoring=Scoring.OUTPUT,
        statement=f"{name}: {STATEMENT}",
        cases=(Case(stdin="2\n", expected=("4\n",)), Case(stdin=f"{SECRET}\n", expected=("9422\n",))),
    )


def block(code: str) -> str:
    return f"```lua\n{code}\n```"


def script(answers: Mapping[str, Sequence[str]]) -> Callable[[dict[str, Any]], str]:
    """For each task its answers in turn; which one, the conversation's length says."""

    def answer(body: dict[str, Any]) -> str:
        messages = body["messages"]
        task = str(messages[1]["content"]).split(":")[0].split("\n")[-1]
        before: int = sum(message["role"] == "assistant" for message in messages)
        return answers[task][before]

    return answer


def repaired(
    folder: Path, answers: Mapping[str, Sequence[str]], rounds: int | None = None, **sampling: Any
) -> tuple[dict[str, Result], list[dict[str, Any]]]:
    benchmark = folder / "tasks.jsonl"
    write_tasks(benchmark, [doubling(name) for name in answers])
    with listening(script(answers)) as endpoint:
        choice = RunChoice(
            benchmarks=(benchmark,),
            output=folder / "run",
            model=ModelChoice(endpoint=endpoint.url),
            strategy="repair",
            strategy_options=StrategyOptions(rounds=rounds),
            sampling=Sampling(**sampling),
        )
        asyncio.run(evaluate(choice, Quiet()))
        return {result.task: result for result in read_results(folder / "run")}, endpoint.asked


ANSWERS = {
    "at once": [block(RIGHT)],
    "refused": [block(REFUSED), block(RIGHT)],
    "crashes": [block(CRASHES), block(THREEFOLD), block(RIGHT)],
    "no code": ["I do not know.", block(RIGHT)],
    "hopeless": [block(REFUSED)] * 3,
    "hidden": [block(ONLY_SHOWN), block(RIGHT)],
}


def test_rounds_end_when_there_is_nothing_to_complain_of(tmp_path: Path) -> None:
    results, asked = repaired(tmp_path, ANSWERS)
    passed, failed, refused = Verdict.PASSED, Verdict.WRONG_OUTPUT, Verdict.COMPILE_ERROR
    assert {name: [each.verdict for each in result.rounds] for name, result in results.items()} == {
        "at once": [passed],
        "refused": [refused, passed],
        "crashes": [Verdict.RUNTIME_ERROR, failed, passed],
        "no code": [Verdict.NO_CODE, passed],
        "hopeless": [refused] * 3,
        "hidden": [failed],  # what only a hidden case shows, nobody is told
    }
    assert len(asked) == 12
    assert all(SECRET not in json.dumps(body) and "9422" not in json.dumps(body) for body in asked)
    crashes = results["crashes"]
    assert (crashes.verdict, crashes.answer, crashes.prompt_tokens, crashes.new_tokens) == (passed, block(RIGHT), 9, 15)
    complaints = [each.complaint for each in crashes.rounds]
    assert complaints[0].startswith("On the input\n2\nthe program ends with an error:\nlua5.4: main.lua:1: attempt to")
    assert complaints[1:] == ["On the input\n2\nthe program prints\n6\nwhere it should print\n4", ""]
    assert [turn.role for turn in crashes.conversation] == ["system", "user", *["assistant", "user"] * 2, "assistant"]
    assert crashes.conversation[3].content.startswith(complaints[0])
    assert results["no code"].rounds[0].complaint == "The answer holds no code."
    assert results["hopeless"].rounds[-1].complaint.startswith("The compiler refuses the program:\nluac5.4: main.lua:")


def test_the_curve_and_the_data(tmp_path: Path) -> None:
    repaired(tmp_path, ANSWERS)
    scores = round_scores(tmp_path / "run")
    assert [(score.asked, score.repaired, score.broken) for score in scores] == [(6, 0, 0), (4, 2, 0), (2, 1, 0)]
    assert [round(score.passed.estimate * 6) for score in scores] == [1, 3, 4]
    assert [score.new_tokens for score in scores] == [30, 50, 60]
    lines = [json.loads(line)["messages"] for line in repair_conversations(tmp_path / "run")]
    assert sorted(len(messages) for messages in lines) == [5, 5, 7]
    longest = max(lines, key=len)
    assert [(turn["role"], turn.get("weight", 1)) for turn in longest] == [
        ("system", 1),
        ("user", 1),
        ("assistant", 0),
        ("user", 1),
        ("assistant", 0),
        ("user", 1),
        ("assistant", 1),
    ]


def test_a_run_of_one_round_asks_once_more(tmp_path: Path) -> None:
    results, asked = repaired(tmp_path, ANSWERS, rounds=1)
    assert len(asked) == 10
    assert [len(results[name].rounds) for name in ("crashes", "hopeless")] == [2, 2]


def test_each_round_has_a_seed_of_its_own(tmp_path: Path) -> None:
    results, asked = repaired(tmp_path, {"hopeless": ANSWERS["hopeless"]}, temperature=0.5)
    assert len({body["seed"] for body in asked}) == 3
    assert results["hopeless"].seed == asked[0]["seed"]


def test_a_repair_that_no_longer_fits_leaves_the_answer_before_it(tmp_path: Path) -> None:
    benchmark = tmp_path / "tasks.jsonl"
    write_tasks(benchmark, [doubling("long")])
    with listening(lambda body: block(REFUSED)) as endpoint:

        def answer(body: dict[str, Any]) -> str:
            endpoint.failures.append(400)  # for the next one
            return block(REFUSED)

        endpoint.answer = answer
        choice = RunChoice(
            benchmarks=(benchmark,),
            output=tmp_path / "run",
            model=ModelChoice(endpoint=endpoint.url),
            strategy="repair",
        )
        asyncio.run(evaluate(choice, Quiet()))
    (result,) = read_results(tmp_path / "run")
    assert (result.verdict, len(result.rounds), result.finish) == (Verdict.COMPILE_ERROR, 1, "stop")


def test_examples_in_the_prompt_are_no_tries(tmp_path: Path) -> None:
    shown = tmp_path / "examples.jsonl"
    write_tasks(shown, [doubling(name).model_copy(update={"canonical": RIGHT}) for name in "abc"])
    benchmark = tmp_path / "tasks.jsonl"
    write_tasks(benchmark, [doubling("refused")])
    answers = iter([block(REFUSED), block(RIGHT)])
    with listening(lambda body: next(answers)) as endpoint:
        choice = RunChoice(
            benchmarks=(benchmark,),
            output=tmp_path / "run",
            model=ModelChoice(endpoint=endpoint.url),
            strategy="repair",
            strategy_options=StrategyOptions(examples=shown, shots=2),
        )
        asyncio.run(evaluate(choice, Quiet()))
    (line,) = repair_conversations(tmp_path / "run")
    weights = [turn.get("weight", 1) for turn in json.loads(line)["messages"] if turn["role"] == "assistant"]
    assert weights == [1, 1, 0, 1]


def test_rounds_are_for_repair_alone(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--rounds is for the strategy `repair`; `zero-shot` asks once"):
        strategy_named("zero-shot", StrategyOptions(rounds=3))
    with pytest.raises(NotImplementedError):
        strategy = strategy_named("zero-shot", StrategyOptions())
        strategy.again(strategy.prompt(doubling("a"), lua()), "", "")
    with pytest.raises(RunError, match="were asked for once"):
        round_scores(write_run(tmp_path / "once", outcomes("+-")))


def lua() -> Any:
    from core.language_files import load_languages

    return load_languages([], {}).named("lua")


def test_the_command_shows_the_curve_and_writes_the_data(tmp_path: Path) -> None:
    repaired(tmp_path, ANSWERS)
    written = ["--conversations", str(tmp_path / "data.jsonl"), "--picture", str(tmp_path / "curve.svg")]
    done = subprocess.run(
        [str(VERNACULAR), "rounds", str(tmp_path / "run"), *written],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "16.7%" in done.stdout
    assert "66.7%" in done.stdout
    assert f"{tmp_path / 'data.jsonl'}: 3 conversations" in done.stdout
    assert len((tmp_path / "data.jsonl").read_text().splitlines()) == 3
    assert (tmp_path / "curve.svg").read_text().startswith("<svg")
    write_run(tmp_path / "once", outcomes("+-"))
    failed = subprocess.run(
        [str(VERNACULAR), "rounds", str(tmp_path / "once")], capture_output=True, text=True, check=False, timeout=100
    )
    assert (failed.returncode, failed.stderr.count("\n")) == (7, 1)
