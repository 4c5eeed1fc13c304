"""The OpenAPI document: bodies that a door reads itself are described by their types all the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

_REF = "#/components/schemas/{model}"


def body_of_types(*types: type[BaseModel]) -> dict[str, Any]:
    """`openapi_extra` for a route whose body is JSON, of one of the types."""
    refs = [{"$ref": _REF.format(model=each.__name__)} for each in types]
    schema = refs[0] if len(refs) == 1 else {"anyOf": refs}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def describe_types(app: FastAPI, types: Sequence[type[BaseModel]]) -> None:
    """Have the app's document hold the schemas of `types`, and of what they are made of."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            _, schemas = models_json_schema([(each, "validation") for each in types], ref_template=_REF)
            components = made.setdefault("components", {}).setdefault("schemas", {})
            for name, schema in schemas["$defs"].items():
                components.setdefault(name, schema)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
