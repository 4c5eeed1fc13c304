"""What a model must show before it is put in service: that its gate let it pass, and that it answers.

Guarantee: nothing here touches what is in service already.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from core.errors import CheckpointError, ConfigError, VernacularError
from core.gate import GateState, gate_verdict
from core.wire import CompletionRequest, CompletionResult
from server.models.folder import local_folder
from server.registry.models_file import ModelEntry, SmokePrompt
from server.service import Served, Service

log = logging.getLogger("vernacular.registry")

GatePolicy = Literal["required", "warn", "off"]


@dataclass(frozen=True, slots=True)
class Verification:
    """`ready_s` bounds the wait for a model to load, `answer_s` that for each smoke prompt's answer."""

    gate: GatePolicy = "warn"
    ready_s: float = 1800.0
    answer_s: float = 60.0

    async def check_gate(self, name: str, entry: ModelEntry) -> None:
        """Raise `CheckpointError` where the policy does not let the model in service. Reads all its files."""
        if self.gate == "off":
            return
        folder = None if entry.embedded else local_folder(entry.checkpoint)
        if folder is None:
            why = (
                "it is no folder of this machine" if not entry.embedded else "the embedded model has no gate's verdict"
            )
        else:
            answer = await asyncio.to_thread(gate_verdict, folder)
            if answer.state is GateState.PASSED:
                return
            why = answer.why
        if self.gate == "required":
            raise CheckpointError(
                f"model {name} is not put in service: {why}; judge it with `vernacular gate`, or set the gate's policy "
                f"to warn"
            )
        level = logging.INFO if entry.embedded else logging.WARNING  # nobody chose that one
        log.log(level, "model %s is served without a gate's word: %s", name, why)

    async def check_answers(self, name: str, service: Service, served: Iterable[Served], entry: ModelEntry) -> None:
        """Wait until the service is ready; then every one of `served` must manage the smoke prompts.

        Raises `CheckpointError` where one does not, or where the service fails.
        """
        await self._ready(name, service)
        for one in served:
            for number, prompt in enumerate(entry.smoke):
                await self._smoke(name, one, prompt, number)

    async def _ready(self, name: str, service: Service) -> None:
        try:
            async with asyncio.timeout(self.ready_s):
                state = await service.settled()
        except TimeoutError:
            raise CheckpointError(f"model {name} was not ready after {self.ready_s:g} s") from None
        if state.status != "ready":
            raise CheckpointError(f"model {name} cannot be served: {state.detail}")

    async def _smoke(self, name: str, served: Served, prompt: SmokePrompt, number: int) -> None:
        request = CompletionRequest(
            request_id=f"smoke-{number}",
            session_id="smoke",
            language=prompt.language,
            prefix=prompt.prefix,
            suffix=prompt.suffix,
            max_new_tokens=32,
            clean_up=False,
        )
        said = f"smoke prompt {number + 1} of model {served.card.name if served.card else name}"
        result: CompletionResult | None = None
        try:
            async with asyncio.timeout(self.answer_s):
                async for item in served.completer.complete(request):
                    if isinstance(item, CompletionResult):
                        result = item
        except TimeoutError:
            raise CheckpointError(f"{said} had no answer after {self.answer_s:g} s") from None
        except VernacularError as error:
            raise CheckpointError(f"{said} failed: {error}") from None
        if result is None or not result.tokens.generated or not result.confidence > 0:
            raise CheckpointError(f"{said} had no answer that makes sense (confidence not above 0)")
        if prompt.expect and not re.search(prompt.expect, result.text):
            raise CheckpointError(f"{said} answered {result.text!r}, without a match of {prompt.expect!r}")


def check_patterns(entry: ModelEntry) -> None:
    """Raise `ConfigError` where a smoke prompt expects what is no regular expression."""
    for prompt in entry.smoke:
        try:
            re.compile(prompt.expect)
        except re.error as error:
            raise ConfigError(
                f"smoke prompt expects {prompt.expect!r}, which is no regular expression ({error})"
            ) from None
