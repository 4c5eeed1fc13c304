"""`vernacular replay`: somebody types real files, and what a completion client shows meanwhile is judged."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluation.replay.play import Passage
    from evaluation.replay.records import Conditions, FileRecord
    from evaluation.replay.run import Progress

REPORT = "replay.json"


class ClientName(StrEnum):
    """`evaluation.replay.clients.registry.DEFAULT_URLS`, without loading what it needs."""

    LSP = "lsp"
    NAIVE = "naive"
    LLAMA_VIM = "llama-vim"


class ProfileName(StrEnum):
    """`evaluation.replay.clients.ghost.PROFILES`, likewise."""

    VSCODE = "vscode"
    NEOVIM = "neovim"
    IMMEDIATE = "immediate"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    files: Annotated[list[Path] | None, typer.Argument(help="Source files, or JSONL of held-out documents.")] = None,
    server: Annotated[str, typer.Option(help="URL of the server; none: where it listens by default.")] = "",
    client: Annotated[ClientName, typer.Option(help="Who asks it.")] = ClientName.LSP,
    profile: Annotated[ProfileName, typer.Option(help="The editor around the language server.")] = ProfileName.VSCODE,
    setting: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for the client; may repeat.")] = None,
    languages: Annotated[list[Path] | None, typer.Option(help="Folder with language files; may repeat.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="Only files in this language; may repeat.")] = None,
    seed: Annotated[int, typer.Option(help="Chooses the strokes, and what of the files is typed.")] = 1,
    documents: Annotated[int, typer.Option(min=0, help="Documents of each JSONL; 0: all.")] = 0,
    characters: Annotated[int, typer.Option(min=0, help="Typed of each file at most; 0: all.")] = 0,
    inside: Annotated[bool, typer.Option(help="Type something from inside each file, not its start.")] = False,
    minutes: Annotated[float, typer.Option(min=0, help="For each file at most; 0: until it is written.")] = 0,
    min_characters: Annotated[int, typer.Option(min=1, help="A proposal that agrees with fewer is wrong.")] = 4,
    reaction_ms: Annotated[float, typer.Option(min=0, help="On display before it is read.")] = 250,
    watch: Annotated[bool, typer.Option(help="Read proposals, take none: every condition sees each key.")] = False,
    speed: Annotated[float, typer.Option(min=0.1, max=100, help="Above 1: shorter pauses, a smoke test only.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for records and report; a run goes on there.")] = None,
    compare: Annotated[
        tuple[Path, Path] | None, typer.Option(help="Two folders or reports of earlier replays; types nothing.")
    ] = None,
) -> None:
    """Type files as a person would, and say what the proposals were worth.

    Shares of characters saved, proposals taken and wrong, times from key to right text, requests and tokens; each with
    a 95 % interval over files.
    """
    from cli.extras import require

    require("evaluation")
    if compare:
        _compare(*compare)
        return
    if not files:
        raise typer.BadParameter("name at least one file to type", param_hint="FILES")
    require("lsp")
    from core.language_files import load_languages
    from evaluation.replay.clients.registry import client_named
    from evaluation.replay.person import Habits
    from evaluation.replay.records import Conditions
    from evaluation.replay.run import replay as run
    from evaluation.replay.texts import passages

    settings = _settings(setting or ())
    conditions = Conditions(
        client=client.value,
        profile=profile.value if client is ClientName.LSP else "",
        settings=settings,
        seed=seed,
        characters=characters,
        inside=inside,
        minutes=minutes,
        speed=speed,
        habits=Habits(min_characters=min_characters, reaction_ms=reaction_ms, accepts=not watch),
    )
    registry = load_languages(tuple(languages or ()))
    texts = passages(
        files, registry, seed=seed, characters=characters, inside=inside, per_file=documents, languages=language or ()
    )

    def made() -> Any:
        return client_named(client, server, profile=profile, settings=settings, languages=languages or ())

    with _Bar(texts) as progress:
        conditions, records = run(texts, made, conditions, out, progress)
    _print(conditions, records)
    if out:
        from cli.terminal import say, write_output
        from evaluation.replay.table import report

        content = report(conditions, records)
        write_output(out / REPORT, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        say(f"wrote {out / REPORT}")


class _Bar:
    """Progress on standard error: characters written of all that are to be written."""

    def __init__(self, texts: Sequence[Passage]) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        console = Console(stderr=True)
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._sizes = {text.name: len(text.text) for text in texts}
        self._written: dict[str, float] = {}

    def __enter__(self) -> Progress:
        self._bar.start()
        self._task = self._bar.add_task("", total=sum(self._sizes.values()))
        return self._advance

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def _advance(self, passage: Passage, share: float) -> None:
        from rich.markup import escape

        self._written[passage.name] = share * self._sizes[passage.name]
        self._bar.update(self._task, description=escape(passage.name), completed=sum(self._written.values()))


def _print(conditions: Conditions, records: Sequence[FileRecord]) -> None:
    from cli.terminal import console, say, table
    from evaluation.replay.table import caption, columns, rows

    console().print(table(columns(records), rows(records), title=caption(conditions)))
    unknown = sum(record.usage.unknown for record in records)
    sent = sum(record.usage.sent for record in records)
    if unknown:
        say(f"{unknown} of {sent} requests told no tokens (most were cancelled); taken as many as the others had")
    if errors := sum(record.usage.errors for record in records):
        say(f"warning: the language server answered {errors} requests with an error")
    if assumed := sum(record.usage.assumed for record in records):
        say(f"{assumed} answers did not say what the server's cache had: all of their prompts count as computed")


def _compare(first: Path, second: Path) -> None:
    from cli.terminal import console, say, table
    from evaluation.replay.figures import comparable
    from evaluation.replay.table import DIFFERENCE_COLUMNS, caption, compared

    (ours, before), (theirs, after) = _read(first), _read(second)
    say(f"first:  {caption(ours)}")
    say(f"second: {caption(theirs)}")
    for name, rows in compared(before, after).items():
        console().print(table(DIFFERENCE_COLUMNS, rows, title=f"{name}, 95 % intervals over files"))
    if problem := comparable(ours, theirs):
        say(f"warning: {problem}; the keys are not the same")


def _read(path: Path) -> tuple[Conditions, list[FileRecord]]:
    from evaluation.replay.records import RECORDS, read_record, read_report

    if path.is_dir():
        return read_record(path / RECORDS)
    return read_record(path) if path.suffix == ".jsonl" else read_report(path)


def _settings(given: Sequence[str]) -> dict[str, Any]:
    """Values are JSON where they are that, else text."""
    settings: dict[str, Any] = {}
    for each in given:
        name, separator, value = each.partition("=")
        if not separator or not name:
            raise typer.BadParameter(f"{each!r} is no KEY=VALUE, such as debounce_ms=0", param_hint="--setting")
        try:
            settings[name] = json.loads(value)
        except ValueError:
            settings[name] = value
    return settings
