"""`vernacular lsp`: another name for `vernacular-lsp`, with the same arguments."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    )
    def lsp(context: typer.Context) -> None:
        """Start the language server, for an editor."""
        from lsp.main import main

        main(context.args)
