"""`vernacular keys`: API keys of the server whose database the config names. The server need not be restarted."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.configs import ConfigFile, loaded
from cli.terminal import console, say, table
from core.errors import ConfigError

if TYPE_CHECKING:
    from server.access.keys import KeyStore

_UNITS = {"h": 3600, "d": 86_400, "w": 604_800}

Lifetime = Annotated[str | None, typer.Option("--expires-in", help="Such as 12h, 90d or 4w; default: never.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="API keys of the server.", no_args_is_help=True)
    group.command("create", help="Make a key, and print it once.")(create)
    group.command("list", help="List the keys; what was kept of their secrets is not shown.")(list_keys)
    group.command("revoke", help="End a key; every instance refuses it within seconds.")(revoke)
    group.command("rotate", help="Make a key in the place of another, which ends after the overlap.")(rotate)
    app.add_typer(group, name="keys")


def create(
    user: Annotated[str, typer.Argument(help="Whom the key stands for.")],
    name: Annotated[str, typer.Option(help="What it is for.")] = "key",
    scope: Annotated[
        list[str] | None, typer.Option(help="complete, metrics or admin; may be repeated; default: complete.")
    ] = None,
    expires_in: Lifetime = None,
    config: ConfigFile = None,
) -> None:
    """Make a key, and print it on standard output; all else goes to standard error."""
    key, text = _store(config).create(user, name, scope or ["complete"], _seconds("--expires-in", expires_in))
    typer.echo(f"key {key.id} of {user}; it is shown only now:", err=True)
    say(text)


def list_keys(config: ConfigFile = None) -> None:
    """List the keys."""
    now = time.time()
    rows = (
        (key.id, key.user, key.name, " ".join(sorted(key.scopes)), _day(key.created_at), _day(key.expires_at), state)
        for key in _store(config).all().values()
        for state in (key.state(now),)
    )
    console().print(table(("id", "user", "name", "scopes", "created", "expires", "state"), rows))


def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `vernacular keys list` shows it.")],
    config: ConfigFile = None,
) -> None:
    """End a key."""
    key = _store(config).revoke(key_id)
    typer.echo(f"key {key.id} of {key.user} is revoked", err=True)


def rotate(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `vernacular keys list` shows it.")],
    overlap: Annotated[str, typer.Option(help="For which the old key still works, such as 1h or 7d.")] = "24h",
    expires_in: Lifetime = None,
    config: ConfigFile = None,
) -> None:
    """Make a key in the place of another, and print it on standard output."""
    overlap_s = _seconds("--overlap", overlap)
    assert overlap_s is not None
    key, text = _store(config).rotate(key_id, overlap_s, _seconds("--expires-in", expires_in))
    typer.echo(f"key {key.id} of {key.user} takes the place of {key_id}; it is shown only now:", err=True)
    say(text)


def _store(config: ConfigFile) -> KeyStore:
    found = loaded(config).config
    from server.access.keys import KeyStore
    from server.storage.migrating import migrate
    from server.storage.opening import open_database

    database = open_database(found.database)
    migrate(database)
    return KeyStore(database)


def _seconds(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,5})([hdw])", text)
    if match is None:
        raise ConfigError(f"{option} {text}: write a number and h, d or w, such as 90d")
    return int(match[1]) * _UNITS[match[2]]


def _day(seconds: int | None) -> str:
    return "never" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
