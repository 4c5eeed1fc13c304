"""From an entry of the models file to a service."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from server.admission import DEFAULT_SLOTS, QueueLimits
from server.engines.base import Engine
from server.engines.registry import engine_named
from server.engines.remote.options import remote_options
from server.models.adapters import check_adapter, fitting_rank
from server.registry.models_file import ModelEntry, ModelsFile
from server.service import ModelChoice, Service

_ADAPTERS_A_STEP = 8
"""Adapters that one step of the engine may mix at most; each takes memory, and more of them wait for each other."""

SINGLE = "default"
"""Name of the one model of a server without a models file; clients see the model's own name."""


class ServiceMaker:
    """Makes services. `engine` and `options` are the server's own, which an entry may overrule."""

    def __init__(self, engine: str, options: Mapping[str, JsonValue]) -> None:
        self._engine = engine
        self._options = dict(options)

    def __call__(self, name: str, entry: ModelEntry) -> Service:
        """The service of an entry, not started. Raises `VernacularError` where its folders cannot be served."""
        engine = entry.engine or self._engine
        options = {**(self._options if engine == self._engine else {}), **entry.engine_options}
        if entry.adapters and engine == "vllm":
            found = [check_adapter(folder) for folder in entry.adapters.values()]
            options = {"adapters": min(len(found), _ADAPTERS_A_STEP), "adapter_rank": fitting_rank(found), **options}
        if entry.adapters and engine == "remote":
            options = {"adapters": {str(folder): name for name, folder in entry.adapters.items()}, **options}
        longest = options.get("max_model_len")
        choice = ModelChoice(
            model=entry.checkpoint,
            template=entry.template,
            max_model_len=longest if isinstance(longest, int) else None,
            healing=entry.healing,
            typing_layout=entry.typing_layout,
            name=None if name == SINGLE else name,
            weights=engine != "remote",
        )

        def start(folder: Path, limit: int) -> Engine:
            facts: dict[str, JsonValue] = {"model": str(folder), "context_limit": limit}
            return engine_named(engine, {**options, **facts})

        limits = QueueLimits(
            slots=entry.slots or _at_once(engine, options),
            max_waiting=entry.max_waiting,
            interactive_wait_s=entry.wait_ms / 1e3,
            batch_wait_s=entry.batch_wait_s,
        )
        service = Service(choice, start, limits)
        service.check()
        return service


def _at_once(engine: str, options: Mapping[str, JsonValue]) -> int:
    """Jobs that the engine computes at once."""
    if engine == "remote":
        chosen = remote_options({"model": "", "context_limit": 1, **options})
        return len(chosen.endpoints) * chosen.max_streams
    at_once = options.get("max_sequences")
    return at_once if isinstance(at_once, int) else DEFAULT_SLOTS


def single_model(entry: ModelEntry) -> ModelsFile:
    """The models of a server that was given one model on its command line."""
    return ModelsFile(models={SINGLE: entry})
