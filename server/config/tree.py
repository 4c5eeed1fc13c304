"""The schema as a tree: its leaves are the keys that hold a value, by their path from the root."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from server.config.schema import ServerConfig

KeyPath = tuple[str, ...]


def leaves(model: type[BaseModel] = ServerConfig, above: KeyPath = ()) -> Iterator[tuple[KeyPath, FieldInfo]]:
    """Every key that holds a value, in the schema's order."""
    for name, field in model.model_fields.items():
        if section := section_of(field):
            yield from leaves(section, (*above, name))
        else:
            yield (*above, name), field


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """The class of a section; None for a key that holds a value."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def mentions(field: FieldInfo, kind: type) -> bool:
    """Whether values of the field are, or hold, such a thing."""
    return _mentions(field.annotation, kind)


def is_list(field: FieldInfo) -> bool:
    """Whether the field holds several values."""
    return get_origin(field.annotation) is tuple


def is_secret(field: FieldInfo) -> bool:
    """Whether the value is never shown."""
    return mentions(field, SecretStr)


def is_path(field: FieldInfo) -> bool:
    """Whether the value names files or folders."""
    return mentions(field, Path)


def value_at(data: Any, path: KeyPath) -> Any:
    """The value under `path` of nested models or mappings. Raises `KeyError` where a mapping lacks it."""
    for step in path:
        data = data[step] if isinstance(data, dict) else getattr(data, step)
    return data


def put_at(data: dict[str, Any], path: KeyPath, value: object) -> None:
    """Set the value under `path`; mappings on the way are made."""
    for step in path[:-1]:
        data = data.setdefault(step, {})
    data[path[-1]] = value


def _mentions(annotation: Any, kind: type) -> bool:
    return annotation is kind or any(_mentions(part, kind) for part in get_args(annotation))
