"""A client that behaves as llama.vim is documented to (github.com/ggml-org/llama.vim, its help and its settings).

- Each step hides the text on display and looks into the cache (`llama_cache.py`); what is found is shown at once.
- A request goes out at each step where the cache has nothing for this place; while one is under way, it is tried
  again every 100 ms, and the running one is let finish. None where more than 8 characters stand right of the cursor.
- The request has up to 256 lines above and 64 below; the typed part of the line goes as `prompt`. The first request at
  a place may generate for 250 ms; when something is shown, a speculative one, as if it had been taken, for 1000 ms.
- Answers that repeat what stands below are not shown.
- Chunks of up to 64 lines around places left behind join a ring of 16, one a second while nobody types, each with a
  request of no tokens to warm the server's cache up.

It speaks to `/infill` of llama.cpp's server. Where `template` is set, the same parts go to `/completion` in that
layout instead, which a model needs that was taught another order than prefix, suffix, middle.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from completion.templates import template_named
from evaluation.replay.buffer import Buffer, Change
from evaluation.replay.clients.asking import Asker, ended
from evaluation.replay.clients.base import Sheet
from evaluation.replay.clients.llama_cache import AnswerCache
from evaluation.replay.clients.llama_place import Place, place_of, shown_text
from evaluation.replay.clients.llama_ring import Ring
from evaluation.replay.clients.prompting import CHARACTERS_PER_TOKEN, prompt_text
from evaluation.replay.clients.settings import parsed
from evaluation.replay.records import Usage

RETRY_S = 0.1


class LlamaVimSettings(BaseModel):
    """What `--setting` sets; names and defaults are llama.vim's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    n_prefix: int = Field(default=256, ge=1, description="lines above the cursor")
    n_suffix: int = Field(default=64, ge=0, description="lines below it")
    n_predict: int = Field(default=128, ge=1, description="upper bound on an answer's tokens")
    t_max_prompt_ms: int = Field(default=500, ge=1, description="for the prompt")
    t_max_first_ms: int = Field(default=250, ge=1, description="for the tokens of the first request at a place")
    t_max_predict_ms: int = Field(default=1000, ge=1, description="for those of a speculative one")
    max_line_suffix: int = Field(default=8, ge=0, description="more characters right of the cursor: no request")
    ring_n_chunks: int = Field(default=16, ge=0, description="chunks of other places")
    ring_chunk_size: int = Field(default=64, ge=2, description="lines of a chunk")
    ring_update_ms: int = Field(default=1000, ge=1, description="between two looks at the queued chunks")
    template: str = Field(default="", description="fill-in-the-middle template for /completion; empty: /infill")


class LlamaVimClient:
    """See the module."""

    def __init__(self, url: str, settings: Mapping[str, Any] | None = None) -> None:
        self.model = ""
        self._settings = parsed(LlamaVimSettings, settings or {})
        self._template = template_named(self._settings.template) if self._settings.template else None
        self._asker = Asker(url)
        self._sheet: Sheet | None = None
        self._rng = random.Random(0)  # noqa: S311 - not for secrets
        self._cache = AnswerCache(self._rng)
        self._ring = Ring(self._rng, self._settings.ring_n_chunks, self._settings.ring_chunk_size)
        self._request: asyncio.Task[None] | None = None
        self._retry: asyncio.Task[None] | None = None
        self._warming: asyncio.Task[None] | None = None
        self._shown = ""
        self._moved_s = 0.0
        self._room = 1

    async def open(self, sheet: Sheet) -> None:
        """See `Client`."""
        if not self.model:
            await self._asker.get("/health")
            properties = await self._asker.get("/props")
            generation = properties.get("default_generation_settings") or {}
            tokens = int(generation.get("n_ctx") or 2048) - self._settings.n_predict
            self._room = max(int(tokens * CHARACTERS_PER_TOKEN), 1)
            self.model = str(properties.get("model_path", "llama.cpp")).replace("\\", "/").rpartition("/")[2]
        self._sheet, self._moved_s = sheet, sheet.clock.now_s()
        self._cache = AnswerCache(self._rng)
        self._ring = Ring(self._rng, self._settings.ring_n_chunks, self._settings.ring_chunk_size)
        self._warming = asyncio.create_task(self._warm(sheet)) if self._settings.ring_n_chunks else None

    def edited(self, change: Change) -> None:
        """See `Client`."""
        assert self._sheet
        self._moved_s = self._sheet.clock.now_s()
        self._show("")
        self._try_hint(self._sheet)
        self._ask(self._sheet)

    async def finish(self) -> Usage:
        """See `Client`."""
        for task in (self._retry, self._warming, self._request):
            await ended(task)
        self._retry = self._warming = self._request = self._sheet = None
        return self._asker.take_usage()

    async def close(self) -> None:
        """See `Client`."""
        if self._sheet:
            await self.finish()
        await self._asker.close()

    def _place(self, buffer: Buffer) -> Place:
        return place_of(buffer, self._settings.n_prefix, self._settings.n_suffix)

    def _show(self, text: str) -> None:
        self._shown = text
        if self._sheet:
            self._sheet.show(text)

    def _try_hint(self, sheet: Sheet) -> None:
        """Show what the cache has for this place, and ask ahead for what comes after it."""
        place = self._place(sheet.buffer)
        text = shown_text(self._cache.find(place.above, place.typed, place.below), sheet.buffer)
        if text:
            self._show(text)
            self._ask(sheet, taken=text)

    def _ask(self, sheet: Sheet, taken: str = "") -> None:
        """A request for this place, or for the one after `taken`; later, where one is under way."""
        if self._request and not self._request.done():
            if self._retry:
                self._retry.cancel()
            self._retry = asyncio.create_task(self._ask_later(sheet, taken))
            return
        buffer = sheet.buffer
        place = self._place(Buffer(buffer.before + taken + buffer.after, buffer.cursor + len(taken)))
        if place.right_of_cursor > self._settings.max_line_suffix:
            return
        if self._cache.holds(place.above, place.typed, place.below):
            return
        self._request = asyncio.create_task(self._answer(sheet, place, speculative=bool(taken)))
        self._ring.gather(buffer)

    async def _ask_later(self, sheet: Sheet, taken: str) -> None:
        await sheet.clock.sleep(RETRY_S)
        self._retry = None
        self._ask(sheet, taken if taken == self._shown else "")

    async def _answer(self, sheet: Sheet, place: Place, *, speculative: bool) -> None:
        limit_ms = self._settings.t_max_predict_ms if speculative else self._settings.t_max_first_ms
        self._ring.drop_similar(sheet.buffer)
        answer = await self._post(place, self._settings.n_predict, limit_ms)
        self._request = None  # what is shown next may ask at once
        if answer is None:
            return
        self._cache.add(place.above, place.typed, place.below, str(answer.get("content", "")))
        if not self._shown:
            self._try_hint(sheet)

    async def _warm(self, sheet: Sheet) -> None:
        """Take queued chunks into the ring while nobody types, and have the server compute them."""
        while True:
            await sheet.clock.sleep(self._settings.ring_update_ms / 1e3)
            if sheet.clock.now_s() - self._moved_s >= 3.0 and self._ring.promote():
                await self._post(Place("", "", "", 0), 0, 1)

    async def _post(self, place: Place, n_predict: int, limit_ms: int) -> dict[str, Any] | None:
        common = {
            "n_predict": n_predict,
            "top_k": 40,
            "top_p": 0.9,
            "samplers": ["top_k", "top_p", "infill"] if n_predict else [],
            "stream": False,
            "cache_prompt": True,
            "t_max_prompt_ms": self._settings.t_max_prompt_ms,
            "t_max_predict_ms": limit_ms,
        }
        chunks = self._ring.chunks
        if self._template:
            prompt = prompt_text(self._template, place.above + place.typed, place.below, chunks, self._room)
            answer = await self._asker.post("/completion", common | {"prompt": prompt})
        else:
            body = {
                "input_prefix": place.above,
                "prompt": place.typed,
                "input_suffix": place.below,
                "input_extra": [{"text": chunk, "filename": "file"} for chunk in chunks],
                "n_indent": len(place.typed) - len(place.typed.lstrip(" \t")),
            }
            answer = await self._asker.post("/infill", common | body)
        if answer is not None:
            self._count(answer)
        return answer

    def _count(self, answer: dict[str, Any]) -> None:
        """llama.cpp's `prompt_n` is what it computed anew, `cache_n` what it had."""
        try:
            timings = answer["timings"]
            computed, generated = int(timings["prompt_n"]), int(timings["predicted_n"])
            prompt = computed + int(timings["cache_n"])
        except (KeyError, TypeError, ValueError):
            self._asker.count(unknown=1)
            return
        self._asker.count(prompt_tokens=prompt, computed_tokens=computed, generated_tokens=generated)
