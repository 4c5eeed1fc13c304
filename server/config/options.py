"""What the sections say, in the words of the parts that they are for."""

from __future__ import annotations

from pydantic import JsonValue

from server.config.schema import EngineSection, ServerConfig
from server.registry.models_file import ModelEntry

_REMOTE = {"endpoints", "endpoint_api", "endpoint_model", "endpoint_key_file"}


def engine_options(section: EngineSection) -> dict[str, JsonValue]:
    """The options of the engine that the section names."""
    if section.name != "remote":
        return section.model_dump(mode="json", exclude={"name", *_REMOTE})
    return {
        "max_model_len": section.max_model_len,
        "endpoints": list(section.endpoints),
        "api": section.endpoint_api,
        "served_model": section.endpoint_model,
        "api_key_file": str(section.endpoint_key_file) if section.endpoint_key_file else None,
    }


def single_entry(config: ServerConfig) -> ModelEntry:
    """The one model that a config without a models file names."""
    chosen = config.models
    return ModelEntry(
        checkpoint=chosen.model,
        embedded=chosen.model is None,
        template=chosen.template,
        healing=chosen.healing,
        typing_layout=chosen.typing_layout,
        **config.queue.model_dump(),
    )
