"""`vernacular doctor`: what is installed, what is missing, what to do about it.

Exit status 0 if this machine has what serving needs, or what editing needs; else 1. Changes nothing, sends nothing
but one `GET /health` to the completion server.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cli.checks import Finding
    from core.wire import Health


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def doctor(
        server: Annotated[str | None, typer.Option(help="URL of the completion server.")] = None,
        languages: Annotated[
            list[Path] | None, typer.Option(help="A folder of language files; may be repeated.")
        ] = None,
    ) -> None:
        """Say what is installed, what is missing and what to do about it."""
        from lsp.settings import Settings, with_values

        settings, problem = with_values(Settings(), {"server_url": server})
        if problem:
            raise typer.BadParameter(problem, param_hint="--server")
        findings = examine(settings.server_url, tuple(languages or ()))
        show(findings)
        raise typer.Exit(exit_status(findings))


def examine(server_url: str, language_folders: tuple[Path, ...]) -> list[Finding]:
    """Return every finding, in the order of the table."""
    import importlib.metadata

    from cli import checks
    from server.models.folder import EMBEDDED

    gpu = checks.find_gpu()
    requirements = importlib.metadata.requires("vernacular") or []
    engine = "vllm-gpu" if gpu else "vllm-cpu"
    needed_for: dict[str, checks.Purpose] = {"lsp": "editing", engine: "serving"}
    extras = [
        checks.check_extra(extra, requirements, needed_for.get(extra))
        for extra in ("lsp", "server", engine, "training", "evaluation", "dev")
    ]
    return [
        *checks.check_machine(gpu),
        *extras,
        checks.check_torch(gpu),
        *checks.check_mismatched(),
        checks.check_vllm(),
        checks.check_compiler(),
        check_embedded_model(EMBEDDED),
        *_check_languages(language_folders),
        checks.check_tool("Neovim", "nvim", (0, 12), "install Neovim 0.12 or newer: https://neovim.io"),
        checks.check_tool("Node", "node", (20,), "install Node 20 or newer: MoonBit's checks run on it"),
        checks.check_tool("git", "git", (2,), "install git"),
        _check_server(server_url),
    ]


def exit_status(findings: list[Finding]) -> int:
    """0 if nothing bad is needed for serving, or nothing bad is needed for editing; else 1."""
    broken = {finding.needed_for for finding in findings if finding.state == "bad"}
    return 1 if {"serving", "editing"} <= broken else 0


def show(findings: list[Finding]) -> None:
    """Print the findings by area, what to do under each that needs something, then a verdict for both purposes."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    marks = {"ok": "[green]ok[/]", "bad": "[red]bad[/]", "note": "[yellow]note[/]"}
    console = Console(highlight=False)
    for area in dict.fromkeys(finding.area for finding in findings):
        table = Table(box=None, show_header=False, title=area, title_justify="left", title_style="bold")
        for width in (4, 16, None):
            table.add_column(min_width=width, overflow="fold")
        for finding in findings:
            if finding.area == area:
                remedy = f"\n[bold]-> {escape(finding.remedy)}[/]" if finding.remedy and finding.state != "ok" else ""
                table.add_row(marks[finding.state], finding.name, escape(finding.detail) + remedy)
        console.print(table)
    for purpose in ("serving", "editing"):
        bad = [f.name for f in findings if f.state == "bad" and f.needed_for == purpose]
        verdict = f"[red]not ready[/]: {escape(', '.join(bad))}" if bad else "[green]ready[/]"
        console.print(f"[bold]{purpose}[/] {verdict}")


def check_embedded_model(folder: Path) -> Finding:
    """Whether the model that the repository ships is there, and its files are those that its manifest lists."""
    from cli.checks import Finding
    from core.checkpoint import read_manifest, verify
    from core.errors import CheckpointError

    try:
        verify(folder)
        manifest = read_manifest(folder)
    except CheckpointError as error:
        remedy = f"git checkout -- {folder.parent.name}/{folder.name}"
        return Finding("serving", "embedded model", "bad", str(error), remedy, "serving")
    detail = f"{manifest.name}, {manifest.parameters / 1e6:.1f} million parameters, intact"
    return Finding("serving", "embedded model", "ok", detail)


def _check_languages(folders: tuple[Path, ...]) -> list[Finding]:
    """The search path and what stands on it; a wrong file is a finding, not an error."""
    import os

    from cli.checks import Finding, check_grammars
    from core.errors import VernacularError
    from core.language_files import BUILT_IN_FOLDER, load_languages, search_path

    path = search_path(folders, os.environ, BUILT_IN_FOLDER)
    try:
        registry = load_languages(folders)
    except VernacularError as error:
        return [Finding("languages", "files", "bad", str(error), "mend that file", "serving")]
    specs = [language.spec for language in registry.languages]
    where = Finding("languages", "search path", "ok", ", ".join(map(str, path)))
    what = Finding("languages", "known", "ok", ", ".join(spec.name for spec in specs))
    return [where, what, *check_grammars({spec.name: spec.grammar.package for spec in specs if spec.grammar})]


def _check_server(url: str) -> Finding:
    """Whether the completion server answers at its URL, asked as the language server asks, and how it says it is."""
    import asyncio

    from cli.checks import Finding, State
    from cli.extras import require
    from core.errors import MissingDependencyError, VernacularError

    try:
        require("lsp")
        health = asyncio.run(_health(url))
    except MissingDependencyError as error:
        return Finding("server", url, "note", "not asked", str(error))
    except VernacularError as error:
        return Finding("server", url, "note", str(error), "make serve, or give --server")
    model = f", {health.model.name}" if health.model else ""
    state: State = "ok" if health.status == "ready" else "note"
    return Finding("server", url, state, f"{health.status}{model}: {health.detail}", "wait, or read the server's log")


async def _health(url: str) -> Health:
    from lsp.client import CompletionClient

    client = CompletionClient(url)
    try:
        return await client.health()
    finally:
        await client.close()
