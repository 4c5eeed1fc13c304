"""What the sections of a language file are made of: immutable models, regular expressions, and templates.

A template holds placeholders such as `{name}`. They are replaced in one pass, and only they: all other braces stay as
they are. A template that lacks a placeholder it needs, or holds one that nothing fills, is refused.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")

Word = Annotated[str, Field(pattern=r"^\S+$")]


class SpecModel(BaseModel):
    """Base of the parts of a language file: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def fill(template: str, **values: str | int) -> str:
    """Replace each `{name}` in `template` that `values` names."""
    return PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), template)


def holds(*needed: str, also: tuple[str, ...] = ()) -> AfterValidator:
    """A validator: the template must hold `needed`, may hold `also`, and no other placeholder."""

    def validate(template: str) -> str:
        held = set(PLACEHOLDER.findall(template))
        for name in needed:
            if name not in held:
                raise ValueError(f"must hold {{{name}}}")
        for name in sorted(held - {*needed, *also}):
            known = ", ".join(f"{{{known}}}" for known in (*needed, *also)) or "none"
            raise ValueError(f"holds {{{name}}}, which nothing fills; its placeholders: {known}")
        return template

    return AfterValidator(validate)


def _is_a_pattern(value: str) -> str:
    try:
        re.compile(value, re.MULTILINE)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return value


Pattern = Annotated[str, AfterValidator(_is_a_pattern)]
"""A regular expression of Python's `re`."""
