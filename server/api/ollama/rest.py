"""What editors ask an Ollama beside texts: its models, and its version."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI

from server.api.foreign import model_name
from server.registry.models import Models

_TAGS: list[str | Enum] = ["Ollama"]


def add_ollama_routes(app: FastAPI, models: Models, started: int) -> None:
    """Add the routes. `started` is in seconds since 1970; models are said to be as old."""
    modified = dt.datetime.fromtimestamp(started, dt.UTC).isoformat().replace("+00:00", "Z")

    @app.get("/api/tags", summary="The models, as Ollama lists them", tags=_TAGS)
    async def tags() -> dict[str, object]:
        names = [f"{model_name(models, own)}:latest" for own in models.names]
        return {
            "models": [
                {"name": name, "model": name, "modified_at": modified, "size": 0, "digest": "", "details": {}}
                for name in names
            ]
        }

    @app.get("/api/version", summary="This server's version, which is none of Ollama's", tags=_TAGS)
    async def own_version() -> dict[str, str]:
        try:
            return {"version": version("vernacular")}
        except PackageNotFoundError:
            return {"version": "0.0.0"}
