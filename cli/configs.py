"""What the commands that read the server's config have in common. Imports nothing heavy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from server.config.loading import Loaded

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="Config file, YAML or TOML; default: the one VERNACULAR_CONFIG names.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set any key of the config, such as log.format=json; repeatable."),
]


def loaded(
    file: Path | None,
    settings: list[str] | None = None,
    options: Mapping[tuple[str, ...], tuple[str, object]] | None = None,
) -> Loaded:
    """The config in force. Raises `ConfigError`, and `MissingDependencyError` where the server's packages are not."""
    from cli.extras import require

    require("server")
    from server.config.loading import load_config, set_on_command_line

    return load_config(file, os.environ, {**set_on_command_line(settings or []), **(options or {})})
