"""A language that only a file of a user's describes is chosen from and repaired as any other."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from core.language_files import load_languages
from evaluation.formats.vernacular import write_tasks
from evaluation.reranking.inputs import Inputs
from evaluation.reranking.rerank import rerank
from evaluation.running.evaluate import ModelChoice, RunChoice, evaluate
from evaluation.runs import read_results
from tests.evaluation.reranking.answered_runs import adding, answered
from tests.evaluation.reranking.test_rerank import Quiet
from tests.evaluation.running.endpoint import listening

SHELL = """
name: shell
display_name: POSIX shell
extensions: [.sh]
line_comments: ["#"]
definition_keywords: []
note: A shell.
execution:
  file: main.sh
  check: [sh, -n, main.sh]
  run: [sh, main.sh]
  mark: echo "{mark}"
  install: apt-get install --yes dash
"""
READ = "read a; read b;"
ADD, ADD_TOO, MULTIPLY = f"{READ} echo $((a + b))", f"{READ} expr $a + $b", f"{READ} echo $((a * b))"
REFUSED = f"{READ} echo $((a + b"


@pytest.fixture
def languages(tmp_path: Path) -> Path:
    folder = tmp_path / "languages"
    folder.mkdir()
    (folder / "shell.yaml").write_text(SHELL)
    return folder


def test_answers_in_it_are_chosen_from(tmp_path: Path, languages: Path) -> None:
    answers = [(adding(language="shell"), [REFUSED, MULTIPLY, ADD, ADD_TOO])]
    benchmark, run = answered(tmp_path, answers, languages=load_languages([languages]))
    command = ["rerank", run, benchmark, "--output", tmp_path / "chosen", "--languages", languages]
    vernacular = Path(sys.executable).with_name("vernacular")
    done = subprocess.run([vernacular, *map(str, command)], capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    (chosen,) = read_results(tmp_path / "chosen")
    assert (chosen.completion, chosen.passed) == (ADD, True)


def test_a_missing_tool_chain_is_one_line(tmp_path: Path, languages: Path) -> None:
    answers = [(adding(language="shell"), [MULTIPLY, ADD])]
    benchmark, run = answered(tmp_path, answers, languages=load_languages([languages]))
    (languages / "shell.yaml").write_text(SHELL.replace("run: [sh,", "run: [no-such-shell,"))
    with pytest.raises(ConfigError, match="shell: no-such-shell is not installed; run: vernacular languages install"):
        rerank(run, benchmark, tmp_path / "chosen", Inputs.VARIED, (languages,), Quiet())
    assert not (tmp_path / "chosen").exists()


def test_answers_in_it_are_repaired(tmp_path: Path, languages: Path) -> None:
    benchmark = tmp_path / "tasks.jsonl"
    write_tasks(benchmark, [adding(language="shell")])

    def answer(body: dict[str, Any]) -> str:
        code = REFUSED if len(body["messages"]) == 2 else ADD
        return f"```sh\n{code}\n```"

    with listening(answer) as endpoint:
        choice = RunChoice(
            benchmarks=(benchmark,),
            output=tmp_path / "run",
            model=ModelChoice(endpoint=endpoint.url),
            languages=(languages,),
            strategy="repair",
        )
        asyncio.run(evaluate(choice, Quiet()))
        assert "The compiler refuses the program:\\nmain.sh: 2: Syntax error" in json.dumps(endpoint.asked[1])
    (result,) = read_results(tmp_path / "run")
    assert (result.passed, len(result.rounds)) == (True, 2)
