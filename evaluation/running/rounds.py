"""Ask for one answer, and where the strategy has rounds again, with what the tool chain said of the one before.

What ends the rounds is that there is nothing to complain of, or that there are no more of them: never the hidden tests,
which nobody looks at before the last answer has come. A later prompt that no longer fits into the model's context ends
them too; the answer before it counts then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from core.errors import RequestError
from core.languages import LanguageSpec
from evaluation.models.base import Chat, Drawing, Model, Prompt, Reply
from evaluation.running.probing import Observed
from evaluation.runs import Round, Turn
from evaluation.strategies.base import Strategy
from evaluation.tasks import Task
from evaluation.verdicts import Judged

Observe = Callable[[Task, str | None], Awaitable[Observed]]
"""Tries a program of a task, `None` for an answer without code; see `probing.py`."""
Seeds = Callable[[int], int | None]
"""The seed of a round, counted from 0."""


@dataclass(frozen=True, slots=True)
class Try:
    """An answer, its code and program, and what was observed of it; nothing, where the strategy has no rounds."""

    prompt: Prompt
    reply: Reply
    completion: str | None
    program: str
    observed: Observed | None = None

    def as_round(self, judged: Judged) -> Round:
        """What is kept of it, with what the hidden tests said."""
        return Round(
            verdict=judged.verdict,
            detail=judged.detail,
            complaint=self.observed.complaint if self.observed else "",
            prompt_tokens=self.reply.prompt_tokens,
            new_tokens=self.reply.new_tokens,
        )


async def ask_in_rounds(
    model: Model,
    strategy: Strategy,
    task: Task,
    language: LanguageSpec,
    drawing: Drawing,
    seeds: Seeds,
    observe: Observe,
) -> tuple[Try, ...]:
    """One answer or more. Raises what `Model.ask` raises, but for a later prompt that can never be answered."""
    prompt = strategy.prompt(task, language)
    tries: list[Try] = []
    for number in range(strategy.rounds + 1):
        try:
            reply = await model.ask(prompt, replace(drawing, seed=seeds(number)))
        except RequestError:
            if not tries:
                raise
            break
        completion = strategy.completion(reply.text, task, language)
        program = "" if completion is None else strategy.program(completion, task, language)
        if not strategy.rounds:
            return (Try(prompt, reply, completion, program),)
        observed = await observe(task, None if completion is None else program)
        tries.append(Try(prompt, reply, completion, program, observed))
        if not observed.complaint:
            break
        prompt = strategy.again(prompt, reply.text, observed.complaint)
    return tuple(tries)


def conversation(tries: tuple[Try, ...]) -> tuple[Turn, ...]:
    """All that was said, the last answer included; nothing where the last prompt was no conversation."""
    last = tries[-1]
    if not isinstance(last.prompt, Chat):
        return ()
    turns = [Turn(role=message.role, content=message.text) for message in last.prompt.messages]
    return (*turns, Turn(role="assistant", content=last.reply.text))
