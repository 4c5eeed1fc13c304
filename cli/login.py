"""`vernacular login` and `logout`: a token for the editor, from the company's own sign-in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lsp.sign_in import Invitation

Server = Annotated[str, typer.Option(help="Completion server to sign in to.")]
DEFAULT_SERVER = "http://127.0.0.1:8480"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("login", help="Sign in to a completion server in a browser; editors take the token from then on.")(
        login
    )
    app.command("logout", help="Forget the token for a completion server.")(logout)


def login(server: Server = DEFAULT_SERVER) -> None:
    """Sign in by the device flow."""
    from cli.extras import require

    require("lsp")
    from lsp.sign_in import sign_in
    from lsp.tokens import TokenFile

    tokens = TokenFile(os.environ)
    sign_in(server, tokens, _invite)
    typer.echo(f"signed in to {server}; the token is in {tokens.path}", err=True)


def logout(server: Server = DEFAULT_SERVER) -> None:
    """Forget the token."""
    from lsp.tokens import TokenFile

    tokens = TokenFile(os.environ)
    if tokens.get(server) is None:
        typer.echo(f"there is no token for {server}", err=True)
        return
    tokens.put(server, None)
    typer.echo(f"the token for {server} is forgotten", err=True)


def _invite(invitation: Invitation) -> None:
    from cli.terminal import say

    say(f"Open {invitation.address} in a browser, and check or enter the code {invitation.code}")
