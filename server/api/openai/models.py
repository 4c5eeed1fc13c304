"""`GET /v1/models`: the names that a client may choose by."""

from __future__ import annotations

from fastapi import FastAPI

from core.errors import RequestError
from server.api.foreign import model_name
from server.api.openai.shapes import Item
from server.registry.models import Models


def add_model_routes(app: FastAPI, models: Models, started: int) -> None:
    """Add the routes. `started` is in seconds since 1970; it is what every model was `created` at."""

    def described(own: str) -> Item:
        return {"id": model_name(models, own), "object": "model", "created": started, "owned_by": "vernacular"}

    @app.get("/v1/models", summary="The models, as OpenAI lists them", tags=["OpenAI"])
    async def all_models() -> Item:
        return {"object": "list", "data": [described(own) for own in models.names]}

    @app.get(
        "/v1/models/{name:path}",
        summary="One model",
        tags=["OpenAI"],
        responses={404: {"description": "no such model"}},
    )
    async def one_model(name: str) -> Item:
        for own in models.names:
            if name in {own, model_name(models, own)}:
                return described(own)
        raise RequestError(
            "there is no model of that name; GET /v1/models lists them", status=404, code="model_not_found"
        )
