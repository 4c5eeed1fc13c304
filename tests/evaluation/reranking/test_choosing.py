"""Which of several answers is taken, and what the curve says of it: tables by hand."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from core.language_files import load_languages
from evaluation.report.curves import curves_svg
from evaluation.reranking.choosing import Candidate, choose, first_that_runs, normalised
from evaluation.reranking.curve import curve
from evaluation.reranking.inputs import VARIATIONS, Inputs, compared_inputs, variations
from evaluation.running.probing import Level
from evaluation.scoring.group_scores import Estimate
from tests.evaluation.reranking.answered_runs import adding


def candidate(
    sample: int,
    behaviour: str = "",
    *,
    level: Level = Level.RAN,
    text: str = "",
    confidence: float | None = None,
    passed: bool = False,
) -> Candidate:
    return Candidate(sample, level, (behaviour,) if behaviour else (), text or behaviour, confidence, passed)


@pytest.mark.parametrize(
    ("candidates", "taken", "agreeing"),
    [
        ([candidate(0, "a"), candidate(1, "b"), candidate(2, "b")], 1, 2),
        ([candidate(0, "a"), candidate(1, "b")], 0, 1),
        ([candidate(0, "a", confidence=0.2), candidate(1, "b", confidence=0.7)], 1, 1),
        ([candidate(0, "a", confidence=0.2), candidate(1, "a", confidence=0.7)], 1, 2),
        # the one that does what the task shows, though most agree on something else
        ([candidate(0, "a"), candidate(1, "a"), candidate(2, "b", level=Level.SHOWN)], 2, 1),
        ([candidate(0, "a", level=Level.REFUSED), candidate(1, "a", level=Level.NO_CODE)], 0, 1),
        # nothing ran: the text that comes most often
        ([candidate(0, text="x"), candidate(1, text="y"), candidate(2, text="y")], 1, 3),
        # of those that do the same, the text that comes most often
        ([candidate(0, "a", text="x"), candidate(1, "a", text="y"), candidate(2, "a", text="y")], 1, 3),
    ],
)
def test_the_choice(candidates: list[Candidate], taken: int, agreeing: int) -> None:
    choice = choose(candidates)
    assert (choice.candidate.sample, choice.agreeing, choice.of) == (taken, agreeing, len(candidates))


def test_the_hidden_tests_take_no_part() -> None:
    wrong = [candidate(0, "a"), candidate(1, "a"), candidate(2, "b", passed=True)]
    assert choose(wrong).candidate.sample == 0


def test_the_compiler_alone_takes_the_first_that_runs() -> None:
    answers = [candidate(0, level=Level.FAILED), candidate(1), candidate(2, level=Level.SHOWN)]
    assert first_that_runs(answers).sample == 1
    with pytest.raises(ValueError, match="no answers"):
        first_that_runs([])


def test_text_without_comments_and_layout() -> None:
    lua = load_languages([], {}).named("lua")
    assert normalised("-- sum\nlocal x =  1+y\n", lua) == normalised("local x = 1 + y  \n\n", lua)
    assert normalised("local x = 1 - y", lua) != normalised("local x = 1 + y", lua)


def test_the_curve_by_hand() -> None:
    right, wrong = ("r", True), ("w", False)

    def of(*answers: tuple[str, bool]) -> list[Candidate]:
        return [candidate(n, behaviour, passed=passed) for n, (behaviour, passed) in enumerate(answers)]

    points = curve({"one": of(wrong, right, right), "two": of(right, wrong, wrong), "three": of(wrong, wrong, wrong)})
    assert [point.answers for point in points] == [1, 2, 3]
    found = [[point.random.estimate, point.chosen.estimate, point.best.estimate] for point in points]
    assert found == [
        [pytest.approx(1 / 3)] * 3,
        [pytest.approx(1 / 3), pytest.approx(1 / 3), pytest.approx(2 / 3)],  # of two, the first is taken
        [pytest.approx(1 / 3), pytest.approx(1 / 3), pytest.approx(2 / 3)],
    ]
    last = points[-1]  # one task won by a third, one lost by a third
    assert last.gain.estimate == pytest.approx(0)
    assert last.p_value == 1
    assert points[0].gain == Estimate(estimate=0, low=points[0].gain.low, high=points[0].gain.high)


def test_a_curve_shows_a_choice_that_helps() -> None:
    answers = [candidate(0, "w"), candidate(1, "r", passed=True), candidate(2, "r", passed=True), candidate(3, "x")]
    points = curve({str(number): answers for number in range(30)})
    assert [(point.random.estimate, point.chosen.estimate) for point in points] == [(0, 0), (0.5, 0), (0.5, 1)]
    assert points[-1].gain.low > 0
    assert points[-1].p_value < 0.001


def test_variations_are_always_the_same_and_keep_a_count() -> None:
    found = variations("3\n10 20 30\n")
    assert found == variations("3\n10 20 30\n")
    assert len(found) == len(set(found)) == VARIATIONS
    assert all(each.startswith("3\n") and len(each.split()) == 4 for each in found)
    assert "3\n10 20 30\n" not in found
    assert {each.split()[0] for each in variations("5\n10 20\n")} != {"5"}  # counts nothing
    assert variations("") == ()


def test_what_is_compared_never_holds_an_output() -> None:
    task = adding()
    assert compared_inputs(task, Inputs.VISIBLE) == ((), ())
    assert compared_inputs(task, Inputs.ALL) == ((b"3\n5\n", b"-1\n7\n"), ())
    valid, varied = compared_inputs(task, Inputs.VARIED)
    assert valid == ()
    assert len(varied) == VARIATIONS
    hidden = task.model_copy(update={"statement": "Add two numbers."})
    assert compared_inputs(hidden, Inputs.VARIED) == ((), ())


def test_a_picture_with_every_figure() -> None:
    half = Estimate(estimate=0.5, low=0.25, high=0.75)
    picture = curves_svg("tasks solved, % <all>", "answers", {"chosen": [(1, half), (2, half), (8, half)]})
    root = ET.fromstring(picture)  # noqa: S314 - our own
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["tasks solved, % <all>", "0", "25", "50", "75", "100", "1", "2", "8", "answers", "chosen"]
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 3
    with pytest.raises(ValueError, match="beyond 1"):
        curves_svg("", "", {"chosen": [(1, half)]})
