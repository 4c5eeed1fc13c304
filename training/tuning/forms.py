"""Forms of answers that one can ask for, and whether an answer has the form that was asked for.

They measure whether a model does as it is told, apart from whether its code is right: some ask for a part of the
question (a name, a line), the others for code in a certain dress. Everything works on a benchmark's task in any
language: so a model learns them on languages that it knows, and is measured on one that it does not.

A checker looks at the form alone: code in it may be wrong. White space at an answer's ends never counts.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from completion.asking.words import fenced, introduction
from core.errors import UnknownNameError
from core.languages import LanguageSpec
from evaluation.models.base import Message
from evaluation.strategies.chat import question, solved_code
from evaluation.tasks import Task
from training.tuning.reading import first_line, has_name, one_block, parameters_of, tagged

_TAGS = (
    "code",
    "answer",
    "solution",
    "result",
    "program",
    "reply",
    "source",
    "final",
    "output",
    "block",
    "text",
    "body",
)
_LINES = (
    "# done",
    "-- ready --",
    "READY",
    "Here it is:",
    "Done.",
    "=== answer ===",
    "As asked:",
    "OK",
    "* finished *",
    "[begin]",
    "That is all.",
    "~ the end ~",
    "Result:",
    "1) code",
    "(checked)",
    "Thank you.",
    "> answer",
)
_SYLLABLES = (
    "ba",
    "de",
    "fo",
    "gri",
    "hu",
    "ka",
    "lo",
    "mi",
    "nu",
    "pra",
    "re",
    "so",
    "ti",
    "vu",
    "wen",
    "zor",
    "plim",
)


@dataclass(frozen=True, slots=True)
class FormTask:
    """A task that is to be answered in a form. `slot` is what the form's instruction names, such as a tag."""

    form: str
    slot: str
    instruction: str
    task: Task

    def messages(self, language: LanguageSpec) -> tuple[Message, ...]:
        """The conversation up to the answer: the product's own question, then the instruction."""
        asked = f"{question(self.task, language)}\n\n{self.instruction}"
        return (Message("system", introduction(language)), Message("user", asked))

    def expected(self, language: LanguageSpec) -> str:
        """An answer that obeys; it holds the canonical code where the form asks for code."""
        return FORMS[self.form].answer(self, language)

    def obeys(self, answer: str, language: LanguageSpec) -> bool:
        """Whether the answer has the form."""
        return FORMS[self.form].obeys(answer.replace("\r\n", "\n").strip(), self, language)


@dataclass(frozen=True, slots=True)
class Form:
    """A form: how it is asked for (`{slot}`), what it names, its right answer and its checker.

    `gives`: whether the answer is code, or a part of the question.
    """

    name: str
    gives: Literal["code", "part"]
    phrasings: tuple[str, ...]
    answer: Callable[[FormTask, LanguageSpec], str]
    obeys: Callable[[str, FormTask, LanguageSpec], bool]
    slots: Callable[[random.Random, Task], str] = lambda rng, task: ""
    needs_parameters: bool = False

    def asked(self, task: Task, rng: random.Random) -> FormTask:
        """The task with this form asked for, in one of its phrasings."""
        slot = self.slots(rng, task)
        return FormTask(self.name, slot, rng.choice(self.phrasings).replace("{slot}", slot), task)


def obeys(form: str, answer: str, asked: FormTask, language: LanguageSpec) -> bool:
    """Whether `answer` has the form of that name. Raises `UnknownNameError`."""
    if form not in FORMS:
        raise UnknownNameError("form", form, FORMS)
    return FORMS[form].obeys(answer.replace("\r\n", "\n").strip(), asked, language)


def form_tasks(tasks: Sequence[Task], seed: int, forms: Sequence[str] | None = None) -> list[FormTask]:
    """One form for each task, every form as often as another, by the seed. Tasks need a `before` and an entry point.

    A form that asks for parameters passes by a task without any. Raises `UnknownNameError`.
    """
    names = list(forms) if forms is not None else list(FORMS)
    if unknown := [name for name in names if name not in FORMS]:
        raise UnknownNameError("form", unknown[0], FORMS)
    rng = random.Random(f"forms {seed}")  # noqa: S311 - not for secrets
    waiting: list[str] = []
    asked: list[FormTask] = []
    for task in tasks:
        has = bool(parameters_of(task))
        while not (usable := [name for name in waiting if has or not FORMS[name].needs_parameters]):
            waiting += rng.sample(names, len(names))
        waiting.remove(usable[0])
        asked.append(FORMS[usable[0]].asked(task, rng))
    return asked


def _invented(rng: random.Random, task: Task) -> str:
    return "".join(rng.choice(_SYLLABLES) for _ in range(rng.choice((2, 3))))


def _perhaps_a_parameter(rng: random.Random, task: Task) -> str:
    names = parameters_of(task)
    return rng.choice(names) if names and rng.random() < 0.5 else _invented(rng, task)


def _tag(rng: random.Random, task: Task) -> str:
    return rng.choice(_TAGS) if rng.random() < 0.6 else _invented(rng, task)


def _line(rng: random.Random, task: Task) -> str:
    return rng.choice(_LINES) if rng.random() < 0.6 else f"{rng.choice('#*=>~')} {_invented(rng, task)}"


def _renamed(asked: FormTask, code: str) -> str:
    return re.sub(rf"(?<![\w-]){re.escape(asked.task.entry_point)}(?![\w-])", asked.slot, code)


def _json_names(answer: str, asked: FormTask) -> bool:
    try:
        return bool(json.loads(answer) == {asked.slot: asked.task.entry_point})
    except ValueError:
        return False


def _commented(answer: str, asked: FormTask, language: LanguageSpec) -> bool:
    code = one_block(answer)
    return code is not None and code.split("\n")[0].rstrip() == _comment(asked, language)


def _is_plain(answer: str, asked: FormTask, language: LanguageSpec) -> bool:
    """Whether every line at the first column was given, opens a definition or a comment, or closes something."""
    given = {line.rstrip() for line in asked.task.before.split("\n")}
    openers = (*language.definition_keywords, *language.line_comments, *(c.open for c in language.block_comments))
    outer = [line.rstrip() for line in answer.split("\n") if line.strip() and not line[0].isspace()]
    fits = all(
        line in given or line.split()[0] in openers or not line[0].isalpha() or line == "end" or "=" in line
        for line in outer
    )
    return (
        "```" not in answer and fits and answer != asked.task.entry_point and has_name(answer, asked.task.entry_point)
    )


def _comment(asked: FormTask, language: LanguageSpec) -> str:
    return f"{language.line_comments[0]} {asked.slot}" if language.line_comments else asked.slot


def _renamed_right(answer: str, asked: FormTask, language: LanguageSpec) -> bool:
    code = one_block(answer)
    return code is not None and has_name(code, asked.slot) and not has_name(code, asked.task.entry_point)


def _code(asked: FormTask, language: LanguageSpec) -> str:
    return solved_code(asked.task, language)


def _dressed(asked: FormTask, language: LanguageSpec) -> str:
    return fenced(_code(asked, language), language)


_ALL = (
    Form(
        "name",
        "part",
        (
            "Give only the name of the function.",
            "Answer with the function's name and nothing else.",
            "Do not write code: only say what the function is called.",
        ),
        lambda a, _: a.task.entry_point,
        lambda said, a, _: said == a.task.entry_point,
    ),
    Form(
        "first_line",
        "part",
        (
            "Answer with the first line only, as it is given.",
            "Repeat only the first line of the code.",
            "Give the code's first line and nothing else.",
        ),
        lambda a, _: first_line(a.task),
        lambda said, a, _: said == first_line(a.task),
    ),
    Form(
        "parameters",
        "part",
        (
            "Say the parameters' names, comma separated.",
            "Only list the names of the parameters, with commas between.",
            "Answer with the parameters' names alone, separated by commas.",
        ),
        lambda a, _: ", ".join(parameters_of(a.task)),
        lambda said, a, _: [one.strip() for one in said.split(",")] == parameters_of(a.task),
        needs_parameters=True,
    ),
    Form(
        "parameter_list",
        "part",
        (
            "List the parameters' names, each on a line of its own behind a hyphen.",
            "Only give the parameters' names as a list: one a line, `- ` before each.",
        ),
        lambda a, _: "\n".join(f"- {name}" for name in parameters_of(a.task)),
        lambda said, a, _: said.split("\n") == [f"- {name}" for name in parameters_of(a.task)],
        needs_parameters=True,
    ),
    Form(
        "count",
        "part",
        (
            "Answer with the number of parameters, in digits.",
            "Only say how many parameters the function has, in digits.",
        ),
        lambda a, _: str(len(parameters_of(a.task))),
        lambda said, a, _: said == str(len(parameters_of(a.task))),
    ),
    Form(
        "yes_no",
        "part",
        (
            "Is one of the parameters called {slot}? Answer yes or no.",
            "Say only yes or no: does the function take {slot}?",
        ),
        lambda a, _: "yes" if a.slot in parameters_of(a.task) else "no",
        lambda said, a, _: said == ("yes" if a.slot in parameters_of(a.task) else "no"),
        _perhaps_a_parameter,
    ),
    Form(
        "json",
        "part",
        (
            'Answer with JSON: the key "{slot}" and the function\'s name.',
            'Only give a JSON object with one key, "{slot}", that holds the name of the function.',
        ),
        lambda a, _: json.dumps({a.slot: a.task.entry_point}),
        lambda said, a, _: _json_names(said, a),
        _tag,
    ),
    Form(
        "given",
        "part",
        (
            "Write nothing new: repeat what is given in one fenced block.",
            "Only repeat the code given, in a fenced block.",
        ),
        lambda a, language: fenced(a.task.before, language),
        lambda said, a, _: (one_block(said) or "").strip() == a.task.before.strip(),
    ),
    Form(
        "tags",
        "code",
        (
            "Answer with the code in <{slot}> tags, without a fence.",
            "Put the code between <{slot}> and </{slot}>, no fence.",
            "Use <{slot}> tags around the code instead of a fenced block.",
        ),
        lambda a, language: f"<{a.slot}>\n{_code(a, language)}\n</{a.slot}>",
        lambda said, a, _: tagged(said, a.slot),
        _tag,
    ),
    Form(
        "fence",
        "code",
        (
            "Answer in one fenced block tagged {slot}.",
            "Give the code in a single fenced block; write {slot} behind its fence.",
            "Use one fenced block, called {slot}, and nothing else.",
        ),
        lambda a, language: f"```{a.slot}\n{_code(a, language)}\n```",
        lambda said, a, _: one_block(said, a.slot) is not None,
        _tag,
    ),
    Form(
        "begin",
        "code",
        ("Begin with the line {slot}", "Begin the answer with the line {slot}", "The answer's first line is {slot}"),
        lambda a, language: f"{a.slot}\n{_dressed(a, language)}",
        lambda said, a, _: (
            said.split("\n")[0].rstrip() == a.slot and one_block(said.partition("\n")[2].strip()) is not None
        ),
        _line,
    ),
    Form(
        "end",
        "code",
        ("End with the line {slot}", "End the answer with the line {slot}", "The answer's last line is {slot}"),
        lambda a, language: f"{_dressed(a, language)}\n{a.slot}",
        lambda said, a, _: said.split("\n")[-1] == a.slot and one_block(said.rpartition("\n")[0].strip()) is not None,
        _line,
    ),
    Form(
        "plain",
        "code",
        (
            "Answer with the code alone, without a fence.",
            "Give only the code: no fenced block around it.",
            "No fence, just the code.",
        ),
        _code,
        _is_plain,
    ),
    Form(
        "comment",
        "code",
        (
            "Put the comment {slot} at the top of the code.",
            "The code's first line is a comment that says {slot}",
            "Let the code begin with a comment: {slot}",
        ),
        lambda a, language: fenced(f"{_comment(a, language)}\n{_code(a, language)}", language),
        _commented,
        _invented,
    ),
    Form(
        "rename",
        "code",
        (
            "Call the function {slot} instead.",
            "Use {slot} as the function's name instead.",
            "Rename the function to {slot}.",
        ),
        lambda a, language: fenced(_renamed(a, _code(a, language)), language),
        _renamed_right,
        _invented,
    ),
)
FORMS = {form.name: form for form in _ALL}
