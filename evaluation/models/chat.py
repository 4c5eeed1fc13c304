"""A conversation as segments: the model's own chat template, with the texts kept apart from its special tokens.

The template is rendered with a stand-in for each text, so that what a text holds is never taken for a special token,
and a template's own words always are.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from completion.segments import Segment, Special, Text, merged
from core.errors import CheckpointError, ConfigError, MissingDependencyError
from evaluation.models.base import Message
from server.tokens.rendering import TokenRenderer
from server.tokens.vocabulary import read_tokenizer_file

_STAND_IN = re.compile("\ue000([0-9]+)\ue001")


class ChatTemplate:
    """The chat template of a model folder, read when it is first used; or `template`, a Jinja text, in its place."""

    def __init__(self, folder: Path, renderer: TokenRenderer, template: str | None = None) -> None:
        self._folder = folder
        self._renderer = renderer
        self._template = template
        self.tokens = _spoken(folder, renderer)

    def segments(self, messages: Sequence[Message]) -> tuple[Segment, ...]:
        """The conversation, ready for the model's answer. Raises `ConfigError` where the model has no template."""
        outline = self.outline([message.role for message in messages], ready=True)
        return self.filled(outline, [message.text for message in messages])

    def outline(self, roles: Sequence[str], ready: bool) -> str:
        """A conversation of these roles with `stand_in(0)`, `stand_in(1)`, ... in the places of its texts.

        `ready`: it ends where the model's answer begins; else where the last message's turn ends. Where a template
        takes no system message (Gemma's), that opens the first of the others.
        """
        stand_ins = [{"role": role, "content": stand_in(number)} for number, role in enumerate(roles)]
        try:
            return self._rendered(stand_ins, ready)
        except CheckpointError:
            if len(roles) < 2 or roles[0] != "system":
                raise
            with contextlib.suppress(CheckpointError):
                outline = self._rendered(stand_ins[1:], ready)
                return outline.replace(stand_in(1), f"{stand_in(0)}\n\n{stand_in(1)}")
            raise

    def filled(self, outline: str, texts: Sequence[str]) -> tuple[Segment, ...]:
        """An outline, or a part of one, with the texts in their places."""
        segments: list[Segment] = []
        for place, piece in enumerate(_STAND_IN.split(outline)):
            segments += [Text(texts[int(piece)])] if place % 2 else self._special(piece)
        return merged(segments)

    def _special(self, text: str) -> Iterator[Segment]:
        if self._controls is None:
            yield Text(text)
            return
        for number, piece in enumerate(self._controls.split(text)):
            yield Special(piece) if number % 2 else Text(piece)

    @functools.cached_property
    def _controls(self) -> re.Pattern[str] | None:
        """Matches a special token's text, the longest first."""
        names = sorted(self._renderer.vocabulary.controls, key=len, reverse=True)
        return re.compile(f"({'|'.join(map(re.escape, names))})") if names else None

    def _rendered(self, messages: list[dict[str, str]], ready: bool) -> str:
        tokenizer = self._tokenizer
        try:
            rendered = str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=ready))
        except Exception as problem:  # a template may raise whatever it likes
            raise CheckpointError(
                f"{self._folder}: its chat template fails: {(str(problem) or 'no reason given').splitlines()[0]}"
            ) from None
        if sorted(_STAND_IN.findall(rendered)) != sorted(_STAND_IN.findall("".join(m["content"] for m in messages))):
            raise CheckpointError(f"{self._folder}: its chat template does not show every message once")
        return rendered

    @functools.cached_property
    def _tokenizer(self) -> Any:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        try:
            from transformers import AutoTokenizer
        except ImportError:
            raise MissingDependencyError("transformers", "vllm-cpu") from None
        try:
            tokenizer = AutoTokenizer.from_pretrained(self._folder, local_files_only=True)
        except (OSError, ValueError, TypeError, KeyError) as problem:
            raise CheckpointError(
                f"{self._folder}: its tokenizer cannot be loaded: {str(problem).splitlines()[0]}"
            ) from None
        if self._template is not None:
            tokenizer.chat_template = self._template
        if not tokenizer.chat_template:
            raise ConfigError(
                f"{self._folder.name} has no chat template, so it answers no questions; use the strategy `completion` "
                f"or `infill`, or a model that was tuned on instructions"
            )
        return tokenizer


def stand_in(number: int) -> str:
    """What stands for the text of message `number`: private characters, which no template and no trimming changes."""
    return f"\ue000{number}\ue001"


def _spoken(folder: Path, renderer: TokenRenderer) -> list[bytes]:
    """Bytes of each token in an answer: markers that are not declared special, such as `<think>`, are text here."""
    tokens = list(renderer.vocabulary.tokens)
    for token in read_tokenizer_file(folder).get("added_tokens") or []:
        if not token.get("special"):
            tokens[token["id"]] = str(token["content"]).encode()
    return tokens
