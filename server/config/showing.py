"""The config that is in force, as text: every key, its value, and where that comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from server.config.loading import Loaded
from server.config.tree import is_secret, leaves, value_at

MASK = "********"


def rows(loaded: Loaded) -> Iterator[tuple[str, str, str]]:
    """Key, value as JSON, and origin; a secret that is set shows as `********`."""
    for path, field in leaves():
        value = value_at(loaded.config, path)
        shown = MASK if is_secret(field) and value is not None else json_of(value)
        yield ".".join(path), shown, loaded.origins[path]


def json_of(value: Any) -> str:
    """A value as JSON, paths as text."""
    return json.dumps(value, default=lambda item: str(item) if isinstance(item, Path) else MASK, ensure_ascii=False)
