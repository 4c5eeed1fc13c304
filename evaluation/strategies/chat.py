"""Strategies that ask a model which was tuned on instructions; `running/extraction.py` takes the code out."""

from __future__ import annotations

from completion.asking.fences import blocks
from completion.asking.words import CODE_ONLY, fenced, introduction, to_complete
from core.errors import ConfigError
from core.languages import LanguageSpec
from evaluation.models.base import Chat, Message, Prompt
from evaluation.running.extraction import code_in, program_with
from evaluation.strategies.base import Strategy
from evaluation.strategies.examples import Documentation, Examples
from evaluation.tasks import Scoring, Task

_THINK = (
    "Think first: say step by step how to solve it and which parts of the language that takes. Then give the complete "
    "code in one fenced block, the last one of the answer."
)


class Ask(Strategy):
    """Zero-shot; with examples few-shot, with documentation retrieval, with `think` chain of thought (any of them)."""

    def __init__(
        self, examples: Examples | None = None, documentation: Documentation | None = None, *, think: bool = False
    ) -> None:
        self._examples = examples
        self._documentation = documentation
        self._think = think

    def prompt(self, task: Task, language: LanguageSpec) -> Prompt:
        """A conversation: what language this is, solved tasks as earlier turns, then the task."""
        messages = [Message("system", self._system(task, language))]
        for example in self._examples.nearest(task) if self._examples else []:
            messages += [
                Message("user", question(example, language)),
                Message("assistant", solution(example, language)),
            ]
        return Chat((*messages, Message("user", question(task, language))))

    def completion(self, answer: str, task: Task, language: LanguageSpec) -> str | None:
        """The code in the answer."""
        return code_in(answer, task, language)

    def formed(self, answer: str, task: Task, language: LanguageSpec) -> bool:
        """Whether it has exactly one block of code, and, but where it may think, nothing else."""
        said = answer.replace("\r\n", "\n").rpartition("</think>")[2].strip()
        if len([block for block in blocks(said) if block.strip()]) != 1:
            return False
        return self._think or (said.startswith(("```", "~~~")) and said.endswith(("```", "~~~")))

    def program(self, completion: str, task: Task, language: LanguageSpec) -> str:
        """The code in the place of the prompt's own head of the function, if it brings one."""
        return program_with(completion, task, language)

    def _system(self, task: Task, language: LanguageSpec) -> str:
        parts = [introduction(language)]
        if self._documentation:
            found = [f"From {section.path}:\n{section.text}" for section in self._documentation.nearest(task)]
            parts.append("Parts of the language's documentation that may help:\n\n" + "\n\n".join(found))
        parts.append(_THINK if self._think else CODE_ONLY)
        return "\n\n".join(parts)


def question(task: Task, language: LanguageSpec) -> str:
    """What a user says who wants a task solved. Raises `ConfigError` for a hole within a file."""
    if task.scoring is Scoring.MATCH or task.after:
        raise ConfigError(f"{task.id} is a hole to fill in; use the strategy `infill` for it")
    if not task.before:
        form = " The program reads standard input and writes standard output." * (task.scoring is Scoring.OUTPUT)
        return f"Solve this in {language.display_name}.{form}\n\n{task.statement}"
    return to_complete(task.statement, task.before, language)


def solution(task: Task, language: LanguageSpec) -> str:
    """The answer that a model should give: the task's program with its canonical completion, without the tests."""
    return fenced(solved_code(task, language), language)


def solved_code(task: Task, language: LanguageSpec) -> str:
    """The code of that answer."""
    return program_with(task.canonical or "", task.model_copy(update={"program_tail": ""}), language).strip()
