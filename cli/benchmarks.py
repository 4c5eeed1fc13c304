"""`vernacular benchmarks`: files of tasks."""

from __future__ import annotations

import typer

from cli.check_benchmark import check, list_formats
from cli.make_benchmark import from_code, infill
from cli.select_tasks import select
from cli.translate_benchmark import translate


def register(app: typer.Typer) -> None:
    """Add the group `benchmarks`."""
    group = typer.Typer(no_args_is_help=True, help="Files of tasks.")
    group.callback()(_group)
    group.command("list")(list_formats)
    group.command("check")(check)
    group.command("translate")(translate)
    group.command("select")(select)
    group.command("infill")(infill)
    group.command("from-code")(from_code)
    app.add_typer(group, name="benchmarks")


def _group() -> None: ...
