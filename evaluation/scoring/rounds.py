"""What repairing gains: pass rates after each round, and the conversations in which a repair led to a pass.

The pass rate after round r is that of the last answer that each task had by then, so it can fall: a repair may break
what the hidden tests would have passed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import Field

from core.errors import RunError
from evaluation.runs import Result, Round, read_description
from evaluation.scoring.group_scores import Estimate, estimate
from evaluation.scoring.statistics import bootstrap_mean
from evaluation.scoring.summary import checked_results
from evaluation.tasks import TaskModel
from evaluation.verdicts import Verdict


class RoundScore(TaskModel):
    """After one round."""

    round: int = Field(description="from 0, the first answer", ge=0)
    asked: int = Field(description="answers of this round", ge=0)
    repaired: int = Field(description="of these, those that pass and whose predecessor did not", ge=0)
    broken: int = Field(description="of these, those that do not pass and whose predecessor did", ge=0)
    passed: Estimate = Field(description="pass rate of each task's last answer by then; a bootstrap over tasks")
    prompt_tokens: int = Field(description="of all prompts up to then", ge=0)
    new_tokens: int = Field(description="of all answers up to then", ge=0)


def round_scores(folder: Path) -> tuple[RoundScore, ...]:
    """By round. Raises `RunError`, one line, for a run whose strategy has no rounds."""
    tasks: dict[str, list[Sequence[Round]]] = {}
    for result in _in_rounds(folder):
        tasks.setdefault(result.task, []).append(result.rounds)
    most = max(len(rounds) for of_task in tasks.values() for rounds in of_task)
    return tuple(_score(list(tasks.values()), number) for number in range(most))


def repair_conversations(folder: Path) -> Iterator[str]:
    """A line of JSON for each answer that passes after a repair: `{"messages": [{"role", "content"}, ...]}`.

    An answer that the conversation corrects has `"weight": 0`: it is there to be seen, not to be learned. Raises
    `RunError` as `round_scores` does.
    """
    for result in _in_rounds(folder):
        if not result.passed or len(result.rounds) < 2:
            continue
        last = len(result.conversation) - 1
        messages = [
            {"role": turn.role, "content": turn.content}
            | ({"weight": 0} if turn.role == "assistant" and _is_try(result, place) and place < last else {})
            for place, turn in enumerate(result.conversation)
        ]
        yield json.dumps({"messages": messages}, ensure_ascii=False)


def _is_try(result: Result, place: int) -> bool:
    """Whether the turn is of the task itself, not of an example: answers and complaints in turns, at the end."""
    return place >= len(result.conversation) - (2 * len(result.rounds) - 1)


def _in_rounds(folder: Path) -> list[Result]:
    found = list(checked_results(folder, read_description(folder)))
    if not any(result.rounds for result in found):
        raise RunError(f"{folder}: its answers were asked for once; `vernacular evaluate --strategy repair` has rounds")
    return found


def _score(tasks: Sequence[Sequence[Sequence[Round]]], number: int) -> RoundScore:
    answers = [rounds for of_task in tasks for rounds in of_task]
    here = [rounds for rounds in answers if len(rounds) > number]
    turned = [(_passed(rounds, number - 1), _passed(rounds, number)) for rounds in here] if number else []
    by_then = [each for rounds in answers for each in rounds[: number + 1]]
    return RoundScore(
        round=number,
        asked=len(here),
        repaired=turned.count((False, True)),
        broken=turned.count((True, False)),
        passed=estimate(
            bootstrap_mean([sum(_passed(rounds, number) for rounds in of_task) / len(of_task) for of_task in tasks])
        ),
        prompt_tokens=sum(each.prompt_tokens for each in by_then),
        new_tokens=sum(each.new_tokens for each in by_then),
    )


def _passed(rounds: Sequence[Round], number: int) -> bool:
    return bool(rounds) and rounds[min(number, len(rounds) - 1)].verdict is Verdict.PASSED  # none: it was refused
