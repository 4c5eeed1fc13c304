"""A model that a server serves: from its name to completions.

`Service.run` finds the folder, checks it, starts the engine and reads the tokenizer while the engine loads; from then
on the service follows the engine's state. `Adapted` is the same model with a LoRA adapter, on the same engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from completion.segments import Special, Text
from core.wire import CompletionDelta, CompletionRequest, CompletionResult, ModelCard
from server.access.identity import ANONYMOUS, Identity
from server.admission import Admission, QueueLimits
from server.chat import ChatTemplate
from server.completer import Completer
from server.engines.base import Engine, EngineState
from server.models.checks import check_context, check_folder, context_limit
from server.models.description import ModelDescription, describe
from server.models.end_tokens import end_tokens
from server.models.folder import hub_folder, local_folder
from server.texts import TextDelta, TextRequest, TextResult, Texts
from server.tokens.rendering import TokenRenderer

log = logging.getLogger("vernacular.service")

T = TypeVar("T")

EngineFactory = Callable[[Path, int], Engine]
"""From a checked model folder and the tokens of context that the model takes at most."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """What a person asked for. `model` is a folder, a hub id, or `None` for the embedded model.

    `template`, `typing_layout` and `name` are names; `None`: the model's own word. Without `weights` the folder's
    tokenizer and configuration are enough.
    """

    model: str | None = None
    template: str | None = None
    max_model_len: int | None = None
    healing: bool = True
    typing_layout: str | None = None
    name: str | None = None
    weights: bool = True


class Served(ABC):
    """What a request can be routed to."""

    admission: Admission

    @property
    @abstractmethod
    def card(self) -> ModelCard | None:
        """What a client needs to know of it; `None` until it was ready once."""

    @property
    @abstractmethod
    def state(self) -> EngineState:
        """What it does now."""

    @property
    @abstractmethod
    def engine(self) -> Engine | None:
        """The engine, once it was started."""

    @property
    @abstractmethod
    def completer(self) -> Completer:
        """What makes its completions. Raises `UnavailableError` while there is none."""

    @property
    @abstractmethod
    def texts(self) -> Texts:
        """What says its own words. Raises `UnavailableError` while there is none."""

    def say(self, request: TextRequest, identity: Identity = ANONYMOUS) -> AsyncGenerator[TextDelta | TextResult, None]:
        """As `Texts.say`, in turn. Raises `UnavailableError` while it is not ready, or has too much to do."""
        return self._in_turn(lambda: partial(self.texts.say, request), request.batch, identity)

    def complete(
        self, request: CompletionRequest, identity: Identity = ANONYMOUS
    ) -> AsyncGenerator[CompletionDelta | CompletionResult, None]:
        """As `Completer.complete`, in turn. Raises `UnavailableError` while it is not ready, or has too much to do."""
        return self._in_turn(lambda: partial(self.completer.complete, request), request.batch, identity)

    async def _in_turn(
        self, way: Callable[[], Callable[[float], AsyncGenerator[T, None]]], batch: bool, identity: Identity
    ) -> AsyncGenerator[T, None]:
        """What `way()` gives for the time of arrival. It raises while there is no way."""
        arrived = time.perf_counter()
        way()  # who cannot be answered does not wait
        async with (
            self.admission.slot(identity.user, batch=batch),
            contextlib.aclosing(way()(arrived)) as items,
        ):
            async for item in items:
                yield item


class Service(Served):
    """A model with an engine of its own."""

    def __init__(self, choice: ModelChoice, engine_factory: EngineFactory, limits: QueueLimits | None = None) -> None:
        self.admission = Admission(limits)
        self._card: ModelCard | None = None
        self._choice = choice
        self._engine_factory = engine_factory
        self._engine: Engine | None = None
        self._completer: Completer | None = None
        self._settled = asyncio.Event()
        self._texts: Texts | None = None
        self._early = EngineState("starting", "looking at the model")

    @property
    def card(self) -> ModelCard | None:
        """What a client needs to know of the model."""
        return self._card

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

    async def settled(self) -> EngineState:
        """The state as soon as it is `ready` or `failed`."""
        await self._settled.wait()
        return self.state

    async def run(self) -> None:
        """Start the engine, and follow its state until cancelled.

        Raises `CheckpointError` where the model can never be served.
        """
        loop = asyncio.get_running_loop()
        folder, named = local_folder(self._choice.model), None
        if folder is None:
            assert self._choice.model is not None
            named = self._choice.model
            folder = await loop.run_in_executor(
                None, hub_folder, self._choice.model, self._report, self._choice.weights
            )
        config, limit = await loop.run_in_executor(None, self._checked, folder)
        self._engine = self._engine_factory(folder, limit)
        await self._engine.start()
        try:
            renderer = await loop.run_in_executor(None, TokenRenderer.from_folder, folder)
            choice = self._choice
            described = await loop.run_in_executor(
                None, describe, folder, renderer, config, named, choice.template, choice.typing_layout
            )
            chat = ChatTemplate.from_folder(folder, renderer.vocabulary.controls)
            await self._follow(self._engine, renderer, described, end_tokens(folder, config), chat)
        finally:
            await self._engine.close()

    @property
    def completer(self) -> Completer:
        """What makes completions of the model. Raises `UnavailableError` while there is none."""
        state = self.state
        if self._completer is None or state.status != "ready":
            raise state.unavailable()
        return self._completer

    @property
    def texts(self) -> Texts:
        """What says the model's own words. Raises `UnavailableError` while there is none."""
        _ = self.completer  # raises while it is not ready
        assert self._texts is not None, "made together with the completer"
        return self._texts

    async def _follow(
        self,
        engine: Engine,
        renderer: TokenRenderer,
        described: ModelDescription,
        eos: tuple[int, ...],
        chat: ChatTemplate | None,
    ) -> None:
        state = engine.state
        while True:
            if state.status == "ready" and state.facts is not None:
                card = ModelCard(
                    name=self._choice.name or described.name,
                    context_tokens=state.facts.context_tokens,
                    bytes_per_token=described.bytes_per_token,
                    template=described.template.name,
                    token_healing=state.facts.token_healing and self._choice.healing,
                )
                if card != self._card:  # indexing a large vocabulary takes a second
                    completer = await asyncio.get_running_loop().run_in_executor(
                        None, Completer, engine, renderer, described.template, card, eos
                    )
                    start = [part for part in described.template.start if isinstance(part, Special | Text)]
                    self._texts = Texts(engine, renderer, completer, eos, start, chat)
                    self._completer, self._card = completer, card
            if state.status == "starting":
                self._settled.clear()
            else:
                self._settled.set()
            log.info("%s: %s", state.status, state.detail)
            state = await engine.changed(state)

    def _checked(self, folder: Path) -> tuple[dict[str, Any], int]:
        config = check_folder(folder, self._choice.weights)
        limit = context_limit(config, folder)
        check_context(self._choice.max_model_len, limit, folder)
        return config, limit

    def _report(self, detail: str) -> None:
        self._early = EngineState("starting", detail)
        log.info("starting: %s", detail)


class Adapted(Served):
    """A service's model with the LoRA adapter in `folder`, in the service's engine and queue, under a name."""

    def __init__(self, service: Service, name: str, folder: Path) -> None:
        self.admission = service.admission
        self.folder = folder
        self._service = service
        self._name = name
        self._made: tuple[Completer, Completer] | None = None

    @property
    def card(self) -> ModelCard | None:
        """The model's, under the adapter's name."""
        card = self._service.card
        return card and card.model_copy(update={"name": self._name})

    @property
    def state(self) -> EngineState:
        """The service's."""
        return self._service.state

    @property
    def engine(self) -> Engine | None:
        """The service's."""
        return self._service.engine

    @property
    def completer(self) -> Completer:
        """What makes completions with the adapter."""
        plain = self._service.completer
        if self._made is None or self._made[0] is not plain:
            self._made = (plain, plain.adapted(self._name, str(self.folder)))
        return self._made[1]

    @property
    def texts(self) -> Texts:
        """What says its own words with the adapter."""
        return self._service.texts.adapted(self.completer)
