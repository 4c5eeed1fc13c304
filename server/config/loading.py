"""From a file, the environment and the command line to one `ServerConfig`, and where each of its values comes from.

The command line goes before environment variables, those before the file, and that before the defaults. Guarantees:
each source is checked by itself, so that a mistake is told where it was made, in one line; an unknown key or variable
is refused with the nearest known one; a list is taken whole from the strongest source that has it; a relative path in
a file is relative to that file's folder.

pydantic-settings reads the same sources, but passes over unknown sections in the environment, and does not keep which
source, and which line of it, a value came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from core.errors import ConfigError, did_you_mean
from core.yaml_problems import Where, dotted, first_problem
from server.config.file import read_file
from server.config.schema import ServerConfig
from server.config.tree import KeyPath, is_list, leaves, put_at, value_at

PREFIX = "VERNACULAR_"
FILE_VARIABLE = "VERNACULAR_CONFIG"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A config and, by key, where its value comes from: `default`, `FILE:LINE`, a variable, or an option."""

    config: ServerConfig
    origins: Mapping[KeyPath, str]


def load_config(
    file: Path | None, environment: Mapping[str, str], options: Mapping[KeyPath, tuple[str, object]] | None = None
) -> Loaded:
    """The config that is in force. `options` are the command line's: by key, the option's name and its value.

    `file` None: the one that the variable `VERNACULAR_CONFIG` names, or none. Raises `ConfigError`.
    """
    if file is None and environment.get(FILE_VARIABLE):
        file = Path(environment[FILE_VARIABLE])
    data: dict[str, Any] = {}
    origins = {path: DEFAULT for path, _ in leaves()}
    sources = [read_file(file)] if file else []
    sources += [_from_environment(environment), _from_options(options or {})]
    for values, places in sources:
        for path, place in places.items():
            put_at(data, path, value_at(values, path))
            origins[path] = place
    return Loaded(ServerConfig.model_validate(data), origins)


def variable_of(path: KeyPath) -> str:
    """The environment variable that sets a key."""
    return PREFIX + "__".join(path).upper()


def set_on_command_line(settings: Sequence[str]) -> dict[KeyPath, tuple[str, object]]:
    """`load_config`'s options from texts like `listen.port=9000`; values are written as in variables.

    Raises `ConfigError`.
    """
    known = {".".join(path): (path, field) for path, field in leaves()}
    options: dict[KeyPath, tuple[str, object]] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise ConfigError(f"--set {setting}: write it like KEY=VALUE")
        if key not in known:
            near = did_you_mean(key, known) or "; `vernacular config show` lists the known ones"
            raise ConfigError(f"--set {setting}: unknown key{near}")
        path, field = known[key]
        options[path] = (f"--set {key}", _value(text, field))
    return options


def _value(text: str, field: FieldInfo) -> object:
    return [part.strip() for part in text.split(",") if part.strip()] if is_list(field) else text


def _from_environment(environment: Mapping[str, str]) -> tuple[dict[str, Any], dict[KeyPath, str]]:
    known = {variable_of(path): (path, field) for path, field in leaves()}
    data: dict[str, Any] = {}
    places: dict[KeyPath, str] = {}
    for name, text in environment.items():
        if not name.startswith(PREFIX) or "__" not in name:
            continue  # such as VERNACULAR_API_KEY, which is the clients'
        if name not in known:
            near = did_you_mean(name, known) or "; `vernacular config show` lists the known ones"
            raise ConfigError(f"environment variable {name}: unknown{near}")
        if text == "":
            continue
        path, field = known[name]
        put_at(data, path, _value(text, field))
        places[path] = name
    _checked(data, {path: f"environment variable {name}" for path, name in places.items()})
    return data, places


def _from_options(options: Mapping[KeyPath, tuple[str, object]]) -> tuple[dict[str, Any], dict[KeyPath, str]]:
    data: dict[str, Any] = {}
    for path, (_, value) in options.items():
        put_at(data, path, value)
    places = {path: name for path, (name, _) in options.items()}
    _checked(data, places)
    return data, places


def _checked(data: dict[str, Any], names: Mapping[KeyPath, str]) -> None:
    try:
        ServerConfig.model_validate(data)
    except ValidationError as problems:
        problem = first_problem(problems, ServerConfig, data, Where({}))
        steps = tuple(step for step in problem.path if isinstance(step, str))
        raise ConfigError(f"{names.get(steps, dotted(problem.path))}: {problem.what}") from None
