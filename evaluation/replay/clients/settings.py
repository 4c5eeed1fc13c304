"""Settings of a client, as they are given on a command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from core.errors import ConfigError, did_you_mean

Settings = TypeVar("Settings", bound=BaseModel)


def parsed(kind: type[Settings], values: Mapping[str, Any]) -> Settings:
    """The settings with these values. Raises `ConfigError`, one line that names the setting."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        name = str(problem["loc"][0])
        if problem["type"] == "extra_forbidden":
            known = ", ".join(sorted(kind.model_fields))
            raise ConfigError(
                f"unknown setting {name!r}{did_you_mean(name, kind.model_fields)}; known: {known}"
            ) from None
        raise ConfigError(f"setting {name!r} is {problem['input']!r}: {problem['msg'].lower()}") from None
