"""Rejection sampling: real programs, a real endpoint; what is kept, what falls by which filter, kill and resume."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import RunError, SandboxError, ServerUnreachableError, VernacularError
from core.language_files import load_languages
from core.sandbox import Limits, open_sandbox
from evaluation.formats import read_benchmark
from evaluation.models.endpoint import Endpoint
from evaluation.running.evaluate import ModelChoice, RunChoice, evaluate
from evaluation.running.judging import Judge
from evaluation.runs import RESULTS, Sampling, read_results
from evaluation.strategies.registry import StrategyOptions, strategy_named
from tests.evaluation.running.endpoint import listening
from tests.evaluation.running.test_evaluate import Broken, Quiet
from tests.training.synthesis.conftest import adding, doubling
from training.corpora.show import Show
from training.synthesis.accepting import accepted
from training.synthesis.parts import Keeping
from training.synthesis.record import Costs, Record
from training.synthesis.sampling import sample
from training.synthesis.settings import SynthesisError, load_synthesis
from training.synthesis.synthesise import synthesise
from training.tuning.conversations import read_conversations

Write = Callable[..., Path]
VARIANTS = (
    "local function {name}(value)\n  return value + {number}\nend",
    "local function {name}(value)\n\n  return value   + {number}\nend",  # the same but for white space
    "local function {name}(value)\n  for _ = 1, {number} do\n    value = value + 1\n  end\n  return value\nend",
    "local function {name}(value)\n  return value - {number}\nend",  # wrong
    "local function {name}(value)\n  return value +\nend",  # no program
)
"""Answers to one task, one for each sample."""


class Script:
    """Answers each task with the variants in turn."""

    def __init__(self, *variants: str) -> None:
        self.variants = variants or VARIANTS
        self.asked: Counter[str] = Counter()

    def __call__(self, body: dict[str, Any]) -> str:
        said = body["messages"][-1]["content"]
        if "double" in said:
            return "```python\nprint(2 * int(input()))\n```"
        name = re.findall(r"add_\d+", said)[-1]
        variant = self.variants[self.asked[name] % len(self.variants)]
        self.asked[name] += 1
        return f"Here it is:\n```lua\n{variant.replace('{name}', name).replace('{number}', name[4:])}\n```"


def made(recipe: Path, output: Path, **more: Any) -> Record:
    return asyncio.run(synthesise(load_synthesis(recipe), output, Show(), **more))


def test_answers_that_pass_become_conversations_and_each_filter_says_its_yield(
    tasks_file: Write, recipe_file: Write, tmp_path: Path
) -> None:
    file = tasks_file(adding(3), adding(40), doubling())
    with listening(Script()) as endpoint:
        recipe = recipe_file(
            endpoint.url,
            sample={"benchmarks": [str(file)], "samples": 5},
            concurrency=1,
            held_out=0,
            prices={"input": 2.0, "output": 10.0},
        )
        record = made(recipe, tmp_path / "data")
        again = made(recipe, tmp_path / "data")
        assert len(endpoint.asked) == 15
    assert again == record.model_copy(update={"provenance": again.provenance})
    entry = record.methods["sample"]
    assert entry.came == 15
    assert entry.fell == {"runtime_error": 2, "compile_error": 2, "exact_duplicate": 6}
    assert entry.stay == record.train == 5
    costs = record.costs["sample"]
    assert (costs.requests, costs.input_tokens, costs.output_tokens) == (15, 45, 75)
    assert costs.money == pytest.approx((45 * 2.0 + 75 * 10.0) / 1e6)
    conversations = list(read_conversations(tmp_path / "data" / "train.jsonl"))
    assert [turn.role for turn in conversations[0].messages] == ["system", "user", "assistant"]
    assert "add_3" in conversations[0].messages[1].content
    assert conversations[0].messages[2].content == (
        "```lua\n-- Add 3 to the value.\nlocal function add_3(value)\n  return value + 3\nend\n```"
    )
    assert json.loads((tmp_path / "data" / "synthesis.json").read_text())["train"] == 5


def test_a_task_without_a_solution_gets_one_and_is_an_example_for_others(
    tasks_file: Write, recipe_file: Write, tmp_path: Path
) -> None:
    with listening(Script()) as endpoint:
        file = tasks_file(adding(1), adding(2), doubling())
        made(recipe_file(endpoint.url, sample={"benchmarks": [str(file)], "samples": 1}), tmp_path / "data")
    (task,) = read_benchmark(tmp_path / "data" / "tasks.jsonl").tasks
    assert (task.id, task.canonical) == ("double", "print(2 * int(input()))\n")
    assert task.labels["split"] in {"train", "heldout"}
    examples = tasks_file(task, task.model_copy(update={"id": "other", "statement": "Another one."}), name="shown")
    strategy = strategy_named("few-shot", StrategyOptions(examples=examples, shots=1))
    assert "print(2 * int(input()))" in str(strategy.prompt(adding(1), load_languages().named("lua")))


def test_the_core_works_in_memory_for_a_model_and_a_judge_that_are_there() -> None:
    tasks, languages = [adding(3), doubling()], load_languages()

    async def run(url: str, strategy: str) -> Any:
        model = Endpoint(url, patience_s=1)
        await model.start(lambda _: None)
        try:
            with Judge(tasks, languages, open_sandbox(), Limits()) as judge:
                asked = strategy_named(strategy, StrategyOptions())
                sampling = Sampling(samples=4, temperature=0.8, seed=7)
                return await sample(tasks, languages, judge, model, asked, sampling, Keeping(keep=1), concurrency=1)
        finally:
            await model.close()

    with listening(Script()) as endpoint:
        found = asyncio.run(run(endpoint.url, "zero-shot"))
        assert {body["temperature"] for body in endpoint.asked} == {0.8}
        assert len({body["seed"] for body in endpoint.asked}) == 8
    assert found.came == 8
    assert [(pair.task.id, pair.code) for pair in found.pairs] == [
        ("add/3", "-- Add 3 to the value.\nlocal function add_3(value)\n  return value + 3\nend"),
        ("double", "print(2 * int(input()))"),
    ]
    assert found.fell == {"runtime_error": 1, "more_than_kept": 5}


@pytest.mark.parametrize(
    ("keeping", "kept", "fell"),
    [
        (Keeping(), [0, 2], {"exact_duplicate": 1, "runtime_error": 1, "compile_error": 1}),
        (Keeping(keep=1), [0], {"more_than_kept": 2, "runtime_error": 1, "compile_error": 1}),
        (Keeping(max_pass_rate=0.5), [], {"too_easy": 3, "runtime_error": 1, "compile_error": 1}),
    ],
)
def test_which_answers_of_a_task_are_kept(
    stored: Path, tasks_file: Write, keeping: Keeping, kept: list[int], fell: dict[str, int]
) -> None:
    results = list(read_results(stored))
    counted: Counter[str] = Counter()
    for order in (results, results[::-1]):
        counted.clear()
        pairs = accepted(order, [adding(3)], load_languages(), keeping, fell=counted)
        texts = [VARIANTS[place].replace("{name}", "add_3").replace("{number}", "3") for place in kept]
        assert [pair.code for pair in pairs] == [f"-- Add 3 to the value.\n{text}" for text in texts]
        assert counted == fell


def test_a_whole_answer_is_learned_as_it_came(stored: Path) -> None:
    (first, *_) = accepted(read_results(stored), [adding(3)], load_languages(), Keeping(answer="whole"), thought=True)
    assert first.messages[-1].text.startswith("Here it is:\n```lua\n")
    assert "Think first" in first.messages[0].text
    (first, *_) = accepted(read_results(stored), [adding(3)], load_languages(), Keeping(), thought=True)
    assert "Think first" not in first.messages[0].text


@pytest.fixture
def stored(tasks_file: Write, tmp_path: Path) -> Path:
    """The folder of a run: five answers to one task."""
    with listening(Script()) as endpoint:
        choice = RunChoice(
            benchmarks=(tasks_file(adding(3), name="stored"),),
            output=tmp_path / "run",
            model=ModelChoice(endpoint=endpoint.url),
            strategy="zero-shot",
            sampling=Sampling(samples=5, temperature=0.8),
            concurrency=1,
        )
        (folder,) = asyncio.run(evaluate(choice, Quiet()))
    return folder


def test_a_run_that_is_there_is_converted_and_nobody_is_asked(
    stored: Path, tasks_file: Write, recipe_file: Write, tmp_path: Path
) -> None:
    runs = [{"run": str(stored), "tasks": str(tmp_path / "stored.jsonl")}]
    record = made(recipe_file(None, sample={"runs": runs}), tmp_path / "data")
    assert (record.model, record.train, record.methods["sample"].came) == ("", 2, 5)
    assert record.costs["sample"] == Costs()  # who made the run has paid for it
    other = tasks_file(adding(4), name="other")
    with pytest.raises(RunError, match="was not made from"):
        made(recipe_file(None, sample={"runs": [{**runs[0], "tasks": str(other)}]}), tmp_path / "other")


def test_runs_of_one_file_are_as_one_run(stored: Path, tasks_file: Write, recipe_file: Write, tmp_path: Path) -> None:
    shutil.copytree(stored, tmp_path / "earlier")
    lines = (stored / RESULTS).read_text().splitlines(keepends=True)
    (tmp_path / "earlier" / RESULTS).write_text("".join(line for line in lines if "for _ = 1" not in line))
    file = str(tmp_path / "stored.jsonl")
    runs = [{"run": str(tmp_path / "earlier"), "tasks": file}, {"run": str(stored), "tasks": file}]
    with listening(Script()) as endpoint:
        recipe = recipe_file(
            endpoint.url,
            sample={"runs": runs, "benchmarks": [str(tasks_file(adding(3), adding(40), name="asked"))], "samples": 1},
            held_out=0,
        )
        record = made(recipe, tmp_path / "data")
        assert len(endpoint.asked) == 2
    assert record.methods["sample"].came == 11
    assert record.costs["sample"].requests == 2
    learned = [each.messages[-1].content for each in read_conversations(tmp_path / "data" / "train.jsonl")]
    assert sum("add_3(" in text for text in learned) == 2
    assert sum("for _ = 1, 3 do" in text for text in learned) == 1
    assert sum("add_40(" in text for text in learned) == 1


def test_tasks_of_a_benchmark_and_tasks_that_are_there_twice_are_left_out(
    tasks_file: Write, recipe_file: Write, tmp_path: Path
) -> None:
    tasks = [adding(1), adding(2), adding(1).model_copy(update={"id": "again"}), doubling()]
    near = adding(2).model_copy(update={"id": "near", "statement": "As before."})
    with listening(Script(VARIANTS[2])) as endpoint:
        recipe = recipe_file(
            endpoint.url,
            sample={"benchmarks": [str(tasks_file(*tasks, near))], "samples": 1},
            decontamination={"benchmarks": [{"file": "kept-out.jsonl"}]},
            held_out=0,
        )
        tasks_file(doubling(), name="kept-out")
        record = made(recipe, tmp_path / "data")
    assert record.methods["sample"].fell == {"contaminated": 1, "exact_duplicate_task": 1, "near_duplicate_task": 1}
    assert record.contaminated == {"double": "double: all of it"}
    assert record.train == 2


def test_tasks_that_are_alike_on_purpose_stay_where_the_recipe_says_so(
    tasks_file: Write, recipe_file: Write, tmp_path: Path
) -> None:
    near = adding(2).model_copy(update={"id": "near", "statement": "As before."})
    sampled = {"benchmarks": [str(tasks_file(adding(2), near))], "samples": 1}
    with listening(Script(VARIANTS[2])) as endpoint:
        for similarity, stay in ((0.7, 1), (None, 2)):
            recipe = recipe_file(endpoint.url, sample=sampled, similarity=similarity)
            assert made(recipe, tmp_path / "data").methods["sample"].stay == stay


def test_a_question_is_learned_once_however_it_was_solved(
    tasks_file: Write, recipe_file: Write, tmp_path: Path
) -> None:
    """Else one of two equal tasks could be held out, and the other trained on."""
    sampled = {"benchmarks": [str(tasks_file(adding(2), adding(2).model_copy(update={"id": "again"})))], "samples": 1}
    with listening(Script(VARIANTS[0], VARIANTS[2])) as endpoint:
        record = made(recipe_file(endpoint.url, sample=sampled, concurrency=1), tmp_path / "data")
    assert record.methods["sample"].fell == {"exact_duplicate_task": 1}


def test_all_answers_of_a_task_are_on_one_side_and_no_other_task_moves_them(
    tasks_file: Write, recipe_file: Write, tmp_path: Path
) -> None:
    def sides(count: int) -> dict[str, set[str]]:
        name = f"tasks-{count}"
        parts = {"sample": {"benchmarks": [str(tasks_file(*map(adding, range(count)), name=name))], "samples": 3}}
        with listening(Script()) as endpoint:
            made(recipe_file(endpoint.url, held_out=0.4, similarity=0.95, concurrency=4, **parts), tmp_path / name)
        return {
            side: set(re.findall(r"Add (\d+) to", (tmp_path / name / f"{side}.jsonl").read_text()))
            for side in ("train", "heldout")
        }

    few, more = sides(6), sides(9)
    assert few["train"].isdisjoint(few["heldout"])
    assert few["train"]
    assert few["heldout"]
    assert few["train"] <= more["train"]
    assert few["heldout"] <= more["heldout"]


def test_a_sandbox_that_breaks_stops_everything_and_loses_nothing(
    tasks_file: Write, recipe_file: Write, tmp_path: Path
) -> None:
    with listening(Script()) as endpoint:
        sampled = {"benchmarks": [str(tasks_file(*map(adding, range(8))))], "samples": 1}
        recipe = recipe_file(endpoint.url, sample=sampled, concurrency=1)
        with pytest.raises(SandboxError, match="no space for a name space"):
            made(recipe, tmp_path / "data", open_box=lambda _: Broken(open_sandbox()))
        kept = len(list(read_results(tmp_path / "data/work/sample/tasks")))
        assert 0 < kept <= 3
        assert not (tmp_path / "data" / "train.jsonl").exists()
        endpoint.asked.clear()
        record = made(recipe, tmp_path / "data")
        assert len(endpoint.asked) == 8 - kept
    assert record.methods["sample"].came == 8


def test_a_model_without_code_is_given_up(tasks_file: Write, recipe_file: Write, tmp_path: Path) -> None:
    with listening(lambda _: "I am not sure.") as endpoint:
        sampled = {"benchmarks": [str(tasks_file(*map(adding, range(30))))], "samples": 2}
        recipe = recipe_file(endpoint.url, sample=sampled, give_up_after=10, concurrency=2)
        with pytest.raises(SynthesisError, match=r"none of the first 10 answers holds code .*: I am not sure"):
            made(recipe, tmp_path / "data")
        assert len(endpoint.asked) < 60


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"sampel": {}}, "did you mean 'sample'"),
        ({}, "names no method"),
        ({"sample": {}}, "names neither `benchmarks` to ask nor `runs`"),
        ({"sample": {"benchmarks": ["t.jsonl"], "strategy": "infill"}}, "strategy"),
        ({"sample": {"benchmarks": ["t.jsonl"]}, "temperature": 0}, "greedy"),
        ({"sample": {"benchmarks": ["nowhere.jsonl"]}}, "nowhere.jsonl: no such file"),
        ({"sample": {"runs": [{"run": "nowhere", "tasks": "t.jsonl"}]}}, "nowhere/run.json"),
        ({"sample": {"benchmarks": ["holes.jsonl"]}}, "add/1 is a hole to fill in"),
        ({"sample": {"benchmarks": ["t.jsonl"]}, "sandbox": "sand"}, "sandbox"),
        ({"sample": {"benchmarks": ["t.jsonl"]}, "decontamination": {"benchmarks": [{"file": "gone"}]}}, "gone"),
    ],
)
def test_bad_input_gets_one_line_before_anybody_is_asked(
    tasks_file: Write, recipe_file: Write, tmp_path: Path, parts: dict[str, Any], message: str
) -> None:
    tasks_file(adding(1), name="t")
    tasks_file(adding(1).model_copy(update={"after": "end"}), name="holes")
    with listening(Script()) as endpoint, pytest.raises(VernacularError, match=re.escape(message)) as raised:
        made(recipe_file(endpoint.url, **parts), tmp_path / "data")
    assert "\n" not in str(raised.value)
    assert not endpoint.asked


def test_nobody_to_ask_and_an_endpoint_that_refuses(tasks_file: Write, recipe_file: Write, tmp_path: Path) -> None:
    sampled = {"benchmarks": [str(tasks_file(adding(1)))]}
    with pytest.raises(VernacularError, match="nobody is named to be asked"):
        made(recipe_file(None, sample=sampled), tmp_path / "data")
    with listening(Script()) as endpoint:
        endpoint.failures = [401]
        with pytest.raises(ServerUnreachableError, match="is the key right"):
            made(recipe_file(endpoint.url, sample=sampled), tmp_path / "data")
    with pytest.raises(ServerUnreachableError, match="cannot be reached"):
        made(recipe_file(endpoint.url, sample=sampled), tmp_path / "data")


def test_killed_the_command_goes_on_where_it_was(tasks_file: Write, recipe_file: Write, tmp_path: Path) -> None:
    file, data = tasks_file(*map(adding, range(30))), tmp_path / "data"
    results = data / "work" / "sample" / "tasks" / RESULTS
    with listening(Script(VARIANTS[2]), delay_s=0.1) as endpoint:
        recipe = recipe_file(endpoint.url, sample={"benchmarks": [str(file)], "samples": 1}, concurrency=2)
        command = [str(Path(sys.executable).with_name("vernacular")), "synthesise", str(recipe), "--output", str(data)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and not (results.exists() and results.read_bytes().count(b"\n") >= 5):
                time.sleep(0.02)
            process.kill()
        done = results.read_bytes().count(b"\n")
        endpoint.asked.clear()
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stderr
        assert 0 < done < 30
        assert len(endpoint.asked) == 30 - done
    assert "came in" in finished.stdout
    record = json.loads((data / "synthesis.json").read_text())
    assert record["methods"]["sample"]["came"] == 30
