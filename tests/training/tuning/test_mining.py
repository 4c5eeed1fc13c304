"""Pairs that are mined from a corpus: which functions, in which words, and that Levy's rules are among them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import ConfigError, UnknownNameError
from core.language_files import load_languages
from evaluation.heldout.positions import HeldOutDocument
from evaluation.tasks import Task
from training.tuning.conversations import read_conversations
from training.tuning.mining import mine, pairs_in
from training.tuning.settings import PairSettings

LEVY = Path(__file__).parents[3] / "examples" / "levy"
LANGUAGES = load_languages([LEVY / "languages"], {})
PYTHON = '''import os

SCALE = 3


def scaled(number):
    """Multiply a number by the scale.

    It is never negative.
    """
    return abs(number) * SCALE


def undocumented(number):
    return number + 1


# The larger of two numbers, as the shelf needs it.
def larger(left, right):
    if left > right:
        return left
    return right
'''
LEVY_TEXT = """fixed base is 2.50 EUR.

;; The storage of a crate: a base, then 0.40 EUR/d for its days.
;;
;; Holidays count.
rule crate-storage(days: Time): Money
  when days > 30 d refuse "too long"
  otherwise gives base + 0.40 EUR/d * days.

test "storage"
  expect crate-storage(1 d) = 2.90 EUR.
"""


def pairs(language: str, text: str, **options: object) -> list[Task]:
    settings = PairSettings.model_validate({"languages": (language,), "grammar": False, **options})
    document = HeldOutDocument(language=language, package="p", path="f", text=text)
    return list(pairs_in(document, LANGUAGES.named(language), settings, None))


def test_documented_functions_are_pairs_and_others_are_not() -> None:
    scaled, larger = pairs("python", PYTHON)
    assert (scaled.entry_point, scaled.statement) == ("scaled", "Multiply a number by the scale.")
    assert scaled.before.startswith("def scaled(number):\n")
    assert scaled.before.endswith('negative.\n    """\n')
    assert scaled.canonical == "    return abs(number) * SCALE\n"
    assert (larger.entry_point, larger.statement) == ("larger", "The larger of two numbers, as the shelf needs it.")
    assert larger.before.startswith("# The larger")


def test_a_rule_of_levy_is_a_pair_with_no_grammar_at_all() -> None:
    (rule,) = pairs("levy", LEVY_TEXT)
    assert rule.entry_point == "crate-storage"
    assert rule.statement == "The storage of a crate: a base, then 0.40 EUR/d for its days."
    assert rule.before.startswith(";; The storage of a crate")
    assert rule.before.endswith("rule crate-storage(days: Time): Money\n")
    assert rule.canonical is not None
    assert rule.canonical.endswith("otherwise gives base + 0.40 EUR/d * days.\n")


def test_definitions_that_the_function_names_are_shown_if_there_is_room() -> None:
    (with_context,) = pairs("levy", LEVY_TEXT, context_bytes=200)
    assert with_context.before.startswith("fixed base is 2.50 EUR.\n\n;; The storage")
    (without_room,) = pairs("levy", LEVY_TEXT, context_bytes=10)
    assert without_room.before.startswith(";; The storage")


@pytest.mark.parametrize(
    ("language", "text", "statement", "closing"),
    [
        (
            "lua",
            "--- Adds one.\n-- @param n number\nlocal function add(n)\n  return n + 1\nend\n\nx = 1\n",
            "Adds one.",
            "end",
        ),
        ("javascript", "/**\n * Adds one.\n */\nfunction add(n) {\n  return n + 1;\n}\n", "Adds one.", "}"),
        ("javascript", "// Adds one.\nmodule.exports = function (n) {\n  return n + 1;\n\n};\n", "Adds one.", "};"),
        ("moonbit", "///|\n/// Adds one.\nfn add(n : Int) -> Int {\n  n + 1\n}\n", "Adds one.", "}"),
    ],
)
def test_comments_lose_their_marks_and_closing_lines_belong_to_the_function(
    language: str, text: str, statement: str, closing: str
) -> None:
    (task,) = pairs(language, text, min_documentation_bytes=5, min_function_bytes=5)
    assert task.statement.startswith(statement)
    assert (task.canonical or "").rstrip().split("\n")[-1] == closing
    assert "x = 1" not in (task.canonical or "")


def test_sizes_leave_pairs_out() -> None:
    assert [task.entry_point for task in pairs("python", PYTHON, min_documentation_bytes=45)] == ["scaled", "larger"]
    assert [task.entry_point for task in pairs("python", PYTHON, max_documentation_bytes=50)] == ["larger"]
    assert pairs("python", PYTHON, max_function_bytes=30) == []


def corpus(folder: Path) -> Path:
    folder.mkdir()
    documents = {"train-levy.jsonl": LEVY_TEXT, "heldout-levy.jsonl": LEVY_TEXT + LEVY_TEXT.replace("crate", "box")}
    for name, text in documents.items():
        line = json.dumps({"language": "levy", "package": "p", "path": "a.levy", "text": text})
        (folder / name).write_text(f"{line}\n", encoding="utf-8")
    return folder


def test_what_is_mined_is_asked_as_evaluation_asks(tmp_path: Path) -> None:
    counts = mine(corpus(tmp_path / "corpus"), LANGUAGES, PairSettings(languages=("levy",)), tmp_path / "out")
    assert (counts["train"], counts["heldout"]) == (1, 1)  # what is trained on is not measured on again
    (turns,) = [one.messages for one in read_conversations(tmp_path / "out" / "train.jsonl")]
    assert [turn.role for turn in turns] == ["system", "user", "assistant"]
    assert turns[0].content.startswith("You write Levy. Levy, for tariffs.")
    assert "\n\nComplete this Levy code; repeat what is given.\n\n```levy\n;; The storage" in turns[1].content
    assert turns[2].content.startswith("```levy\n;; The storage")
    assert turns[2].content.endswith("0.40 EUR/d * days.\n```")
    (held_out,) = read_conversations(tmp_path / "out" / "heldout.jsonl")
    assert "box-storage" in held_out.messages[2].content


def test_the_same_seed_takes_the_same_pairs(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "corpus")
    text = "".join(LEVY_TEXT.replace("crate", f"crate-{number}") for number in range(20))
    line = json.dumps({"language": "levy", "package": "p", "path": "b.levy", "text": text})
    (folder / "train-levy.jsonl").write_text(f"{line}\n", encoding="utf-8")
    written = []
    for number, seed in enumerate((1, 1, 2)):
        mine(folder, LANGUAGES, PairSettings(languages=("levy",), seed=seed, max_pairs=8), tmp_path / str(number))
        written.append((tmp_path / str(number) / "train.jsonl").read_text(encoding="utf-8"))
    assert written[0] == written[1] != written[2]
    assert written[0].count("\n") == 8


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "corpus")
    with pytest.raises(ConfigError, match="no function in levy has documentation of 1000 to 2000 bytes"):
        mine(folder, LANGUAGES, PairSettings(languages=("levy",), min_documentation_bytes=1000), tmp_path / "out")
    with pytest.raises(UnknownNameError, match="levi"):
        mine(folder, LANGUAGES, PairSettings(languages=("levi",)), tmp_path / "out")
    with pytest.raises(ConfigError, match=r"train-lua.jsonl: cannot be read"):
        mine(folder, LANGUAGES, PairSettings(languages=("lua",)), tmp_path / "out")
    (folder / "train-levy.jsonl").write_text('{"language": "levy"}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"train-levy.jsonl:1: package: .*each line is"):
        mine(folder, LANGUAGES, PairSettings(languages=("levy",)), tmp_path / "out")
    assert not (tmp_path / "out").exists()
