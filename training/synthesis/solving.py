"""Whether a statement leads back to a program that does the same; and whether it gives the program away."""

from __future__ import annotations

from evaluation.models.base import Chat
from evaluation.running.extraction import code_in, program_with
from evaluation.strategies.chat import Ask
from evaluation.tasks import Task
from evaluation.verdicts import Verdict
from training.synthesis.method import Attempt, DroppedError

_LONG = 24
"""Characters from which on a line of code says too much."""


async def solved_again(attempt: Attempt, task: Task, attempts: int) -> str:
    """How many of so many answers to the task pass, such as `1 of 2`. Raises `DroppedError` where none does."""
    prompt = Ask().prompt(task, attempt.language)
    assert isinstance(prompt, Chat)
    solved = 0
    for number in range(attempts):
        answer = await attempt.answer(prompt, number)
        code = code_in(answer, task, attempt.language)
        program = program_with(code, task, attempt.language) if code else ""
        solved += (await attempt.judged(task, code, program)).verdict is Verdict.PASSED
    if not solved:
        raise DroppedError("not_solved_again")
    return f"{solved} of {attempts}"


def give_away(statement: str, code: str) -> bool:
    """Whether a statement holds a long line of the solution."""
    said = {" ".join(line.split()) for line in statement.splitlines()}
    lines = {" ".join(line.split()) for line in code.splitlines()}
    return any(len(line) >= _LONG for line in said & lines)
