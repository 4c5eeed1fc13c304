"""The `vernacular` command.

Each group of commands stands in a file of its own with `register(app)`, and imports what is heavy inside its
commands: `vernacular --help` loads typer and little else.

Exit status: 0; 2 for a command line that is wrong; what `core/errors.py` says for a `VernacularError`, which is one
line on standard error; 130 after Ctrl-C. Any other exception is a fault of this program and keeps its traceback.
"""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from cli import (
    benchmarks,
    checkpoint,
    compare,
    complete,
    config,
    contamination,
    corpus,
    doctor,
    evaluate,
    gate,
    heldout,
    instructions,
    keys,
    languages,
    login,
    lsp,
    models,
    replay,
    report,
    rerank,
    rounds,
    serve,
    synthesise,
    train,
    transfer,
    usage,
)
from core.errors import VernacularError

GROUPS = (
    serve,
    config,
    keys,
    login,
    lsp,
    complete,
    languages,
    doctor,
    benchmarks,
    evaluate,
    rerank,
    rounds,
    compare,
    report,
    contamination,
    corpus,
    gate,
    heldout,
    replay,
    instructions,
    synthesise,
    train,
    transfer,
    checkpoint,
    models,
    usage,
)

app = typer.Typer(
    help="Code completion for languages that no model was trained on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Entry of the console script; never returns."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that is not UTF-8 shows a question mark
    try:
        app(prog_name="vernacular")
    except VernacularError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.exit(130)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"vernacular {version('vernacular')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None: ...


for group in GROUPS:
    group.register(app)
