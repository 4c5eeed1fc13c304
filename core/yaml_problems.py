"""From pydantic's validation errors to one line for the person who wrote the file.

`first_problem` takes the problem that stands first in the file, names the key by its path, says what is wrong
and what would be right, and the nearest right key for a misspelt one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from core.errors import did_you_mean

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Where:
    """The line, from 1, of every key and item."""

    lines: dict[KeyPath, int]

    def line_of(self, path: KeyPath) -> int:
        """The line of `path`, or of the nearest thing around it that is in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class ProblemError(Exception):
    """One thing that is wrong with a file: `line` from 1, `path` of the key (empty: the whole file), what."""

    def __init__(self, line: int, path: KeyPath, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.path = path
        self.what = what

    def line_for(self, file: str) -> str:
        """The message, with the file's name before it."""
        key = f"key '{dotted(self.path)}': " if self.path else ""
        return f"{file}:{self.line}: {key}{self.what}"


def dotted(path: KeyPath) -> str:
    """`("stages", 0, "name")` as `stages[0].name`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def first_problem(problems: ValidationError, model: type[BaseModel], data: object, where: Where) -> ProblemError:
    """The problem of `problems` that stands first in the file; how many more there are is said behind it.

    Missing keys come last: where one is missing, a misspelt one is the likely reason.
    """
    errors = [details for details in problems.errors(include_url=False) if not _follows(details)]
    found = [_problem(details, model, data, where) for details in errors]
    first = min(found, key=lambda problem: (problem.what.startswith("missing"), problem.line))
    places = {(problem.line, problem.path) for problem in found}
    if len(places) > 1:
        first.what += f" (and {len(places) - 1} more)"
    return first


def _follows(details: Mapping[str, Any]) -> bool:
    """Whether a list is only too short because pydantic does not count its wrong items, which are told themselves."""
    return details["type"] == "too_short" and len(details["input"]) > int(details["ctx"]["actual_length"])


def _problem(details: Mapping[str, Any], model: type[BaseModel], data: object, where: Where) -> ProblemError:
    path, models, value = _located(details["loc"], model, data)
    kind = details["type"]
    context: Mapping[str, Any] = details.get("ctx", {})
    if kind == "extra_forbidden":
        what = _unknown_key(path, models, data)
    elif kind == "missing":
        what = f"missing; add it{_description(models, path)}"
    else:
        what = _wrong_value(kind, context, details["msg"], value)
    return ProblemError(where.line_of(path), path, what)


def _located(loc: tuple[str | int, ...], model: type[BaseModel], data: object) -> tuple[KeyPath, list[Any], object]:
    """Path in the file, the models that hold its last key, and the value there.

    Pydantic mixes names of union members into `loc`: what leads nowhere in the data is taken for one and skipped.
    """
    path: list[str | int] = []
    types: list[Any] = [model]
    holders: list[Any] = [model]
    for index, step in enumerate(loc):
        last = index == len(loc) - 1
        if isinstance(data, dict) and (step in data or (last and any(step in _fields(t) for t in types))):
            holders = types
            types = [inner for t in types for inner in _inner(t, step)]
            data = data.get(str(step))
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            holders = types
            types = [inner for t in types for inner in _inner(t, step)]
            data = data[step]
        else:
            types = [t for t in types if _is_named(t, str(step))] or types
            continue
        path.append(step)
    return tuple(path), holders, data


def _fields(candidate: Any) -> Mapping[str, Any]:
    if not (isinstance(candidate, type) and issubclass(candidate, BaseModel)):
        return {}
    return {field.alias or name: field for name, field in candidate.model_fields.items()}


def _inner(candidate: Any, step: str | int) -> Iterator[Any]:
    """The models and containers that may stand under `step` of `candidate`."""
    if field := _fields(candidate).get(str(step)):
        yield from _members(field.annotation)
    elif get_origin(candidate) in (list, tuple, dict, set, frozenset):
        for argument in get_args(candidate):
            yield from _members(argument)


def _members(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation


def _is_named(candidate: Any, tag: str) -> bool:
    """Whether `tag` is the model's class name, or a value of one of its `Literal` fields (a discriminator)."""
    if getattr(candidate, "__name__", "") == tag:
        return True
    annotations = (field.annotation for field in _fields(candidate).values())
    return any(get_origin(a) is Literal and tag in get_args(a) for a in annotations)


def _unknown_key(path: KeyPath, models: list[Any], data: object) -> str:
    known = list(dict.fromkeys(name for candidate in models for name in _fields(candidate)))
    near = did_you_mean(str(path[-1]), known) if path else ""
    if near:
        return f"unknown key{near}"
    return f"unknown key; known keys: {', '.join(known)}" if known else "unknown key; remove it"


def _description(models: list[Any], path: KeyPath) -> str:
    for candidate in models:
        field = _fields(candidate).get(str(path[-1])) if path else None
        if field is not None and field.description:
            return f" ({field.description})"
    return ""


_MUST_BE = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "path_type": "a path",
    "none_required": "left out",
}


def _wrong_value(kind: str, context: Mapping[str, Any], message: str, value: object) -> str:
    shown = _shown(value)
    if kind in _MUST_BE:
        quote = f', such as "{value}"' if kind == "string_type" and isinstance(value, int | float) else ""
        return f"{shown} is {_kind_of(value)}; it must be {_MUST_BE[kind]}{quote.lower()}"
    match kind:
        case "value_error" | "assertion_error":
            return str(context.get("error", message))
        case "literal_error" | "enum":
            expected = str(context["expected"])
            choices = [choice.strip("'") for choice in expected.replace(" or ", ", ").split(", ")]
            near = did_you_mean(value, choices) if isinstance(value, str) else ""
            return f"{shown} is not allowed; it must be {expected}{near}"
        case "union_tag_invalid":
            return f"{shown} has the unknown kind {context['tag']!r}; it must be one of {context['expected_tags']}"
        case "union_tag_not_found":
            return f"{shown} does not say its kind; add the key {context['discriminator']}"
        case "string_pattern_mismatch":
            return f"{shown} is not allowed; it must match {context['pattern']}"
        case "string_too_short" | "too_short" if context["min_length"] == 1:
            return f"{shown} is empty; it must not be"
        case _:
            return f"{shown} is not allowed; {_should(message)}"


def _should(message: str) -> str:
    for subject in ("Input should ", "String should ", "Value should ", "Tuple should ", "List should "):
        if message.startswith(subject):
            return "it must " + message.removeprefix(subject)
    return message[:1].lower() + message[1:]


def _kind_of(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a mapping of keys"


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."
