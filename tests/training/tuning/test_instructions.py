"""Conversations written by program: right code, the product's form, the seed alone, nothing of the benchmark."""

from __future__ import annotations

import json
import math
import random
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, RecipeError
from core.language_files import load_languages
from evaluation.running.extraction import code_in
from training.tuning.conversations import Conversation, read_conversations
from training.tuning.instructions.asking import any_function, any_simple, asked_to_edit, task_of
from training.tuning.instructions.functions import Function
from training.tuning.instructions.languages import PRINTERS
from training.tuning.instructions.meaning import RefusedError, value_of
from training.tuning.instructions.printing import Look
from training.tuning.instructions.settings import Amounts, InstructionSettings, read_instruction_settings
from training.tuning.instructions.words import Words
from training.tuning.instructions.write import write_instructions
from training.tuning.mining import conversation

ROOT = Path(__file__).parents[3]
LANGUAGES = load_languages([], {})
DOCUMENTED = 'def add_{0}(number):\n    """Adds {0} to a number that it is given."""\n    return number + {0}\n'


def functions(seed: int, count: int) -> Iterator[tuple[Function, list[Any]]]:
    """Functions of all kinds, with arguments."""
    rng = random.Random(seed)
    for _ in range(count):
        function = rng.choice((any_simple, any_function))(Words(rng))
        yield function, [argument(kind, function.whole, rng) for _, kind in function.parameters]


def argument(kind: str, whole: bool, rng: random.Random) -> Any:
    number: Callable[[], float] = lambda: rng.randint(1, 400) + (0 if whole else rng.choice((0, 0.37)))  # noqa: E731
    made: dict[str, Callable[[], Any]] = {
        "number": number,
        "text": lambda: rng.choice(("Ab c", "x")),
        "flag": lambda: rng.random() < 0.5,
        "numbers": lambda: [number() for _ in range(rng.randint(1, 4))],
        "texts": lambda: [rng.choice("abc") for _ in range(rng.randint(0, 3))],
    }
    return made[kind]()


def meant(function: Function, arguments: list[Any]) -> Any:
    try:
        return value_of(function, arguments)
    except RefusedError as refused:
        return f"refused: {refused}"


def same(left: Any, right: Any) -> bool:
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, str | bool):
        return bool(left == right)
    return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)


def test_python_does_what_the_tree_means() -> None:
    kinds: Counter[str] = Counter()
    for function, arguments in functions(1, 800):
        printed = PRINTERS["python"](Look.any(random.Random(2))).print(function)
        scope: dict[str, Any] = {}
        exec(printed.before + printed.rest, scope)  # noqa: S102 - written by this program
        try:
            got = scope[printed.name](*arguments)
        except ValueError as refused:
            got = f"refused: {refused}"
        assert same(meant(function, arguments), got), printed
        kinds[function.kind] += 1
    assert len(kinds) >= 25


SHOW = {
    "lua": """
local function enc(v)
  if type(v) == "table" then
    local t = {}
    for i, x in ipairs(v) do t[i] = enc(x) end
    return "[" .. table.concat(t, ",") .. "]"
  end
  if type(v) == "string" then return '"' .. v .. '"' end
  return type(v) == "number" and string.format("%.17g", v) or tostring(v)
end
function show(f)
  local ok, v = pcall(f)
  print(ok and enc(v) or '"refused: ' .. v:gsub("^.-:%d+: ", "") .. '"')
end
""",
    "javascript": """
function show(f) {
  try { console.log(JSON.stringify(f())); } catch (e) { console.log(JSON.stringify("refused: " + e.message)); }
}
""",
}
SHOWN = {"lua": "do\n{0}\nshow(function() return {1} end)\nend", "javascript": "{{\n{0}\nshow(() => {1});\n}}"}


@pytest.mark.parametrize(("language", "command"), [("lua", "lua5.4"), ("javascript", "node")])
def test_other_languages_do_too(language: str, command: str, tmp_path: Path) -> None:
    if not shutil.which(command):
        pytest.skip(f"{command} is not installed")
    program, expected = [SHOW[language]], []
    for function, arguments in functions(3, 400):
        printed = PRINTERS[language](Look.any(random.Random(4))).print(function)
        written = [json.dumps(one).replace("[", "{").replace("]", "}") if language == "lua" else json.dumps(one)
                   for one in arguments]  # fmt: skip
        program.append(SHOWN[language].format(printed.before + printed.rest, f"{printed.name}({', '.join(written)})"))
        expected.append((meant(function, arguments), printed))
    file = tmp_path / "program"
    file.write_text("\n".join(program), encoding="utf-8")
    lines = subprocess.run([command, file], capture_output=True, text=True, check=True).stdout.splitlines()
    for (value, printed), line in zip(expected, lines, strict=True):
        assert same(value, json.loads(line)), printed


def settings(**changes: object) -> InstructionSettings:
    amounts = Amounts(simple=60, functions=80, edits=20, pairs=10, forms=60)
    shares = {"python": 0.4, "moonbit": 0.2, "lua": 0.2, "javascript": 0.2}
    return InstructionSettings.model_validate(
        {"seed": 5, "languages": shares, "amounts": amounts.model_dump(), "held_out": 20, **changes}
    )


def corpus(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for part, numbers in (("train", range(60)), ("heldout", range(60, 80))):
        for language in PRINTERS:
            text = "\n\n".join(DOCUMENTED.format(number) for number in numbers) if language == "python" else "x"
            document = {"language": language, "package": "p", "path": "a", "text": text}
            (folder / f"{part}-{language}.jsonl").write_text(json.dumps(document) + "\n", encoding="utf-8")
    return folder


def written(tmp_path: Path, name: str, **changes: object) -> tuple[list[Conversation], list[Conversation]]:
    write_instructions(
        settings(pairs_per_document=40, **changes), corpus(tmp_path / "corpus"), LANGUAGES, tmp_path / name
    )
    return tuple(list(read_conversations(tmp_path / name / f"{part}.jsonl")) for part in ("train", "heldout"))  # type: ignore[return-value]


def test_what_is_written_depends_on_the_seed_and_no_question_stands_twice(tmp_path: Path) -> None:
    train, held_out = written(tmp_path, "a")
    assert (train, held_out) == written(tmp_path, "b") != written(tmp_path, "c", seed=6)
    assert len(train) == 230
    questions = [one.messages[1].content for one in (*train, *held_out)]
    assert len(set(questions)) == len(questions)
    card = json.loads((tmp_path / "a" / "instructions.json").read_text(encoding="utf-8"))
    assert card["counts"]["pairs"] == 10
    assert card["settings"]["seed"] == 5


def test_amounts_of_one_kind_change_no_other(tmp_path: Path) -> None:
    few, _ = written(tmp_path, "a", held_out=0)
    amounts = settings().amounts.model_copy(update={"simple": 10})
    fewer, _ = written(tmp_path, "b", held_out=0, amounts=amounts.model_dump())
    assert len(few) - len(fewer) == 50
    assert all(one in few for one in fewer)


def test_it_goes_from_short_to_long(tmp_path: Path) -> None:
    train, _ = written(tmp_path, "a")
    sizes = [sum(len(turn.content) for turn in one.messages) for one in train]
    third = len(sizes) // 3
    assert sum(sizes[:third]) < 0.85 * sum(sizes[-third:])
    assert sizes != sorted(sizes)


def test_answers_repeat_the_head_that_is_given() -> None:
    rng = random.Random(7)
    for language in PRINTERS:
        spec = LANGUAGES.named(language)
        for number in range(40):
            task = task_of(any_function(Words(rng)), spec, rng)
            system, user, answer = conversation(task, spec)
            assert system.text.startswith(f"You write {spec.display_name}. {spec.note}"), number
            assert answer.text.startswith(f"```{language}\n{task.before.strip()}")
            assert user.text.endswith(f"```{language}\n{task.before.strip()}\n```") or not task.before
            assert (code_in(answer.text, task, spec) or "").strip() == (task.before + (task.canonical or "")).strip()


def test_an_edit_changes_one_name_or_number_alone() -> None:
    rng, done = random.Random(8), 0
    for _ in range(100):
        spec = LANGUAGES.named("lua")
        edit = asked_to_edit(task_of(any_function(Words(rng)), spec, rng), spec, rng)
        if edit:
            given = re.search(r"```lua\n.*?```", edit[1].text, re.DOTALL)
            assert given
            old, new = (re.findall(r"\d+(?:\.\d+)?|\w+|\W", text) for text in (given[0], edit[2].text))
            assert old != new
            assert len({(a, b) for a, b in zip(old, new, strict=False) if a != b}) <= 3
            done += 1
    assert done > 60


def test_nothing_of_the_example_languages_benchmark_is_in_them() -> None:
    def grams(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"\w+|[^\w\s]", text.lower())
        return {tuple(words[place : place + 8]) for place in range(len(words) - 7)}

    lines = (ROOT / "examples" / "levy" / "benchmark" / "tasks.jsonl").read_text(encoding="utf-8").splitlines()
    levy = set().union(
        *(grams(task["statement"]) | grams(task["before"] + task["canonical"]) for task in map(json.loads, lines))
    )
    for seed in range(3):
        for function, _ in functions(seed, 700):
            printed = PRINTERS["lua"](Look.any(random.Random(seed))).print(function)
            assert not grams(printed.about) & levy, printed.about


def test_a_recipe_that_is_wrong_is_one_line(tmp_path: Path) -> None:
    recipe = read_instruction_settings(ROOT / "training" / "recipes" / "instruct.yaml")
    assert sum(recipe.amounts.model_dump().values()) == 30_400
    bad = tmp_path / "bad.yaml"
    for text, wrong in (
        ("seed: 1\nlanguages: {python: 1.0}\namount: {}\n", r"bad.yaml:3: .*amount.*amounts"),
        ("seed: 1\nlanguages: {levy: 1.0}\n", r"bad.yaml:.*'levy'.*javascript, lua, moonbit, python"),
        ("seed: 1\nlanguages: {python: -1.0}\n", r"share of python is -1.0"),
    ):
        bad.write_text(text, encoding="utf-8")
        with pytest.raises(RecipeError, match=wrong):
            read_instruction_settings(bad)
    with pytest.raises(ConfigError, match="'pairs' could be made; lower its amount"):
        written(tmp_path, "a", amounts={**settings().amounts.model_dump(), "pairs": 900})
    with pytest.raises(ConfigError, match="pairs need a corpus with"):
        write_instructions(settings(), tmp_path / "none", LANGUAGES, tmp_path / "b")
