"""`vernacular rounds`: what repairing with the tool chain's messages gained, and its conversations as data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from evaluation.scoring.rounds import RoundScore


def register(app: typer.Typer) -> None:
    """Add the command `rounds`."""
    app.command("rounds")(rounds)


def rounds(
    run: Annotated[Path, typer.Argument(help="Folder of a run of the strategy repair.")],
    conversations: Annotated[
        Path | None, typer.Option(help="JSON lines to write: the conversations that led to a pass, for tuning.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="SVG file to write: the pass rate over rounds.")] = None,
) -> None:
    """Show the pass rate after each round of repair."""
    from cli.extras import require

    require("evaluation")
    from cli.compare import percent
    from cli.terminal import console, say, table, write_output
    from evaluation.scoring.rounds import repair_conversations, round_scores

    scores = round_scores(run)
    columns = ("round", "answers", "repaired", "broken", "passed", "prompt tokens", "new tokens")
    console().print(
        table(
            columns,
            [
                [
                    *map(str, (score.round, score.asked, score.repaired, score.broken)),
                    percent(score.passed),
                    f"{score.prompt_tokens:,}",
                    f"{score.new_tokens:,}",
                ]
                for score in scores
            ],
        )
    )
    if conversations:
        lines = list(repair_conversations(run))
        write_output(conversations, "".join(f"{line}\n" for line in lines))
        say(f"{conversations}: {len(lines)} conversations")
    if picture:
        _draw(picture, run, scores)


def _draw(picture: Path, run: Path, scores: tuple[RoundScore, ...]) -> None:
    from cli.terminal import write_output
    from core.errors import RunError
    from evaluation.report.curves import curves_svg

    curve = [(score.round + 1, score.passed) for score in scores]
    if len(curve) < 2:
        raise RunError(f"{run}: nothing was repaired, so there is no curve to draw")
    write_output(picture, curves_svg("tasks solved, %", "tries: the answer and its repairs", {"repair": curve}))
