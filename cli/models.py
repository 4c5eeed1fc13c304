"""`vernacular models`: what a server serves, and changing it, through its admin API."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

Server = Annotated[str, typer.Option(help="The completion server.", envvar="VERNACULAR_SERVER")]
Name = Annotated[str, typer.Argument(help="A model's name in the models file.")]
Language = Annotated[str, typer.Argument(help="A language's name.")]
DEFAULT = "http://127.0.0.1:8480"
LOADED_S = 3600.0
"""A change is answered once the model is loaded, which may take long."""

models = typer.Typer(no_args_is_help=True, help="See and change what a server serves.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(models, name="models")


@models.command("show")
def show(server: Server = DEFAULT) -> None:
    """Show every model, which language goes where, and what each canary's figures say."""
    from rich.console import Console

    state = _asked(server, "GET", "models")
    console = Console()
    console.print(_models_table(state))
    for language, target in sorted(state["languages"].items()):
        console.print(f"{language}: {target}", markup=False, highlight=False)
    console.print(f"other languages: {state['default']}", markup=False, highlight=False)
    for language, canary in sorted(state["canaries"].items()):
        said = state["decisions"].get(language, "not looked at yet")
        line = f"canary for {language}: {canary['candidate']} for {canary['share']:.0%} of the users; {said}"
        console.print(line, markup=False, highlight=False)
    if state["problem"]:
        console.print(f"the models file is not in force: {state['problem']}", markup=False, highlight=False)


@models.command("check")
def check(file: Annotated[Path, typer.Argument(help="A models file.")]) -> None:
    """Check a models file without a server."""
    from cli.extras import require

    require("server")
    from server.registry.models_file import read_models_file

    found = read_models_file(file)
    typer.echo(f"{file}: fine; {', '.join(found.targets)}; other languages: {found.first}")


@models.command("swap")
def swap(
    name: Name,
    checkpoint: Annotated[str, typer.Argument(help="A model folder on the server's machine, or a hub id.")],
    server: Server = DEFAULT,
) -> None:
    """Serve another checkpoint under a model's name, once it has loaded and answered its smoke prompts."""
    _changed(server, "POST", f"models/{name}/swap", {"checkpoint": checkpoint})


@models.command("rollback")
def rollback(name: Name, server: Server = DEFAULT) -> None:
    """Serve what a model was before its last change."""
    _changed(server, "POST", f"models/{name}/rollback")


@models.command("route")
def route(
    language: Language,
    target: Annotated[str | None, typer.Argument(help="A model, or MODEL/ADAPTER; none: the default.")] = None,
    server: Server = DEFAULT,
) -> None:
    """Choose what serves a language."""
    if target is None:
        _changed(server, "DELETE", f"languages/{language}")
    else:
        _changed(server, "PUT", f"languages/{language}", {"model": target})


@models.command("try")
def try_candidate(
    language: Language,
    candidate: Annotated[str, typer.Argument(help="A model, or MODEL/ADAPTER.")],
    share: Annotated[float, typer.Option(help="Share of the users that get it.", min=0.001, max=0.5)] = 0.1,
    by_hand: Annotated[bool, typer.Option("--by-hand", help="Say what the figures say, and change nothing.")] = False,
    server: Server = DEFAULT,
) -> None:
    """Give some of the users a candidate, and compare."""
    decide = "by hand" if by_hand else "automatically"
    _changed(server, "PUT", f"canaries/{language}", {"candidate": candidate, "share": share, "decide": decide})


@models.command("promote")
def promote(language: Language, server: Server = DEFAULT) -> None:
    """Give every user a language's candidate."""
    _changed(server, "POST", f"canaries/{language}/promote")


@models.command("withdraw")
def withdraw(language: Language, server: Server = DEFAULT) -> None:
    """Take a language's candidate back."""
    _changed(server, "DELETE", f"canaries/{language}")


@models.command("reload")
def reload(server: Server = DEFAULT) -> None:
    """Put the server's models file in force as it is now."""
    _changed(server, "POST", "reload")


def _models_table(state: dict[str, Any]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table("model", "state", "checkpoint", "running", "waiting", "refused")
    for model in state["models"]:
        queue = model["queue"]
        waiting = queue["waiting_interactive"] + queue["waiting_batch"]
        said = model["status"] if model["status"] == "ready" else f"{model['status']}: {model['detail']}"
        cells = (model["name"], said, model["checkpoint"] or "the embedded model")
        numbers = (f"{queue['running']} of {queue['limit']}", str(waiting), str(queue["refused"]))
        table.add_row(*map(escape, cells), *numbers)
    return table


def _changed(server: str, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    for line in _asked(server, method, path, body)["changes"] or ["nothing to change"]:
        typer.echo(line)


def _asked(server: str, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The admin API's answer. Raises `VernacularError` with the server's own words where it refuses."""
    import asyncio

    import httpx

    from core.addresses import is_loopback
    from core.certificates import certificates
    from core.errors import RequestError, ServerUnreachableError
    from lsp.credentials import Credentials

    headers = asyncio.run(Credentials(server).headers())
    try:
        trust = not is_loopback(server)  # a proxy of the environment
        with httpx.Client(trust_env=trust, verify=certificates(server), timeout=LOADED_S) as client:
            answer = client.request(method, f"{server.rstrip('/')}/admin/v1/{path}", json=body, headers=headers)
            said = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ServerUnreachableError(f"{server} does not answer as a Vernacular server ({error})") from None
    if answer.is_error:
        message = said.get("message") if isinstance(said, dict) else None
        raise RequestError(message or f"{server} answered HTTP {answer.status_code}", status=answer.status_code)
    found: dict[str, Any] = said
    return found
