"""A config file, in YAML or TOML by its name's ending, read and checked."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.errors import ConfigError
from core.yaml import read_text, read_yaml
from core.yaml_problems import Where, dotted, first_problem
from server.config.schema import ServerConfig
from server.config.tree import KeyPath, is_path, leaves, put_at, value_at

ENDINGS = (".yaml", ".yml", ".toml")


def read_file(file: Path) -> tuple[dict[str, Any], dict[KeyPath, str]]:
    """The file's values, and where each stands: `FILE:LINE`, or `FILE` for TOML, whose reader keeps no lines.

    Raises `ConfigError`: one line with the file and, where there is one, the key.
    """
    if file.suffix not in ENDINGS:
        raise ConfigError(f"{file}: a config file's name must end in one of {', '.join(ENDINGS)}")
    text = read_text(file)
    data, where = _parsed_toml(text, file) if file.suffix == ".toml" else read_yaml(text, str(file))
    try:
        ServerConfig.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as problems:
        problem = first_problem(problems, ServerConfig, data, where or Where({}))
        if where:
            raise ConfigError(problem.line_for(str(file))) from None
        raise ConfigError(f"{file}: key '{dotted(problem.path)}': {problem.what}") from None
    places = {}
    for path, field in leaves():
        try:
            value = value_at(data, path)
        except KeyError:
            continue
        places[path] = f"{file}:{where.line_of(path)}" if where else str(file)
        if is_path(field) and value is not None:
            paths = [str(file.parent / item) for item in value] if isinstance(value, list) else file.parent / value
            put_at(data, path, paths)
    return data, places


def _parsed_toml(text: str, file: Path) -> tuple[dict[str, Any], None]:
    try:
        return json.loads(json.dumps(tomllib.loads(text), default=str)), None  # no key takes a date
    except tomllib.TOMLDecodeError as error:
        reason, line = re.sub(r" \(at .*\)$", "", str(error)), re.search(r"at line (\d+)", str(error))
        place = f"{file}:{line[1]}" if line else str(file)
        raise ConfigError(f"{place}: this is no TOML ({reason[:1].lower()}{reason[1:]}); check the line") from None
    except RecursionError:
        raise ConfigError(f"{file}: this is nested too deeply; use fewer levels") from None
