"""The one model that a server serves: from its name to completions.

`prepare` finds the folder, checks it, starts the engine and reads the tokenizer while the engine loads; from then
on the service follows the engine's state.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import UnavailableError
from core.wire import CompletionDelta, CompletionRequest, CompletionResult, ModelCard
from server.completer import Completer
from server.engines.base import Engine, EngineState
from server.models.checks import check_context, check_folder, context_limit
from server.models.description import ModelDescription, describe
from server.models.end_tokens import end_tokens
from server.models.folder import hub_folder, local_folder
from server.tokens.rendering import TokenRenderer

log = logging.getLogger("vernacular.service")

EngineFactory = Callable[[Path, int], Engine]
"""From a checked model folder and the tokens of context that the model takes at most."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """What a person asked for. `model` is a folder, a hub id, or `None` for the embedded model.

    `template` and `typing_layout` are names; `None`: the model's own word.
    """

    model: str | None = None
    template: str | None = None
    max_model_len: int | None = None
    healing: bool = True
    typing_layout: str | None = None


class Service:
    """Completions, and the state of what makes them."""

    def __init__(self, choice: ModelChoice, engine_factory: EngineFactory) -> None:
        self.card: ModelCard | None = None
        self._choice = choice
        self._engine_factory = engine_factory
        self._engine: Engine | None = None
        self._completer: Completer | None = None
        self._early = EngineState("starting", "looking at the model")

    @property
    def state(self) -> EngineState:
        """What the service does now."""
        if self._engine is None:
            return self._early
        state = self._engine.state
        if state.status == "ready" and self._completer is None:
            return EngineState("starting", "reading the tokenizer", restarts=state.restarts)
        return state

    @property
    def engine(self) -> Engine | None:
        """The engine, once it was started."""
        return self._engine

    def check(self) -> None:
        """Look at a folder on this machine, in milliseconds. Raises `CheckpointError` or `ConfigError`."""
        folder = local_folder(self._choice.model)
        if folder is not None:
            self._checked(folder)

    async def run(self) -> None:
        """Start the engine, and follow its state until cancelled.

        Raises `CheckpointError` where the model can never be served.
        """
        loop = asyncio.get_running_loop()
        folder, named = local_folder(self._choice.model), None
        if folder is None:
            assert self._choice.model is not None
            named = self._choice.model
            folder = await loop.run_in_executor(None, hub_folder, self._choice.model, self._report)
        config, limit = await loop.run_in_executor(None, self._checked, folder)
        self._engine = self._engine_factory(folder, limit)
        await self._engine.start()
        try:
            renderer = await loop.run_in_executor(None, TokenRenderer.from_folder, folder)
            choice = self._choice
            described = await loop.run_in_executor(
                None, describe, folder, renderer, config, named, choice.template, choice.typing_layout
            )
            await self._follow(self._engine, renderer, described, end_tokens(folder, config))
        finally:
            await self._engine.close()

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[CompletionDelta | CompletionResult, None]:
        """As `Completer.complete`; `UnavailableError` while there is none."""
        state = self.state
        if self._completer is None or state.status != "ready":
            raise UnavailableError(
                f"the model is not ready: {state.detail}", retry_after_s=state.retry_after_s, code=state.status
            )
        async with contextlib.aclosing(self._completer.complete(request)) as items:
            async for item in items:
                yield item

    async def _follow(
        self, engine: Engine, renderer: TokenRenderer, described: ModelDescription, eos: tuple[int, ...]
    ) -> None:
        state = engine.state
        while True:
            if state.status == "ready" and state.facts is not None:
                card = ModelCard(
                    name=described.name,
                    context_tokens=state.facts.context_tokens,
                    bytes_per_token=described.bytes_per_token,
                    template=described.template.name,
                    token_healing=state.facts.token_healing and self._choice.healing,
                )
                if card != self.card:  # indexing a large vocabulary takes a second
                    self._completer = await asyncio.get_running_loop().run_in_executor(
                        None, Completer, engine, renderer, described.template, card, eos
                    )
                    self.card = card
            log.info("%s: %s", state.status, state.detail)
            state = await engine.changed(state)

    def _checked(self, folder: Path) -> tuple[dict[str, Any], int]:
        config = check_folder(folder)
        limit = context_limit(config, folder)
        check_context(self._choice.max_model_len, limit, folder)
        return config, limit

    def _report(self, detail: str) -> None:
        self._early = EngineState("starting", detail)
        log.info("starting: %s", detail)
