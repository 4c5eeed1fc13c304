"""Tasks of whole programs in reverse, changed and combined; what every method does: real Lua, a scripted model."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import SandboxError, VernacularError
from core.language_files import load_languages
from core.sandbox import open_sandbox
from evaluation.formats import read_benchmark
from evaluation.running.evaluate import ModelChoice
from evaluation.verdicts import Verdict
from tests.evaluation.running.endpoint import listening
from tests.evaluation.running.test_evaluate import Broken
from tests.evaluation.scoring.run_folders import result
from tests.training.synthesis.conftest import adding, doubling
from tests.training.synthesis.scripted import HALVED, INPUTS, STATEMENT, SUM, Script, block, made, passing
from training.corpora.settings import Split
from training.corpora.show import Show
from training.corpora.splitting import held_out_groups
from training.synthesis.accepting import accepted
from training.synthesis.filters import Filtered, read_kept_out
from training.synthesis.journal import Journal
from training.synthesis.method import Made, Workshop
from training.synthesis.methods import METHODS
from training.synthesis.methods.evolve import EvolveMethod
from training.synthesis.pairs import Pair, group_of
from training.synthesis.parts import Evolve, Keeping
from training.synthesis.settings import METHODS as KEYS
from training.synthesis.settings import Synthesis, SynthesisError
from training.tuning.conversations import read_conversations

Write = Callable[..., Path]


def test_every_key_has_its_method() -> None:
    assert tuple(METHODS) == KEYS


def test_inverse_instruct_takes_whole_programs(corpus: Write, recipe_file: Write, tmp_path: Path) -> None:
    said = {"inputs for it": block(*INPUTS), "Write the statement": STATEMENT, "Solve this in Lua": block(SUM)}
    with listening(Script(said)) as endpoint:
        part = {"corpus": str(corpus(SUM, HALVED)), "languages": ["lua"], "programs": True}
        record = made(recipe_file(endpoint.url, inverse_instruct=part), tmp_path / "data")
    assert record.methods["inverse_instruct"].fell == {"does_not_run": 1}
    (task,) = read_benchmark(tmp_path / "data" / "tasks.jsonl").tasks
    assert (task.labels["method"], task.canonical) == ("inverse_instruct", f"{SUM}\n")
    assert passing(tmp_path / "data" / "tasks.jsonl")


REVERSED = {
    "Write a Lua program": block(SUM),
    "inputs for it": block(*INPUTS),
    "Write the statement": STATEMENT,
    "Solve this in Lua": block(SUM.replace("sum", "total")),
}
REVERSE = {"languages": ["lua"], "count": 1}


def test_reverse_makes_a_task_of_a_program(recipe_file: Write, tmp_path: Path) -> None:
    with listening(Script(REVERSED)) as endpoint:
        record = made(recipe_file(endpoint.url, reverse=REVERSE), tmp_path / "data")
        assert made(recipe_file(endpoint.url, reverse=REVERSE), tmp_path / "data").costs == record.costs
        assert len(endpoint.asked) == record.costs["reverse"].requests == 4
    (task,) = read_benchmark(tmp_path / "data" / "tasks.jsonl").tasks
    assert [(case.stdin, case.expected) for case in task.cases] == [
        ("1 2 3\n", ("6\n",)), ("10 -4\n", ("6\n",)), ("7\n", ("7\n",))
    ]  # fmt: skip
    assert task.statement == f"{STATEMENT}\n\nExample input:\n1 2 3\n\nExample output:\n6"
    assert task.labels == {"method": "reverse", "solved": "1 of 1", "split": "train"}
    assert passing(tmp_path / "data" / "tasks.jsonl")
    (conversation,) = read_conversations(tmp_path / "data" / "train.jsonl")
    assert conversation.messages[-1].content == f"```lua\n{SUM}\n```"


@pytest.mark.parametrize(
    ("key", "said", "reason"),
    [
        ("Write a Lua program", "I would rather not.", "no_code"),
        ("inputs for it", block("1"), "too_few_inputs"),
        ("Write a Lua program", block('print(io.read("n") + nil)'), "does_not_run"),
        ("Write a Lua program", block("print(math.random(1e15))"), "prints_by_chance"),
        ("Write a Lua program", block('print("hello")'), "always_prints_the_same"),
        ("Write the statement", "", "no_statement"),
        ("Write the statement", f"Do this:\n{SUM}", "statement_gives_the_code"),
        ("Solve this in Lua", block('print(io.read("n"))'), "not_solved_again"),
    ],
)
def test_each_filter_of_reverse(recipe_file: Write, tmp_path: Path, key: str, said: str, reason: str) -> None:
    with listening(Script({**REVERSED, key: said})) as endpoint:
        recipe = recipe_file(endpoint.url, reverse=REVERSE)
        with pytest.raises(SynthesisError, match=f"reverse: 1 came in, 1 {reason}"):
            made(recipe, tmp_path / "data")


PRODUCT = SUM.replace("sum = 0", "product = 1").replace("sum + to", "product * to").replace("sum", "product")
MOST = SUM.replace("sum = 0", "most = -1e9").replace("sum + tonumber(number)", "math.max(most, tonumber(number))")
MOST = MOST.replace("sum", "most")
PROGRAMS = {"product": PRODUCT, "most": MOST, "sum": SUM}


class ByProgram(Script):
    """States and solves the tasks of `PROGRAMS` by what their variable is called."""

    def __call__(self, body: dict[str, Any]) -> str:
        asked = body["messages"][-1]["content"]
        if "Write the statement" in asked:
            name = next(name for name in PROGRAMS if f"local {name} =" in asked)
            return f"Read whole numbers, and print their {name}."
        if asked.startswith("Solve this in Lua"):
            return block(next(program for name, program in PROGRAMS.items() if f"their {name}." in asked))
        return super().__call__(body)


def test_evolve_and_combine_prove_new_tasks_of_old_ones(tasks_file: Write, recipe_file: Write, tmp_path: Path) -> None:
    said = {
        "Change the task: take the product": block(PRODUCT),
        "Think of one new task": block(MOST),
        "Write a Lua program": block(SUM),
        "inputs for it": block(*INPUTS),
    }
    with listening(ByProgram(said)) as endpoint:
        recipe = recipe_file(
            endpoint.url,
            reverse=REVERSE,
            evolve={"changes": ["take the product"], "tasks": [str(tasks_file(adding(1)))]},
            combine={"count": 1, "tasks": [str(tmp_path / "tasks.jsonl")]},
            held_out=0,
            similarity=0.95,
        )
        record = made(recipe, tmp_path / "data")
        texts = [body["messages"][-1]["content"] for body in endpoint.asked]
    assert {name: entry.came for name, entry in record.methods.items()} == {"reverse": 1, "evolve": 2, "combine": 1}
    assert record.methods["evolve"].fell == {"exact_duplicate_task": 1}
    tasks = {task.labels["method"]: task for task in read_benchmark(tmp_path / "data" / "tasks.jsonl").tasks}
    assert tasks["evolve"].cases[0].expected == ("6\n",)
    assert tasks["evolve"].cases[1].expected == ("-40\n",)
    assert tasks["combine"].cases[1].expected == ("10\n",)
    assert passing(tmp_path / "data" / "tasks.jsonl")
    (combining,) = {text for text in texts if "Think of one new task" in text}
    assert combining.startswith("Task 1, and its solution:")
    assert "Task 2" in combining


def test_what_is_made_of_a_task_stays_on_its_side(tasks_file: Write, recipe_file: Write, tmp_path: Path) -> None:
    class Numbered(Script):
        def __call__(self, body: dict[str, Any]) -> str:
            asked = body["messages"][-1]["content"]
            number = next(n for n in range(1, 9) if f"add_{n}(" in asked or f"= {n}7\n" in asked)
            if "Write the statement" in asked:
                return f"Add all numbers to {number}7, and print that."
            return block(*INPUTS) if "inputs for it" in asked else block(SUM.replace("sum = 0", f"sum = {number}7"))

    part = {"tasks": [str(tasks_file(*map(adding, range(1, 9))))], "attempts": 0}
    with listening(Numbered({})) as endpoint:
        made(recipe_file(endpoint.url, evolve=part, held_out=0.5, similarity=0.95, seed=3), tmp_path / "data")
    sides = {
        side: {f"add/{number}" for number in re.findall(r"numbers to (\d)7", (tmp_path / "data" / side).read_text())}
        for side in ("train.jsonl", "heldout.jsonl")
    }
    groups = {group_of(adding(number)): f"add/{number}" for number in range(1, 9)}
    held_out = {groups[group] for group in held_out_groups(groups, Split(held_out=0.5), 3)}
    assert 0 < len(held_out) < 8
    assert sides == {"train.jsonl": set(groups.values()) - held_out, "heldout.jsonl": held_out}


def test_a_task_and_what_is_made_of_it_are_on_one_side(tasks_file: Write, tmp_path: Path) -> None:
    """Also where the task is sampled and evolved from two files, or under another id."""
    languages, tasks = load_languages(), [*map(adding, range(1, 9))]
    renamed = tasks_file(*(task.model_copy(update={"id": f"other/{task.id}"}) for task in tasks))
    results = [
        result(task.id, completion=task.canonical, program=task.program(task.canonical or ""), verdict=Verdict.PASSED)
        for task in tasks
    ]
    sampled = accepted(results, tasks, languages, Keeping())
    settings = Synthesis(name="adding", model=ModelChoice(), evolve=Evolve(tasks=(renamed,)))
    kept_out = read_kept_out(settings.decontamination, languages)
    workshop = Workshop(settings, languages, None, Show(), open_sandbox, tmp_path, {"sample": Made(sampled)}, kept_out)
    items = EvolveMethod().items(workshop)
    assert [item.groups for item in items] == [pair.groups for pair in sampled]
    assert len({item.groups for item in items}) == 8


def test_a_task_that_is_kept_out_is_shown_to_nobody(tasks_file: Write, recipe_file: Write, tmp_path: Path) -> None:
    said = {"Change the task": block(PRODUCT), "inputs for it": block(*INPUTS)}
    part = {"tasks": [str(tasks_file(adding(1), adding(2)))], "attempts": 0}
    tasks_file(adding(2), name="kept-out")
    with listening(ByProgram(said)) as endpoint:
        recipe = recipe_file(
            endpoint.url, evolve=part, decontamination={"benchmarks": [{"file": "kept-out.jsonl"}]}, held_out=0
        )
        record = made(recipe, tmp_path / "data")
        assert not any("add_2" in body["messages"][-1]["content"] for body in endpoint.asked)
    assert record.methods["evolve"].model_dump() == {"came": 2, "fell": {"contaminated": 1}, "stay": 1}
    assert list(record.contaminated) == ["add/2"]


def test_what_is_made_of_both_sides_falls_out() -> None:
    pairs = [
        Pair(method="combine", groups=groups, task=doubling(), messages=(), code="")
        for groups in (("a",), ("b",), ("a", "b"))
    ]
    found = Filtered(pairs=pairs)
    sides = found.sides(0.5, 1)
    assert sorted(len(side) for side in sides.values()) == [1, 1]
    assert found.fell == {"combine": {"of_both_sides": 1}}


def test_a_sandbox_that_breaks_keeps_the_answers(recipe_file: Write, tmp_path: Path) -> None:
    with listening(Script(REVERSED)) as endpoint:
        recipe = recipe_file(endpoint.url, reverse=REVERSE)
        with pytest.raises(SandboxError, match="no space"):
            made(recipe, tmp_path / "data", open_box=lambda _: Broken(open_sandbox()))
        before = len(endpoint.asked)
        assert before == 2
        record = made(recipe, tmp_path / "data")
        assert len(endpoint.asked) == 4
    assert (record.train, record.costs["reverse"].requests) == (1, 4)


def test_a_changed_filter_asks_nothing_again(recipe_file: Write, tmp_path: Path) -> None:
    with listening(Script(REVERSED)) as endpoint:
        made(recipe_file(endpoint.url, reverse=REVERSE), tmp_path / "data")
        recipe = recipe_file(endpoint.url, reverse={**REVERSE, "inputs": 8, "min_cases": 2, "attempts": 0})
        made(recipe, tmp_path / "data")
        assert len(endpoint.asked) == 4
        with pytest.raises(SynthesisError, match="1 too_few_inputs"):
            made(recipe_file(endpoint.url, reverse={**REVERSE, "min_cases": 4}), tmp_path / "data")
        assert len(endpoint.asked) == 4


def test_a_model_without_code_is_given_up(recipe_file: Write, tmp_path: Path) -> None:
    with listening(Script({})) as endpoint:
        recipe = recipe_file(endpoint.url, reverse={"languages": ["lua"], "count": 50}, give_up_after=6)
        with pytest.raises(SynthesisError, match=r"none of the first 6 answers holds code .*: I do not know\."):
            made(recipe, tmp_path / "data")
        assert len(endpoint.asked) < 20


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"multiplt": {}}, "did you mean 'multipl_t'"),
        ({"multipl_t": {"corpus": "nowhere", "languages": ["lua"]}}, "nowhere/train-lua.jsonl: no such file"),
        ({"multipl_t": {"corpus": "corpus", "languages": ["lua"]}}, "holds no function in lua of 20 to 4000 bytes"),
        ({"multipl_t": {"corpus": "corpus", "languages": ["lau"]}}, "unknown language 'lau' (did you mean 'lua'?)"),
        ({"multipl_t": {"corpus": "c", "languages": ["lua"], "tests": 1}}, "min_tests: 2 of 1 tests"),
        ({"reverse": {"languages": ["lua"], "inputs": 2}}, "min_cases: 3 of 2 inputs"),
        ({"evolve": {}}, "evolve has no tasks to begin with"),
        ({"evolve": {"tasks": ["unsolved.jsonl"]}}, "evolve: there is no task with a solution"),
        ({"combine": {"tasks": ["one.jsonl"]}}, "no two tasks of one language"),
    ],
)
def test_bad_input_gets_one_line(
    corpus: Write, tasks_file: Write, recipe_file: Write, tmp_path: Path, parts: dict[str, Any], message: str
) -> None:
    corpus("print(1)\n")
    tasks_file(doubling(), name="unsolved")
    tasks_file(adding(1), name="one")
    with listening(Script({})) as endpoint, pytest.raises(VernacularError) as raised:
        made(recipe_file(endpoint.url, **parts), tmp_path / "data")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not endpoint.asked


def test_a_damaged_journal_leaves_no_file_open(tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_text("no entry\n")
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(SynthesisError, match="is damaged"):
        Journal(tmp_path / "answers.jsonl")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_killed_the_command_asks_for_nothing_twice(recipe_file: Write, tmp_path: Path) -> None:
    data = tmp_path / "data"
    answers = data / "work" / "reverse" / "answers.jsonl"
    with listening(Script(REVERSED), delay_s=0.1) as endpoint:
        recipe = recipe_file(endpoint.url, reverse={"languages": ["lua"], "count": 8}, concurrency=2)
        command = [str(Path(sys.executable).with_name("vernacular")), "synthesise", str(recipe), "--output", str(data)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and not (answers.exists() and answers.read_bytes().count(b"\n") >= 6):
                time.sleep(0.02)
            process.kill()
        kept = answers.read_bytes()
        answers.write_bytes(kept + b'{"key": "half a li')
        endpoint.asked.clear()
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stderr
        assert len(endpoint.asked) == 8 * 4 - kept.count(b"\n") > 0
    assert answers.read_bytes().startswith(kept)
    record = json.loads((data / "synthesis.json").read_text())
    assert record["methods"]["reverse"] == {"came": 8, "fell": {"exact_duplicate_task": 7}, "stay": 1}
    assert record["costs"]["reverse"]["requests"] == 32
