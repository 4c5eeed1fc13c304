"""Forms: a right answer passes, a wrong one does not, in languages that spell names in any way."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from core.errors import UnknownNameError
from core.language_files import load_languages
from evaluation.formats import read_benchmark
from evaluation.strategies.chat import solution
from evaluation.tasks import Scoring, Task
from training.tuning.forms import FORMS, FormTask, form_tasks, obeys
from training.tuning.reading import parameters_of

LEVY = Path(__file__).parents[3] / "examples" / "levy"
LANGUAGES = load_languages([LEVY / "languages"], {})
SPEC = LANGUAGES.named("levy")
HEAD = ";; The hire of a boat.\nrule boat-hire(hours: Time, boats: [Boat]): Money\n"
TASK = Task(
    id="boat", language="levy", scoring=Scoring.TESTS, statement="The hire of a boat.", before=HEAD, program_head=HEAD,
    canonical="  gives 3 EUR/h * hours.\n", entry_point="boat-hire",
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_the_expected_answer_obeys_and_others_do_not(form: str) -> None:
    for seed in range(20):
        asked = FORMS[form].asked(TASK, random.Random(seed))
        assert asked.slot in asked.instruction
        answer = asked.expected(SPEC)
        assert obeys(form, f"\n{answer} \n", asked, SPEC)
        usual = solution(TASK, SPEC)
        for other in ("", "I do not know.", f"Sure!\n{answer}", f"{answer}\nThat is it.", usual):
            assert not obeys(form, other, asked, SPEC), other
        other_slot = FormTask(form, "otherword", asked.instruction, TASK)
        if asked.slot and form != "yes_no":
            assert not other_slot.obeys(answer, SPEC)


def test_code_that_is_wrong_still_has_its_form() -> None:
    asked = FormTask("tags", "code", "", TASK)
    assert asked.obeys("<code>\nrule nonsense\n</code>", SPEC)
    assert not asked.obeys("<code></code>", SPEC)
    assert not asked.obeys("<code>\n```levy\nrule\n```\n</code>", SPEC)
    fence = FormTask("fence", "solution", "", TASK)
    assert fence.obeys("```solution\nwrong\n```", SPEC)
    assert not fence.obeys("```levy\nwrong\n```", SPEC)
    assert not fence.obeys("```solution\na\n```\n```solution\nb\n```", SPEC)


@pytest.mark.parametrize(
    ("before", "name", "parameters"),
    [
        (HEAD, "boat-hire", ["hours", "boats"]),
        ("def f(a: dict[str, int], *rest, b=3):\n", "f", ["a", "rest", "b"]),
        ("function go() {\n", "go", []),
        ("fn[T] pick(a : (T, T), b : Array[T]) -> T {\n", "pick", ["a", "b"]),
        ("", "f", []),
    ],
)
def test_parameters_are_read_from_the_head(before: str, name: str, parameters: list[str]) -> None:
    assert parameters_of(TASK.model_copy(update={"before": before, "entry_point": name})) == parameters


def test_every_form_is_asked_as_often_as_another_and_the_seed_decides() -> None:
    tasks = [
        task
        for task in read_benchmark(LEVY / "benchmark" / "tasks.jsonl").tasks
        if task.labels["split"] == "development"
    ]
    asked = form_tasks(tasks, 1)
    counts = Counter(one.form for one in asked)
    assert [one.task for one in asked] == tasks
    assert max(counts.values()) - min(counts.get(form, 0) for form in FORMS) <= 1
    assert asked == form_tasks(tasks, 1) != form_tasks(tasks, 2)
    for one in asked:
        assert one.obeys(one.expected(SPEC), SPEC), (one.form, one.task.id)
        system, user = one.messages(SPEC)
        assert user.text.startswith(one.task.statement)
        assert user.text.endswith(one.instruction)
        assert "one fenced block, and nothing else" not in system.text
    with pytest.raises(UnknownNameError, match="known: begin"):
        form_tasks(tasks, 1, ["sonnet"])


def test_a_function_without_parameters_is_not_asked_for_them() -> None:
    bare = TASK.model_copy(update={"before": "rule boat-hire(): Money\n"})
    assert not [one for one in form_tasks([bare] * 60, 1) if FORMS[one.form].needs_parameters]
