"""What becomes of the answers of several runs, and of an answer that passed as another strategy would not read it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from core.language_files import load_languages
from evaluation.running.evaluate import ModelChoice, RunChoice, evaluate
from evaluation.verdicts import Verdict
from tests.evaluation.running.endpoint import listening
from tests.evaluation.running.test_evaluate import Quiet
from tests.evaluation.scoring.run_folders import result
from tests.training.synthesis.conftest import adding
from tests.training.synthesis.test_sample import VARIANTS, Script, made
from training.synthesis.accepting import accepted
from training.synthesis.parts import Keeping

Write = Callable[..., Path]


def test_tasks_of_one_id_in_two_files_are_two_tasks(tasks_file: Write, recipe_file: Write, tmp_path: Path) -> None:
    files = []
    for number in (3, 40):
        (tmp_path / str(number)).mkdir()
        task = adding(number).model_copy(update={"id": "0", "canonical": None})
        files.append(tasks_file(task, name=f"{number}/tasks"))
    runs = []
    with listening(Script(VARIANTS[2])) as endpoint:
        for number, file in zip((3, 40), files, strict=True):
            choice = RunChoice(
                benchmarks=(file,),
                output=tmp_path / f"run-{number}",
                model=ModelChoice(endpoint=endpoint.url),
                strategy="zero-shot",
            )
            (folder,) = asyncio.run(evaluate(choice, Quiet()))
            runs.append({"run": str(folder), "tasks": str(file)})
    recipe = recipe_file(None, sample={"runs": runs}, similarity=None, held_out=0)
    assert made(recipe, tmp_path / "data").train == 2


def test_what_is_learned_is_the_program_that_passed() -> None:
    """Not what another strategy would have made of the answer: here the function once more below itself."""
    task = adding(3)
    completion = (
        "  return value + 3\nend\nlocal sum = add_3(2)\n\nlocal function add_3(value)\n  return sum - 2 + value\nend\n"
    )
    stored = result(
        task.id, completion=completion, program=task.program(completion), verdict=Verdict.PASSED, language="lua"
    )
    (pair,) = accepted([stored], [task], load_languages(), Keeping())
    assert pair.code == f"{task.before}{completion}".strip()
