"""From a function to a conversation: in the product's own form, with a form of its own, or as an edit."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from completion.asking.words import fenced
from core.languages import LanguageSpec
from evaluation.models.base import Message
from evaluation.strategies.chat import solved_code
from evaluation.tasks import Scoring, Task
from training.tuning.forms import FORMS
from training.tuning.instructions.cases import CASES
from training.tuning.instructions.charges import charge, reckoning
from training.tuning.instructions.functions import Function
from training.tuning.instructions.languages import PRINTERS
from training.tuning.instructions.lists import LISTS
from training.tuning.instructions.printing import Look
from training.tuning.instructions.simple import SIMPLE
from training.tuning.instructions.words import Words
from training.tuning.mining import conversation
from training.tuning.reading import parameters_of

Conversation = list[Message]


def any_simple(words: Words) -> Function:
    """A very short function."""
    return words.rng.choice(SIMPLE)(words)


def any_function(words: Words) -> Function:
    """A function of any other kind."""
    draw = words.rng.random()
    if draw < 0.42:
        return charge(words, words.rng.choice((0, 1, 1, 1, 2, 2, 3)))
    if draw < 0.5:
        return reckoning(words)
    if draw < 0.77:
        return words.rng.choice(CASES)(words)
    return words.rng.choice(LISTS)(words)


def task_of(function: Function, language: LanguageSpec, rng: random.Random) -> Task:
    """The function as a task: sentence and head are given, the rest is asked for.

    Now and then the sentence stands only above the code, only within it, or there is no head at all.
    """
    look = Look.any(rng)
    printed = PRINTERS[language.name](look).print(function)
    named = f"Write the function `{printed.name}`"
    if rng.random() < 0.06:
        parameters = ", ".join(f"`{name}`" for name in parameters_of(_task(printed.name, language, printed.before, "")))
        of = f" of {parameters}" if parameters else " without parameters"
        whole = _task(printed.name, language, "", printed.before + printed.rest)
        return whole.model_copy(update={"statement": f"{named}{of}. {printed.about}"})
    task = _task(printed.name, language, printed.before, printed.rest)
    only_within = look.documented and rng.random() < 0.25
    return task if only_within else task.model_copy(update={"statement": printed.about})


def asked(task: Task, language: LanguageSpec, rng: random.Random) -> Conversation:
    """In the product's own form."""
    return conversation(task, language)


def asked_in_a_form(task: Task, language: LanguageSpec, rng: random.Random) -> Conversation | None:
    """With a form asked for, in most cases behind the product's own question, else in the place of its last words."""
    if not task.before:
        return None
    names = [name for name, form in FORMS.items() if not form.needs_parameters or parameters_of(task)]
    wish = FORMS[rng.choice(names)].asked(task, rng)
    messages = [*wish.messages(language), Message("assistant", wish.expected(language))]
    if rng.random() < 0.3:
        stated = f"{task.statement}\n\n" if task.statement else ""
        short = f"{stated}{wish.instruction}\n\n{fenced(task.before, language)}"
        messages[1] = Message("user", short)
    if not wish.obeys(messages[-1].text, language):
        return None
    return messages


def asked_to_edit(task: Task, language: LanguageSpec, rng: random.Random) -> Conversation | None:
    """Whole code, one change, the same code changed."""
    code = solved_code(task, language)
    change = rng.choice((_rename, _other_number, _other_name))(code, task, rng)
    if change is None:
        return None
    instruction, changed = change
    system = conversation(task, language)[0]
    place = rng.choice(("{0}\n\n{1}", "{0} Repeat all else.\n\n{1}", "{1}\n\n{0}"))
    user = place.format(instruction, fenced(code, language)) if changed != code else ""
    return [system, Message("user", user), Message("assistant", fenced(changed, language))] if user else None


Asking = Callable[[Task, LanguageSpec, random.Random], "Conversation | None"]


def size_of(messages: Conversation) -> int:
    """Bytes of a conversation's texts."""
    return sum(len(message.text.encode()) for message in messages)


def _task(name: str, language: LanguageSpec, before: str, rest: str) -> Task:
    return Task(
        id=name,
        language=language.name,
        scoring=Scoring.TESTS,
        before=before,
        program_head=before,
        canonical=rest,
        entry_point=name,
    )


def _rename(code: str, task: Task, rng: random.Random) -> tuple[str, str] | None:
    names = parameters_of(task)
    if not names:
        return None
    old, new = rng.choice(names), Words(rng).invented()
    said = rng.choice(
        (
            "Rename {old} to {new} in this code.",
            "Call the parameter {old} {new} instead.",
            "Write {new} in place of {old}.",
        )
    )
    return said.format(old=old, new=new), re.sub(rf"\b{re.escape(old)}\b", new, code)


def _other_name(code: str, task: Task, rng: random.Random) -> tuple[str, str] | None:
    words = Words(rng)
    new = f"{words.invented()}_{words.invented()}"
    said = rng.choice(("Call the function {new}.", "Give {old} the name {new}.", "Rename {old} to {new}."))
    old = task.entry_point
    return said.format(old=old, new=new), re.sub(rf"\b{re.escape(old)}\b", new, code)


def _other_number(code: str, task: Task, rng: random.Random) -> tuple[str, str] | None:
    numbers = sorted(set(re.findall(r"(?<![\w.])\d{2,}(?:\.\d+)?(?![\w.])", task.canonical or "")))
    if not numbers:
        return None
    old, new = rng.choice(numbers), Words(rng).number("." not in rng.choice(numbers), 10, 999).text
    new = new if "." in new or "." not in old else f"{new}.5"
    said = rng.choice(("Change {old} to {new}.", "Use {new} in place of {old}.", "It is {new} now, not {old}."))
    return said.format(old=old, new=new), re.sub(rf"(?<![\w.]){re.escape(old)}(?![\w.])", new, code)
