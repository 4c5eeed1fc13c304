"""YAML files that people write, read into pydantic models.

Guarantees: every problem is one line, `FILE:LINE: key 'a.b': what is wrong; what would be right`, raised as the
error class that the caller names; the line is where the key stands, or the mapping that lacks it. Scalars follow
YAML 1.2's core schema (`no` is text, `1e-3` is a number; `200_000` is one too), keys are always text, keys given
twice are refused. Types are strict: a number is never taken for text, nor text for a number.

Not supported: tags, merge keys, several documents in one file. Aliases work, up to `MAX_NODES` values.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from core.errors import ConfigError, did_you_mean
from core.yaml_problems import ProblemError, Where, first_problem

MAX_NODES = 100_000

Model = TypeVar("Model", bound=BaseModel)
Context = Mapping[str, object] | None


def load_yaml_model(
    path: Path, model: type[Model], error: type[ConfigError] = ConfigError, context: Context = None
) -> Model:
    """Read the file at `path` (UTF-8) and validate it against `model`; validators see `context`.

    Raises `error`, with a one-line text, for everything that can be wrong with the file: not there, not readable,
    not UTF-8, not YAML, a key that is unknown, missing or there twice, a value of a wrong type or out of bounds.
    """
    return parse_yaml_model(read_text(path, error), str(path), model, error, context)


def parse_yaml_model(
    text: str, file: str, model: type[Model], error: type[ConfigError] = ConfigError, context: Context = None
) -> Model:
    """Validate the YAML `text` against `model`; `file` is what messages call it. Raises `error`, as above."""
    try:
        keys = f"it must hold the keys {', '.join(model.model_fields)}"
        tree = _read_mapping(text, keys, may_be_empty=False)
        try:
            return model.model_validate_json(json.dumps(tree.value), strict=True, context=context)
        except ValidationError as problems:
            raise first_problem(problems, model, tree.value, tree.where) from None
    except ProblemError as problem:
        raise error(problem.line_for(file)) from None


def read_text(path: Path, error: type[ConfigError] = ConfigError) -> str:
    """The text of a file that a person wrote. Raises `error`: not there, not readable, not UTF-8."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        near = did_you_mean(path.name, _files_beside(path))
        raise error(f"{path}: no such file{near or '; check the path'}") from None
    except OSError as problem:
        reason = (problem.strerror or type(problem).__name__).lower()
        raise error(f"{path}: cannot be read ({reason}); a readable file is needed") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        byte = data[problem.start]
        raise error(f"{path}:{line}: byte 0x{byte:02x} is not UTF-8; save the file as UTF-8") from None


def read_yaml(text: str, file: str, error: type[ConfigError] = ConfigError) -> tuple[dict[str, Any], Where]:
    """The YAML `text`'s mapping as plain data, not yet validated, and the line of each key; empty: no keys.

    `file` is what messages call it. Raises `error`.
    """
    try:
        tree = _read_mapping(text, "it must hold keys and values", may_be_empty=True)
    except ProblemError as problem:
        raise error(problem.line_for(file)) from None
    return tree.value, tree.where


@dataclass(slots=True)
class _Tree:
    """Plain data, and the line (from 1) of every key and item by its path."""

    value: dict[str, Any] = field(default_factory=dict)
    where: Where = field(default_factory=lambda: Where({}))
    nodes: int = 0


def _read_mapping(text: str, keys: str, *, may_be_empty: bool) -> _Tree:
    """What the text holds. `keys` tells what a file that is no mapping should be."""
    tree = _Tree()
    try:
        root = _composed(text)
        if root is None and not may_be_empty:
            raise ProblemError(1, (), f"the file is empty; {keys}")
        value = {} if root is None else _plain(root, (), tree, frozenset())
    except RecursionError:
        raise ProblemError(1, (), "this is nested too deeply; use fewer levels") from None
    if not isinstance(value, dict):
        raise ProblemError(tree.where.lines[()], (), f"the file is no mapping; {keys}")
    tree.value = value
    return tree


def _composed(text: str) -> Node | None:
    if _FastLoader is not None:
        with contextlib.suppress(yaml.YAMLError, RecursionError):  # the other one's messages say more
            return yaml.compose(text, Loader=_FastLoader)
    try:
        return yaml.compose(text, Loader=_CoreSchemaLoader)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        what = " ".join(part for part in (problem.problem, problem.context) if part)
        hint = "indent with spaces, not tabs" if "'\\t'" in what else "check indentation, colons and quotes here"
        raise ProblemError(mark.line + 1 if mark else 1, (), f"this is no YAML ({what}); {hint}") from None
    except yaml.reader.ReaderError as problem:
        line = text.count("\n", 0, problem.position) + 1
        character = ord(problem.character) if isinstance(problem.character, str) else problem.character
        raise ProblemError(line, (), f"character U+{character:04X} is not allowed in YAML; remove it") from None


def _plain(node: Node, path: tuple[str | int, ...], tree: _Tree, above: frozenset[int]) -> object:
    line = node.start_mark.line + 1
    tree.where.lines.setdefault(path, line)
    tree.nodes += 1
    if id(node) in above:
        raise ProblemError(line, path, "an alias contains itself; write the value out")
    if tree.nodes > MAX_NODES:
        raise ProblemError(line, path, f"the file holds more than {MAX_NODES} values; use fewer aliases")
    above |= {id(node)}
    if isinstance(node, MappingNode):
        return _plain_mapping(node, path, tree, above)
    if isinstance(node, SequenceNode):
        return [_plain(item, (*path, index), tree, above) for index, item in enumerate(node.value)]
    return _scalar(node, path, line)


def _plain_mapping(
    node: MappingNode, path: tuple[str | int, ...], tree: _Tree, above: frozenset[int]
) -> dict[str, object]:
    result: dict[str, object] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode):
            raise ProblemError(line, path, "a key is a list or a mapping; a key must be text")
        key = str(key_node.value)
        here = (*path, key)
        if key in result:
            first = tree.where.lines[here]
            raise ProblemError(line, here, f"given twice, first in line {first}; keep one of the two")
        tree.where.lines[here] = line
        result[key] = _plain(value_node, here, tree, above)
    return result


def _scalar(node: Node, path: tuple[str | int, ...], line: int) -> object:
    text = str(node.value)
    match node.tag:
        case "tag:yaml.org,2002:null":
            return None
        case "tag:yaml.org,2002:bool":
            return text.lower() == "true"
        case "tag:yaml.org,2002:int":
            try:
                return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
            except ValueError:  # Python's limit on digits
                raise ProblemError(line, path, f"a number of {len(text)} digits; write a smaller one") from None
        case "tag:yaml.org,2002:float":
            return float(text.replace(".inf", "inf").replace(".nan", "nan"))
        case "tag:yaml.org,2002:str":
            return text
        case tag:
            raise ProblemError(line, path, f"the tag {tag!r} is not known; leave it out")


class _CoreSchemaLoader(yaml.SafeLoader):
    """YAML 1.2's core schema. PyYAML's own is 1.1, where `no` is false and `1e-3` is text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+(_[0-9]+)*|0x[0-9a-fA-F]+|0o[0-7]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(_[0-9]+)*\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan",
        list("-+.0123456789"),
    ),
):
    _CoreSchemaLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first)

_FastLoader: type[yaml.CSafeLoader] | None = None
"""In C, eight times as fast; not in every build of PyYAML."""
if hasattr(yaml, "CSafeLoader"):

    class _CoreSchemaCLoader(yaml.CSafeLoader):
        yaml_implicit_resolvers = _CoreSchemaLoader.yaml_implicit_resolvers

    _FastLoader = _CoreSchemaCLoader


def _files_beside(path: Path) -> list[str]:
    try:
        return [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    except OSError:
        return []
