"""`vernacular config`: the server's config as it is in force, its schema, its page."""

from __future__ import annotations

import json

import typer

from cli.configs import ConfigFile, Settings, loaded
from cli.extras import require
from cli.terminal import console, say, table


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The server's config.", no_args_is_help=True)
    group.command("show", help="Print every value and where it comes from; secrets are masked.")(show)
    group.command("schema", help="Print the JSON schema of the config file.")(schema)
    group.command("page", help="Print the page of the documentation.")(page)
    app.add_typer(group, name="config")


def show(config: ConfigFile = None, settings: Settings = None) -> None:
    """Print every value and where it comes from."""
    found = loaded(config, settings)
    from server.config.checks import check_config
    from server.config.showing import rows

    check_config(found.config)
    console().print(table(("key", "value", "from"), rows(found)))


def schema() -> None:
    """Print the JSON schema."""
    require("server")
    from server.config.schema import ServerConfig

    say(json.dumps(ServerConfig.model_json_schema(), indent=2))


def page() -> None:
    """Print docs/server-config.md."""
    require("server")
    from server.config.page import page

    typer.echo(page(), nl=False)
