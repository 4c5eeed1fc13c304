"""From a program to a task with inputs and outputs: inputs by the model, outputs by running, at last the statement.

What makes the program, a topic or other tasks, is the methods' own.
"""

from __future__ import annotations

from collections.abc import Iterable

from completion.asking.fences import blocks
from completion.asking.words import fenced
from evaluation.running.extraction import code_in
from evaluation.strategies.chat import question, solution
from evaluation.tasks import Case, Scoring, Task
from training.synthesis.journal import key_of
from training.synthesis.method import NO_CODE, Attempt, DroppedError
from training.synthesis.pairs import Pair
from training.synthesis.parts import Reversing
from training.synthesis.solving import give_away, solved_again
from training.tuning.mining import conversation

PROGRAM = (
    "It reads all that it needs from standard input and writes its results to standard output, nothing else: no "
    "prompts, no files, no network, no clock and no chance. Answer with the complete program in one fenced block."
)
_SHOWN = 2


async def written(attempt: Attempt, asked: str) -> str:
    """The program that the model writes to what is asked. Raises `DroppedError` for an answer without code."""
    answer = await attempt.ask(asked)
    bare = Task(id="program", language=attempt.language.name, scoring=Scoring.OUTPUT)
    program = (code_in(answer, bare, attempt.language) or "").strip()
    if not program:
        raise DroppedError(NO_CODE, answer)
    return program


async def stated(attempt: Attempt, method: str, program: str, part: Reversing) -> Pair:
    """The task that `program` solves, proved.

    Raises `DroppedError`: too few inputs, a program that fails, prints by chance or always the same, no statement, or
    one that gives the program away or leads nowhere.
    """
    language = attempt.language
    shown = f"Here is a {language.display_name} program:\n\n{fenced(program, language)}\n\n"
    cases = await _cases(attempt, shown, program, part)
    examples = "\n\n".join(map(_example, cases[:_SHOWN]))
    statement = await attempt.ask(
        f"{shown}It does this:\n\n{examples}\n\nWrite the statement of the programming task that it solves, for "
        f"somebody who has not seen it and may use any language: what is asked, the format of the input, the format of "
        f"the output, and the special cases. Answer with the statement alone. Show no code and no examples."
    )
    if not statement:
        raise DroppedError("no_statement")
    if give_away(statement, program):
        raise DroppedError("statement_gives_the_code")
    task = Task(
        id=f"{method}/{key_of(program, language.name)[:12]}",
        language=language.name,
        scoring=Scoring.OUTPUT,
        statement=f"{statement}\n\n{_example(cases[0])}",
        cases=cases,
        canonical=f"{program}\n",
        labels={"method": method},
    )
    if part.attempts:
        solved = await solved_again(attempt, task, part.attempts)
        task = task.model_copy(update={"labels": {"method": method, "solved": solved}})
    return Pair(
        method=method,
        groups=attempt.item.groups,
        task=task,
        messages=tuple(conversation(task, language)),
        code=program,
        is_new_task=True,
    )


async def _cases(attempt: Attempt, shown: str, program: str, part: Reversing) -> tuple[Case, ...]:
    """Inputs on which the program ends well, twice with the same output."""
    said = await attempt.ask(
        f"{shown}Write {part.inputs} inputs for it, each in a fenced block of its own that holds exactly what it reads "
        f"from standard input: common ones, and some of special cases. All have to be inputs that it is made for."
    )
    inputs = list(dict.fromkeys(block for block in blocks(said) if block.strip()))[: part.inputs]
    if len(inputs) < part.min_cases:
        raise DroppedError("too_few_inputs", said)
    first = await attempt.outputs(program, inputs)
    ran = [(given, out) for given, out in zip(inputs, first, strict=True) if out.strip()]
    if len(ran) < part.min_cases:
        raise DroppedError("does_not_run")
    if await attempt.outputs(program, [given for given, _ in ran]) != [out for _, out in ran]:
        raise DroppedError("prints_by_chance")
    if len({out.strip() for _, out in ran}) == 1:
        raise DroppedError("always_prints_the_same")
    return tuple(Case(stdin=given, expected=(out,)) for given, out in ran)


def _example(case: Case) -> str:
    return f"Example input:\n{case.stdin.rstrip()}\n\nExample output:\n{case.expected[0].rstrip()}"


def told(tasks: Iterable[Task], attempt: Attempt) -> str:
    """Tasks with their solutions, for a question that begins with them."""
    parts = [f"{question(task, attempt.language)}\n\n{solution(task, attempt.language)}" for task in tasks]
    if len(parts) == 1:
        return f"Here is a task and its solution.\n\n{parts[0]}\n\n"
    return "".join(f"Task {number}, and its solution:\n\n{text}\n\n" for number, text in enumerate(parts, 1))
