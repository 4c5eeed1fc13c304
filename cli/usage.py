"""`vernacular usage`: what became of the proposals, by language, model and day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import datetime as dt

    from server.storage.database import Database
    from server.telemetry.usage import Group

DATABASE = typer.Option(
    "--database",
    envvar="VERNACULAR_DATABASE__URL",
    help="The server's database: sqlite:////PATH or postgresql://USER@HOST/NAME.",
)

app = typer.Typer(help="What became of the proposals: acceptance by language, model and day.")


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app, name="usage")


@app.callback(invoke_without_command=True)
def usage(
    context: typer.Context,
    database: Annotated[str | None, DATABASE] = None,
    since: Annotated[str, typer.Option(help="A day such as 2026-01-31 (UTC), or how many days: 30d.")] = "30d",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Print acceptance by language, model and day."""
    if context.invoked_subcommand:
        return
    opened = _database(database)
    first = _day(since)
    from server.telemetry.collector import usage_of

    found = usage_of(opened, first)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    if not found.total.offered:
        typer.echo(f"no proposals since {first} (UTC) in {opened.shown}")
        return
    from server.telemetry.usage import Group

    total = (Group(name="all", figures=found.total),)
    for title, groups in (("language", found.languages), ("model", found.models), ("day", found.days)):
        _print(title, (*groups, *total))
    typer.echo("* inferred from edits")


@app.command("forget")
def forget(
    user: Annotated[str, typer.Argument(help="The user, as the server's authentication names them.")],
    database: Annotated[str | None, DATABASE] = None,
) -> None:
    """Delete everything that is kept of a user."""
    opened = _database(database)
    from server.telemetry.collector import forget_in

    deleted = forget_in(opened, user)
    typer.echo(f"{deleted} events of {user!r} deleted from {opened.shown}")


def _database(url: str | None) -> Database:
    from cli.extras import require
    from core.errors import ConfigError

    require("server")
    if not url:
        raise ConfigError("no database is named; give the server's with --database or VERNACULAR_DATABASE__URL")
    from pathlib import Path

    from sqlalchemy import make_url

    from server.storage.database import Database

    opened = Database(url)
    if opened.is_sqlite and not Path(str(make_url(url).database)).exists():
        raise ConfigError(f"{opened.shown} is not there; name the database that the server was given")
    return opened


def _day(since: str) -> dt.date:
    import datetime as dt

    from core.errors import ConfigError

    try:
        if since.endswith("d"):
            return dt.datetime.now(dt.UTC).date() - dt.timedelta(days=int(since[:-1]) - 1)
        return dt.date.fromisoformat(since)
    except (ValueError, OverflowError):
        raise ConfigError(f"--since {since}: write a day such as 2026-01-31, or how many days, such as 30d") from None


def _print(title: str, groups: tuple[Group, ...]) -> None:
    from cli.terminal import console, table

    rows = []
    for group in groups:
        each = group.figures
        inferred = f" ({each.accepted_inferred}*)" if each.accepted_inferred else ""
        row = [group.name or "(work space's lines)", str(each.offered), f"{each.accepted}{inferred}"]
        row += [str(each.partly_accepted), _share(each.acceptance), str(each.characters)]
        row += [_share(each.kept_30_s), _share(each.kept_5_min), _time(each.answer_p50_ms), _time(each.answer_p95_ms)]
        rows.append(row)
    columns = (title, "offered", "accepted", "partly*", "share", "characters", "kept 30 s", "5 min", "p50", "p95")
    console().print(table(columns, rows))


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _time(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} ms"
