"""What a strategy does: a task becomes a prompt, and the answer to it a program."""

from __future__ import annotations

from abc import ABC, abstractmethod

from core.languages import LanguageSpec
from evaluation.models.base import Prompt
from evaluation.tasks import Task


class Strategy(ABC):
    """Pure once it is made. `stops` says whether a task's stop texts end an answer; `rounds`, how often at most a model
    is asked again with what the tool chain says of its answer."""

    stops = False
    rounds = 0

    @abstractmethod
    def prompt(self, task: Task, language: LanguageSpec) -> Prompt:
        """What the model is asked. Raises `ConfigError` for a task that this strategy cannot ask."""

    @abstractmethod
    def completion(self, answer: str, task: Task, language: LanguageSpec) -> str | None:
        """The code in the answer; `None` where it holds none."""

    def formed(self, answer: str, task: Task, language: LanguageSpec) -> bool:
        """Whether the answer has the form that was asked for; where none was, whether it holds code."""
        return self.completion(answer, task, language) is not None

    def program(self, completion: str, task: Task, language: LanguageSpec) -> str:
        """What is run for a completion."""
        return task.program(completion)

    def again(self, prompt: Prompt, answer: str, complaint: str) -> Prompt:
        """What the model is asked after `answer` to `prompt`. Only for a strategy that has rounds."""
        raise NotImplementedError(f"{type(self).__name__} has no rounds")
