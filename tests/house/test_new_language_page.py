"""The page on a new language says what a language file's section `syntax` knows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from core.syntax import Brackets, Indentation, StringDelimiters, Syntax

PAGE = Path(__file__).resolve().parents[2] / "docs" / "new-language.md"
PARTS: dict[str, type[BaseModel]] = {
    "strings": StringDelimiters,
    "brackets": Brackets,
    "indentation": Indentation,
}


def rows(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"| `{prefix}{name}` | {default(field)} | {field.description} |"
        if name in PARTS:
            yield from rows(PARTS[name], f"{prefix}{name}.")


def default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    value = field.default
    if isinstance(value, BaseModel):
        return "`{}`"
    if isinstance(value, tuple):
        value = [each.model_dump(exclude_defaults=True) if isinstance(each, BaseModel) else each for each in value]
    return f"`{json.dumps(value)}`"


def test_every_key_stands_on_the_page_with_its_default() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    written = [line for line in lines if line.startswith("| `")]
    assert written == list(rows(Syntax))
