"""`vernacular benchmarks select`: the tasks of a file that are neither too easy nor too hard for a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def select(
    file: Annotated[Path, typer.Argument(help="File of tasks.")],
    by: Annotated[Path, typer.Option(help="Folder of a run of `vernacular evaluate --samples N` on FILE.")],
    output: Annotated[Path, typer.Option(help="JSONL file of the tasks that are kept.")],
    pass_rate: Annotated[
        str, typer.Option(help="Least and greatest share of samples that passed, as LOW:HIGH.")
    ] = "0.1:0.9",  # noqa: S107 - a share, and no password
    languages: Annotated[list[Path] | None, typer.Option(help="Folder with language files; may repeat.")] = None,
) -> None:
    """Keep the tasks that a model solves sometimes; a model learns nothing from those it solves always or never.

    Exit status 1 if no task is kept.
    """
    from cli.extras import require

    low, high = _range(pass_rate)
    require("evaluation")
    from cli.terminal import console, say, table, write_output
    from core.errors import ConfigError
    from evaluation.selection import select as selected

    if output.resolve() == file.resolve():
        raise ConfigError(f"{output}: is the file that the run was made from; name another file")
    chosen = selected(file, by, low, high, tuple(languages or ()))
    if chosen.lines:
        write_output(output, "".join(f"{line}\n" for line in chosen.lines))
    rows = [
        (f"kept: {low:g} to {high:g}", str(len(chosen.lines)), ""),
        (f"too easy: above {high:g}", str(chosen.easy), f"always solved: {chosen.always}"),
        (f"too hard: below {low:g}", str(chosen.hard), f"never solved: {chosen.never}"),
    ]
    samples = f"{chosen.samples} sample{'' if chosen.samples == 1 else 's'} a task"
    console().print(table((f"pass rate, {samples}", "tasks", "of these"), rows))
    if not chosen.lines:
        advice = "; with one sample a rate is 0 or 1: evaluate with --samples" if chosen.samples == 1 else ""
        say(f"nothing to write to {output}: no task is within the range{advice}")
        raise typer.Exit(1)


def _range(text: str) -> tuple[float, float]:
    """`0.1:0.9`. Raises `typer.BadParameter`."""
    try:
        low, high = map(float, text.split(":"))
    except ValueError:
        low, high = 1.0, 0.0
    if not 0 <= low <= high <= 1:
        raise typer.BadParameter(f"{text!r} is no range from 0 to 1, such as 0.1:0.9", param_hint="--pass-rate")
    return low, high
