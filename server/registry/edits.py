"""Changes of a models file's data that are made in more than one place."""

from __future__ import annotations

from typing import Any

from core.errors import UnknownNameError
from server.registry.store import Edit


def promotion(language: str) -> Edit:
    """Make a language's candidate what serves it, and end the canary."""

    def edit(data: dict[str, Any]) -> None:
        canary = taken_out(data.get("canaries", {}), language, "canary for")
        data.setdefault("languages", {})[language] = canary["candidate"]

    return edit


def withdrawal(language: str) -> Edit:
    """End a language's canary; what served it serves everybody."""
    return lambda data: taken_out(data.get("canaries", {}), language, "canary for")


def taken_out(where: dict[str, Any], key: str, kind: str) -> Any:
    """Remove a key; its value. Raises `UnknownNameError`."""
    if key not in where:
        raise UnknownNameError(kind, key, where)
    return where.pop(key)
