"""Word problems in GSM8K's field names, asked and answered in the form of arXiv 2506.11027, in Prolog and Lisp."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import BenchmarkError, ConfigError
from core.language_files import LanguageRegistry
from core.sandbox import Sandbox
from evaluation.execution import missing_command
from evaluation.formats import read_benchmark
from evaluation.models.base import Chat
from evaluation.strategies.registry import StrategyOptions, strategy_named
from evaluation.tasks import Task
from tests.training.reinforcement.conftest import QUICK, adding
from training.reinforcement.verifier import Verifier

ASKED = strategy_named("reasoning-query", StrategyOptions())
ANSWERS = {
    "prolog": ("total(X) :- X is 3 * 14.", "?- total(X).", "total(X)"),
    "commonlisp": ("(defun total () (* 3 14))", "(total)", "(+ 1 (total))"),
    "lua": ("local function total() return 3 * 14 end", "total()", "total() + 1"),
}
"""Language -> code, a query with the right answer, another one."""


def problems(path: Path, *answers: str, language: str = "prolog") -> tuple[Task, ...]:
    lines = [{"question": f"Anna buys 3 boxes of 14 eggs. How many ({n})?", "answer": a} for n, a in enumerate(answers)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return read_benchmark(path, None, language).tasks


def reply(code: str, query: str) -> str:
    return f"<reasoning>\n3 boxes\n</reasoning>\n<code>\n{code}\n</code>\n<query>{query}</query>"


@pytest.mark.parametrize("language", list(ANSWERS))
def test_a_reply_is_run(language: str, languages: LanguageRegistry, sandbox: Sandbox, tmp_path: Path) -> None:
    spec = languages.named(language)
    assert spec.execution is not None
    if missing := missing_command(spec.execution):
        pytest.skip(f"{missing} is not installed")
    (task,) = problems(tmp_path / "gsm8k.jsonl", "3 * 14 = 42\n#### 42", language=language)
    code, right, other = ANSWERS[language]
    with Verifier([task], languages, sandbox, QUICK) as verifier:
        for query, passes in ((right, True), (other, language == "prolog")):
            program = ASKED.completion(reply(code, query), task, spec)
            assert program is not None
            assert verifier.result(task, program).passed is passes
        program = ASKED.completion(reply("", right), task, spec)
        assert program is None


@pytest.mark.parametrize(
    ("answer", "formed", "has_code"),
    [
        (reply("a.", "b"), True, True),
        (reply("```prolog\na.\n```", "b"), True, True),
        (f"Sure!\n{reply('a.', 'b')}", False, True),
        (reply("a.", "b") * 2, False, True),
        (reply("a.", " "), False, False),
        ("<code>a.</code><query>b</query>", False, True),
        ("<query>b</query><code>a.</code><reasoning>c</reasoning>", False, True),
        ("```prolog\na.\n```", False, False),
        ("<reasoning>a</reasoning><code>b<code></code><query>c</query>", False, True),
        ("", False, False),
    ],
)
def test_the_form(answer: str, formed: bool, has_code: bool, languages: LanguageRegistry, tmp_path: Path) -> None:
    (task,) = problems(tmp_path / "gsm8k.jsonl", "#### 42")
    prolog = languages.named("prolog")
    assert ASKED.formed(answer, task, prolog) is formed
    assert (ASKED.completion(answer, task, prolog) is not None) is has_code


def test_the_prompt(languages: LanguageRegistry, tmp_path: Path) -> None:
    (task,) = problems(tmp_path / "gsm8k.jsonl", "#### 42")
    prompt = ASKED.prompt(task, languages.named("prolog"))
    assert isinstance(prompt, Chat)
    system, user = prompt.messages
    assert "<query>a goal that binds X to the answer</query>" in system.text
    assert user.text == task.statement


def test_what_cannot_be_asked_so(languages: LanguageRegistry, tmp_path: Path) -> None:
    (task,) = problems(tmp_path / "gsm8k.jsonl", "#### 42")
    with pytest.raises(ConfigError, match=r"fortran: its language file does not say .* add `execution\.query`"):
        ASKED.prompt(task, languages.named("fortran"))
    with pytest.raises(ConfigError, match="no word problem"):
        ASKED.prompt(adding(), languages.named("lua"))
    with pytest.raises(ConfigError, match="takes no --examples"):
        strategy_named("reasoning-query", StrategyOptions(documentation=tmp_path))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("#### 42", ("42", "42.0", "42.")),
        ("a\n#### 1,234", ("1234", "1234.0", "1234.")),
        ("#### $-5", ("-5", "-5.0", "-5.")),
        ("#### 2.50", ("2.5", "2.50")),
    ],
)
def test_the_number(answer: str, expected: tuple[str, ...], tmp_path: Path) -> None:
    (task,) = problems(tmp_path / "gsm8k.jsonl", answer)
    assert task.cases[0].expected == expected


@pytest.mark.parametrize("answer", ["42", "#### forty-two", "####", "#### Infinity", "#### NaN"])
def test_no_number(answer: str, tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"gsm8k\.jsonl:1: field 'answer': no number stands behind `####`"):
        problems(tmp_path / "gsm8k.jsonl", answer)


def test_the_language_is_named(tmp_path: Path) -> None:
    path = tmp_path / "problems.jsonl"
    path.write_text('{"question": "How many?", "answer": "#### 1"}\n')
    with pytest.raises(BenchmarkError, match="name it with --language"):
        read_benchmark(path)
