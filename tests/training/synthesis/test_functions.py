"""Functions of a corpus: tests and instructions that a scripted model writes, real Lua and Python, each filter."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluation.formats import read_benchmark
from tests.evaluation.running.endpoint import listening
from tests.training.synthesis.scripted import HALVED, LARGER, Script, block, made, passing
from training.synthesis.settings import SynthesisError
from training.tuning.conversations import read_conversations

Write = Callable[..., Path]
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
