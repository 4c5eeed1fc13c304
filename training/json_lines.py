"""Files of JSON lines, checked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from core.errors import ConfigError

_Line = TypeVar("_Line", bound=BaseModel)


def read_lines(path: Path, kind: type[_Line], shape: str, hint: str = "") -> Iterator[_Line]:
    """The lines that are not empty, one at a time, since a file may be larger than memory.

    Raises `ConfigError`, one line, which ends with `hint` where the file cannot be read, with `shape` where one of its
    lines is malformed.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _checked(line, kind, f"{path}:{number}", shape)
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be read ({(problem.strerror or 'error').lower()}){hint}") from None


def _checked(line: bytes, kind: type[_Line], where: str, shape: str) -> _Line:
    try:
        return kind.model_validate_json(line)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"])) or "the line"
        raise ConfigError(f"{where}: {key}: {first['msg']}; each line is {shape}") from None
