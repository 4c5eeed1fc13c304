"""Word problems in the form of arXiv 2506.11027: reasoning, code, and a query that the code answers.

The reply holds `<reasoning>`, `<code>` and `<query>`, each once; the query goes behind the code as the language file
says (`execution.query`), and what the program then prints is the answer.
"""

from __future__ import annotations

import re

from completion.asking.fences import blocks
from completion.asking.words import introduction
from core.errors import ConfigError
from core.languages import LanguageSpec
from evaluation.models.base import Chat, Message, Prompt
from evaluation.strategies.base import Strategy
from evaluation.tasks import Scoring, Task

_TAGS = ("reasoning", "code", "query")
_REPLY = re.compile("".join(rf"\s*<{tag}>(?P<{tag}>.*?)</{tag}>" for tag in _TAGS) + r"\s*", re.DOTALL)


class ReasoningQuery(Strategy):
    """Asks in a conversation, for tasks that are scored by output."""

    def prompt(self, task: Task, language: LanguageSpec) -> Prompt:
        """What form the reply has, then the problem. Raises `ConfigError` for a language without `execution.query`."""
        query = language.execution.query if language.execution else None
        if query is None:
            raise ConfigError(
                f"{language.name}: its language file does not say how a query is put to a program; add "
                f"`execution.query`, or use another strategy"
            )
        if task.scoring is not Scoring.OUTPUT or task.before:
            raise ConfigError(f"{task.id} is no word problem whose answer is printed; use another strategy for it")
        form = (
            f"Reply in three parts: <reasoning>how the problem is solved, step by step</reasoning>, then <code>a "
            f"{language.display_name} program</code>, then <query>{query.asks}</query>."
        )
        return Chat((Message("system", f"{introduction(language)}\n\n{form}"), Message("user", task.statement)))

    def formed(self, answer: str, task: Task, language: LanguageSpec) -> bool:
        """Whether the three parts are all there is, each once, in order, and none is empty."""
        found = _REPLY.fullmatch(answer)
        once = all(answer.count(f"<{tag}>") == answer.count(f"</{tag}>") == 1 for tag in _TAGS)
        return found is not None and once and all(found[tag].strip() for tag in _TAGS)

    def completion(self, answer: str, task: Task, language: LanguageSpec) -> str | None:
        """The code with the query behind it; `None` where one of them is missing. A fence around code is let by."""
        parts = {tag: re.search(rf"<{tag}>(.*?)</{tag}>", answer, re.DOTALL) for tag in ("code", "query")}
        code, query = ((found[1] if found else "") for found in parts.values())
        code = (blocks(code) or [code])[-1]
        if not code.strip() or not query.strip() or language.execution is None or language.execution.query is None:
            return None
        return f"{code.strip()}\n{language.execution.query.rendered(query)}\n"
