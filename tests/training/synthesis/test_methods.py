"""The methods that go through items one by one: real programs in Lua, a scripted model, each filter."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from core.errors import SandboxError, VernacularError
from core.language_files import load_languages
from core.sandbox import Limits, open_sandbox
from evaluation.formats import read_benchmark
from evaluation.running.judging import Judge
from evaluation.verdicts import Verdict
from tests.evaluation.running.endpoint import listening
from tests.evaluation.running.test_evaluate import Broken
from tests.training.synthesis.conftest import adding, doubling
from training.corpora.settings import Split
from training.corpora.show import Show
from training.corpora.splitting import held_out_groups
from training.synthesis.filters import Filtered
from training.synthesis.methods import METHODS
from training.synthesis.pairs import Pair
from training.synthesis.record import Record
from training.synthesis.settings import METHODS as KEYS
from training.synthesis.settings import SynthesisError, load_synthesis
from training.synthesis.synthesise import synthesise
from training.tuning.conversations import read_conversations

Write = Callable[..., Path]
LARGER = """-- Gives the larger of two numbers.
local function larger(left, right)
  if left > right then
    return left
  end
  return right
end
"""
HALVED = """local function halved(first_of_all_values)
  return first_of_all_values // 2
end
"""
SUM = """local sum = 0
for number in io.read("a"):gmatch("%-?%d+") do
  sum = sum + tonumber(number)
end
print(sum)"""
INPUTS = ("1 2 3", "10 -4", "7")
STATEMENT = "Read whole numbers, and print their sum."


def block(*codes: str) -> str:
    return "\n\n".join(f"```lua\n{code}\n```" for code in codes)


class Script:
    """Says what stands under the first key that the last message holds."""

    def __init__(self, said: Mapping[str, str]) -> None:
        self.said = said

    def __call__(self, body: dict[str, Any]) -> str:
        asked = body["messages"][-1]["content"]
        return next((text for key, text in self.said.items() if key in asked), "I do not know.")


def made(recipe: Path, output: Path, **more: Any) -> Record:
    return asyncio.run(synthesise(load_synthesis(recipe), output, Show(), **more))


@pytest.fixture
def corpus(tmp_path: Path) -> Write:
    """Writes a corpus of Lua files."""

    def write(*texts: str) -> Path:
        folder = tmp_path / "corpus"
        folder.mkdir()
        documents = [
            {"language": "lua", "package": "shelf", "path": f"{number}.lua", "text": text}
            for number, text in enumerate(texts)
        ]
        lines = "".join(json.dumps(document) + "\n" for document in documents)
        (folder / "train-lua.jsonl").write_text(lines)
        return folder

    return write


def test_every_key_has_its_method() -> None:
    assert tuple(METHODS) == KEYS


def passing(file: Path) -> bool:
    """Whether every task's own solution passes."""
    tasks = read_benchmark(file).tasks
    with Judge(tasks, load_languages(), open_sandbox(), Limits()) as judge:
        verdicts = {judge.decide(t, t.canonical, t.program(t.canonical or "")).judged.verdict for t in tasks}
    return verdicts == {Verdict.PASSED}


GOOD = ("assert(larger(1, 2) == 2)", "assert(larger(5, 3) == 5)", "assert(larger(-1, -2) == -1)")


def test_multipl_t_keeps_a_function_with_those_tests_that_it_passes(
    corpus: Write, recipe_file: Write, tmp_path: Path
) -> None:
    tests = block(*GOOD, "assert(larger(1, 2) == 1)")
    with listening(Script({"tests of `larger`": tests})) as endpoint:
        multipl_t = {"corpus": str(corpus(LARGER, HALVED)), "languages": ["lua"]}
        record = made(recipe_file(endpoint.url, multipl_t=multipl_t), tmp_path / "data")
    assert record.methods["multipl_t"].came == record.train == record.tasks == 1
    assert record.costs["multipl_t"].requests == 1
    (conversation,) = read_conversations(tmp_path / "data" / "train.jsonl")
    assert conversation.messages[-1].content == f"```lua\n{LARGER.strip()}\n```"
    (task,) = read_benchmark(tmp_path / "data" / "tasks.jsonl").tasks
    assert task.program_tail == "\n" + "\n\n".join(GOOD) + "\n"
    assert task.labels == {"method": "multipl_t", "split": "train"}
    assert passing(tmp_path / "data" / "tasks.jsonl")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("It is fine as it is.", "no_code"),
        (block("assert(larger(1, 2) == 1)", "assert(larger(2, 1) == 1)"), "no_test_holds"),
        (block(GOOD[0], "assert(larger(2, 1) == 1)"), "too_few_tests_hold"),
        (block("assert(true)", "assert(larger)"), "tests_notice_too_little"),
        (block("t = (t or 0) + 1; assert(t == 1)", "t = (t or 0) + 1; assert(t < 2)"), "tests_disturb_each_other"),
    ],
)
def test_tests_that_show_nothing_drop_the_function(
    corpus: Write, recipe_file: Write, tmp_path: Path, said: str, reason: str
) -> None:
    folder = corpus(LARGER, LARGER.replace("larger", "greater"))
    answers = {"tests of `larger`": said, "tests of `greater`": block(*GOOD).replace("larger", "greater")}
    with listening(Script(answers)) as endpoint:
        multipl_t = {"corpus": str(folder), "languages": ["lua"]}
        record = made(recipe_file(endpoint.url, multipl_t=multipl_t), tmp_path / "data")
    assert record.methods["multipl_t"].fell == {reason: 1}
    assert record.methods["multipl_t"].stay == 1


def test_tests_that_pass_without_a_body_drop_the_function(recipe_file: Write, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    text = 'def doubled(value):\n    """Give the double of a value."""\n    return 2 * value\n'
    document = {"language": "python", "package": "shelf", "path": "a.py", "text": text}
    (corpus / "train-python.jsonl").write_text(json.dumps(document) + "\n")
    with listening(Script({"tests of `doubled`": block("doubled(1)", "assert callable(doubled)")})) as endpoint:
        part = {"corpus": str(corpus), "languages": ["python"], "mutants": 0}
        with pytest.raises(SynthesisError, match="1 came in, 1 passes_without_a_body"):
            made(recipe_file(endpoint.url, multipl_t=part), tmp_path / "data")


HALVING = block("assert(halved(4) == 2)", "assert(halved(7) == 3)")


@pytest.mark.parametrize(
    ("instruction", "answer", "reason"),
    [
        ("Halve a whole number, rounding down.", block("local function halved(n)\n  return (n - n % 2) / 2\nend"), ""),
        ("Halve a whole number.", block("local function halved(n)\n  return n / 2\nend"), "not_solved_again"),
        ("Halve a whole number.", "No.", "not_solved_again"),
        ("Write\n  return first_of_all_values // 2\nin a function.", "", "no_instruction"),
    ],
)
def test_inverse_instruct_keeps_an_instruction_that_leads_back(
    corpus: Write, recipe_file: Write, tmp_path: Path, instruction: str, answer: str, reason: str
) -> None:
    said = {"tests of `halved`": HALVING, "Write the instruction": instruction, "Complete this Lua code": answer}
    with listening(Script(said)) as endpoint:
        part = {"corpus": str(corpus(LARGER, HALVED)), "languages": ["lua"]}
        recipe = recipe_file(endpoint.url, inverse_instruct=part)
        if reason:
            with pytest.raises(SynthesisError, match=f"nothing is left to learn .*1 came in, 1 {reason}"):
                made(recipe, tmp_path / "data")
            return
        record = made(recipe, tmp_path / "data")
    assert record.methods["inverse_instruct"].stay == 1
    (conversation,) = read_conversations(tmp_path / "data" / "train.jsonl")
    assert conversation.messages[1].content.startswith("Halve a whole number, rounding down.\n\nComplete this Lua code")
    assert conversation.messages[2].content == f"```lua\n{HALVED.strip()}\n```"
    (task,) = read_benchmark(tmp_path / "data" / "tasks.jsonl").tasks
    assert task.labels["solved"] == "1 of 1"
    assert passing(tmp_path / "data" / "tasks.jsonl")


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
    sources = {f"add/{number}" for number in range(1, 9)}
    held_out = held_out_groups(sources, Split(held_out=0.5), 3)
    assert 0 < len(held_out) < 8
    assert sides == {"train.jsonl": sources - held_out, "heldout.jsonl": held_out}


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
