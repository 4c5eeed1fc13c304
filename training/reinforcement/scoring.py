"""From token ids to a graded answer: the same text, code and program as `vernacular evaluate` would make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigError
from core.language_files import LanguageRegistry
from evaluation.models.base import Chat
from evaluation.models.chat import ChatTemplate
from evaluation.strategies.base import Strategy
from evaluation.tasks import Task
from server.models.checks import context_limit, read_config
from server.models.end_tokens import end_tokens
from server.tokens.rendering import TokenRenderer
from training.reinforcement.rewards import Graded
from training.reinforcement.verifier import Verifier


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as text, the program that it makes with its task (`None`: it holds no code), whether it ended."""

    text: str
    program: str | None
    ended: bool


class Scorer:
    """Prompts of tasks, and what came of answers to them.

    `verifiers` say, for each task's id, who runs its programs. Raises `ConfigError` for a model without a chat
    template, and for a task that the strategy cannot ask.
    """

    def __init__(
        self,
        folder: Path,
        tasks: Sequence[Task],
        languages: LanguageRegistry,
        strategy: Strategy,
        verifiers: Mapping[str, Verifier],
        max_tokens: int,
    ) -> None:
        renderer = TokenRenderer.from_folder(folder)
        template = ChatTemplate(folder, renderer)
        config = read_config(folder)
        self.ends = end_tokens(folder, config)
        self.tasks = {task.id: task for task in tasks}
        self._languages = languages
        self._strategy = strategy
        self._verifiers = verifiers
        self._tokens = template.tokens
        self._max_tokens = max_tokens
        self.prompts: dict[str, list[int]] = {}
        for task in tasks:
            prompt = strategy.prompt(task, languages.named(task.language))
            assert isinstance(prompt, Chat)
            self.prompts[task.id] = list(renderer.ids_of(template.segments(prompt.messages)))
        self.row_tokens = max(map(len, self.prompts.values())) + max_tokens
        limit = context_limit(config, folder)
        if self.row_tokens > limit:
            longest = max(self.prompts, key=lambda name: len(self.prompts[name]))
            raise ConfigError(
                f"task {longest} has a prompt of {len(self.prompts[longest])} tokens and an answer may have "
                f"{max_tokens}; {folder} takes {limit}; lower max_new_tokens, or leave the task out"
            )

    def answered(self, task_id: str, ids: Sequence[int]) -> Answered:
        """What token ids say, up to the first that ends an answer."""
        end = next((place for place, token in enumerate(ids) if token in self.ends), None)
        known = (token for token in ids[:end] if token < len(self._tokens))  # a model may have rows for more
        text = b"".join(self._tokens[token] for token in known).decode(errors="replace")
        task = self.tasks[task_id]
        language = self._languages.named(task.language)
        code = self._strategy.completion(text, task, language)
        program = None if code is None else self._strategy.program(code, task, language)
        return Answered(text, program, end is not None)

    def begin(self, task_id: str, ids: Sequence[int]) -> None:
        """Run an answer's program, as soon as the answer has ended."""
        if (program := self.answered(task_id, ids).program) is not None:
            self._verifiers[task_id].begin(self.tasks[task_id], program)

    def graded(self, task_id: str, ids: Sequence[int]) -> Graded:
        """What came of an answer; waits for its program. Raises `SandboxError`."""
        answered, task = self.answered(task_id, ids), self.tasks[task_id]
        verified = None if answered.program is None else self._verifiers[task_id].result(task, answered.program)
        return Graded(
            formed=self._strategy.formed(answered.text, task, self._languages.named(task.language)),
            verified=verified,
            tokens=len(ids),
            max_tokens=self._max_tokens,
            ended=answered.ended,
        )
