"""What every method makes: a task, and a conversation in which it is solved by a program that ran."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import Field

from core.errors import ConfigError
from evaluation.formats.vernacular import write_tasks
from evaluation.models.base import Message
from evaluation.tasks import Scoring, Task
from training.documents import content_key
from training.settings import SettingsModel
from training.synthesis.settings import SynthesisError


class Pair(SettingsModel):
    """One conversation. All that is made of one group is trained on, or all is held out."""

    method: str = Field(description="who made it")
    groups: tuple[str, ...] = Field(
        description="what it was made of: the first tasks (`group_of`), functions or programs of its line", min_length=1
    )
    task: Task = Field(description="what is asked")
    messages: tuple[Message, ...] = Field(description="the conversation, ending with the assistant's answer")
    code: str = Field(description="the code of that answer")
    is_new_task: bool = Field(default=False, description="whether the task, with its solution, is worth keeping too")


def question_of(task: Task) -> str:
    """What a task asks, without its solution and its tests."""
    return f"{task.statement}\n{task.before}"


def group_of(task: Task) -> str:
    """The group of what is made of a task that was read: by what it asks, in whatever file and under whatever id."""
    return content_key(question_of(task))


def read_text(task: Task, code: str) -> str:
    """What is looked at where pairs are compared: the task as it is asked, and the code. No words of the system's."""
    return "\n".join((task.statement, task.before, code))


def write_split(path: Path, tasks: Iterable[tuple[Task, str]]) -> int:
    """Write tasks that have another id each, with `split` as a label; how many. None: an old file is removed."""
    kept: dict[str, Task] = {}
    for task, split in tasks:
        kept.setdefault(task.id, task.model_copy(update={"labels": {**task.labels, "split": split}}))
    try:
        if kept:
            write_tasks(path, kept.values())
        else:
            path.unlink(missing_ok=True)
    except OSError as problem:
        raise SynthesisError(f"{path}: cannot be written ({(problem.strerror or 'error').lower()})") from None
    return len(kept)


def questions(tasks: Sequence[Task], file: Path) -> Sequence[Task]:
    """The same tasks. Raises `ConfigError` for a hole within a file, which nobody can be asked as a question."""
    if hole := next((task for task in tasks if task.scoring is Scoring.MATCH or task.after), None):
        raise ConfigError(
            f"{file}: {hole.id} is a hole to fill in; tasks with tests, or inputs and outputs, are needed"
        )
    return tasks
