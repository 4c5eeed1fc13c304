"""A client as one writes it in an afternoon: a request at every stroke, the one before cancelled, the text as it is.

It speaks to any server with OpenAI's `/v1/completions`, such as vLLM: whole prefix and whole suffix, laid out as the
model's family has it, no debounce, no cache, nothing cleaned. Where the file is longer than the model's context, the
text far from the cursor is cut by characters, the suffix to a quarter of the room.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from completion.templates import FimTemplate, template_for_model, template_named
from core.errors import ConfigError, ServerUnreachableError
from evaluation.replay.buffer import Change
from evaluation.replay.clients.asking import Asker, ended
from evaluation.replay.clients.base import Sheet
from evaluation.replay.clients.prompting import CHARACTERS_PER_TOKEN, prompt_text
from evaluation.replay.clients.settings import parsed
from evaluation.replay.records import Usage


class NaiveSettings(BaseModel):
    """What `--setting` sets of the naive client."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(default="", description="name for the server; empty: the first one that it serves")
    template: str = Field(default="", description="fill-in-the-middle template; empty: by the model's name")
    max_tokens: int = Field(default=64, ge=1, description="upper bound on an answer's tokens")
    context_tokens: int = Field(default=0, ge=0, description="prompt and answer; 0: what the server says, or 2048")
    characters_per_token: float = Field(
        default=CHARACTERS_PER_TOKEN, gt=0, description="few, so that no prompt is too long"
    )


class NaiveClient:
    """See the module."""

    def __init__(self, url: str, settings: Mapping[str, Any] | None = None) -> None:
        self.model = ""
        self._settings = parsed(NaiveSettings, settings or {})
        self._asker = Asker(url)
        self._template: FimTemplate | None = None
        self._room = 0
        self._sheet: Sheet | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self, sheet: Sheet) -> None:
        """See `Client`."""
        if not self.model:
            await self._meet_server()
        self._sheet = sheet

    def edited(self, change: Change) -> None:
        """See `Client`."""
        assert self._sheet
        self._sheet.show("")
        if self._task:
            self._task.cancel()
        self._task = asyncio.create_task(self._ask(self._sheet))

    async def finish(self) -> Usage:
        """See `Client`."""
        await ended(self._task)
        self._task = self._sheet = None
        return self._asker.take_usage()

    async def close(self) -> None:
        """See `Client`."""
        await ended(self._task)
        await self._asker.close()

    async def _meet_server(self) -> None:
        listed = await self._asker.get("/v1/models")
        try:
            card = listed["data"][0]
            name = self._settings.model or str(card["id"])
        except (KeyError, IndexError, TypeError):
            raise ServerUnreachableError(f"{self._asker.url}/v1/models lists no model; is it vLLM's server?") from None
        named = self._settings.template
        self._template = template_named(named) if named else template_for_model(name)
        if self._template is None:
            raise ConfigError(f"no template is known for a model called {name!r}; give --setting template=NAME")
        tokens = self._settings.context_tokens or int(card.get("max_model_len") or 2048)
        self._room = int((tokens - self._settings.max_tokens) * self._settings.characters_per_token)
        self.model = name

    async def _ask(self, sheet: Sheet) -> None:
        assert self._template
        before, after = sheet.buffer.before, sheet.buffer.after
        suffix = after[: self._room // 4]
        prefix = before[-(self._room - len(suffix)) :]
        body = {
            "model": self.model,
            "prompt": prompt_text(self._template, prefix, suffix),
            "max_tokens": self._settings.max_tokens,
            "temperature": 0,
        }
        answer = await self._asker.post("/v1/completions", body)
        if answer is None:
            return
        try:
            text = str(answer["choices"][0]["text"])
            usage = answer.get("usage") or {}
            prompt, generated = int(usage["prompt_tokens"]), int(usage["completion_tokens"])
            details = usage.get("prompt_tokens_details")
            cached = int((details or {}).get("cached_tokens") or 0)
        except (KeyError, IndexError, TypeError, ValueError):
            self._asker.count(failed=1, unknown=1)
            return
        self._asker.count(prompt_tokens=prompt, computed_tokens=prompt - cached, generated_tokens=generated)
        self._asker.count(assumed=int(details is None))
        sheet.show(text)
