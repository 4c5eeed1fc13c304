"""Conversations as token ids, with labels on what the assistant says and on the token that ends its turn.

Guarantees: the ids before an answer are exactly those that the model is given when it is asked the same in
evaluation, with its own chat template; an answer's labels run from its first token to the one that ends the turn,
that one included; no text becomes a special token. An answer in the middle of a conversation is learned too, unless its
`weight` is 0 (OpenAI's notation, for a mistake that the conversation corrects), or the template changes what stands
before it once another turn follows (as those do that drop what a model thought).

Not supported: templates that show no special token behind an answer.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from completion.segments import Special
from core.errors import CheckpointError
from evaluation.models.chat import ChatTemplate, stand_in
from server.tokens.rendering import TokenRenderer
from training.fitting.sequences import IGNORED, TokenSequence
from training.json_lines import read_lines
from training.settings import SettingsModel


class Turn(SettingsModel):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"] = Field(description="who speaks")
    content: str = Field(description="what is said", min_length=1)
    weight: Literal[0, 1] = Field(default=1, description="0: an answer of the assistant's that is shown, not learned")


class Conversation(SettingsModel):
    """A line of a file of conversations."""

    messages: tuple[Turn, ...] = Field(description="turns, the last one the assistant's", min_length=2)

    @field_validator("messages")
    @classmethod
    def _ends_with_an_answer(cls, turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
        if turns[-1].role != "assistant":
            raise ValueError(f"ends with the {turns[-1].role}; it must end with the assistant's answer")
        if not turns[-1].weight:
            raise ValueError("its last answer has weight 0; that one must be learned")
        return turns


def read_conversations(path: Path) -> Iterator[Conversation]:
    """The conversations of a JSON lines file, in its order. Raises `ConfigError`, one line with file and line."""
    return read_lines(path, Conversation, '{"messages": [{"role", "content"}, ...]}')


class ConversationTokens:
    """Makes token sequences of conversations, for one model."""

    def __init__(self, template: ChatTemplate, renderer: TokenRenderer) -> None:
        self._template = template
        self._renderer = renderer
        self._layout = functools.lru_cache(maxsize=1024)(self._layout_of)

    def sequence(self, conversation: Conversation) -> TokenSequence:
        """Its token ids and labels. Raises `CheckpointError` where the model's template cannot show it."""
        texts = [turn.content for turn in conversation.messages]
        input_ids: list[int] = []
        labels: list[int] = []
        for part, answer in self._layout(tuple(turn.role for turn in conversation.messages)):
            ids = self._ids(part, texts)
            input_ids += ids
            labels += ids if answer is not None and conversation.messages[answer].weight else [IGNORED] * len(ids)
        return TokenSequence(input_ids, labels)

    def _ids(self, outline: str, texts: Sequence[str]) -> list[int]:
        ids: list[int] = []
        for segment in self._template.filled(outline, texts):
            if isinstance(segment, Special):
                ids.append(self._renderer.control_id(segment.token))
            else:
                ids += self._renderer.encode(segment.text)
        return ids

    def _layout_of(self, roles: tuple[str, ...]) -> tuple[tuple[str, int | None], ...]:
        """Parts of the conversation's outline, each with the number of the answer that it is, or none; what follows the
        last answer is left out.

        The outlines decide, not the texts, so it is done once for each order of roles.
        """
        prompt = self._template.outline(roles[:-1], ready=True)
        whole = self._template.outline(roles, ready=False)
        mark = stand_in(len(roles) - 1)
        answer = whole[len(prompt) :] if whole.startswith(prompt) else whole[whole.index(mark) :]
        parts: list[tuple[str, int | None]] = []
        done = 0
        for number, role in enumerate(roles[:-1]):
            if role != "assistant":
                continue
            before = self._template.outline(roles[:number], ready=True)
            if prompt.startswith(before):
                end = len(before) + len(self._turn(prompt[len(before) :], stand_in(number)))
                parts += [(prompt[done : len(before)], None), (prompt[len(before) : end], number)]
                done = end
        return (*parts, (prompt[done:], None), (self._turn(answer, mark), len(roles) - 1))

    def _turn(self, outline: str, mark: str) -> str:
        """The start of `outline`, through `mark` and the first special token behind it."""
        behind = outline.index(mark) + len(mark)
        found = [
            (place, -len(token), token)
            for token in self._renderer.vocabulary.controls
            if (place := outline.find(token, behind)) >= 0
        ]
        if not found:
            raise CheckpointError(
                "the chat template shows no special token behind an answer, so a model could not learn to end one; "
                "give another by chat_template"
            )
        place, _, token = min(found)
        return outline[: place + len(token)]
