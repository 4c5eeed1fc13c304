"""`vernacular complete FILE LINE COLUMN`: the ghost text at one place of a file, as an editor would show it.

The request is the language server's own (`lsp/context.py`, `lsp/client.py`), so that what is seen here is what an
editor gets. Lines and columns count from 1, columns in characters, as an editor's status line has them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from core.language_files import LanguageRegistry
    from lsp.cursor import Cursor
    from lsp.documents import Document, Place
    from lsp.explaining import Answer
    from lsp.nearby import Nearby

TIMEOUT_S = 120.0
INDEX_S = 20.0
"""The repository is indexed for so long at most; what is not by then is left out."""


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def complete(
        file: Annotated[Path, typer.Argument(help="The file.", show_default=False)],
        line: Annotated[int, typer.Argument(help="The cursor's line, from 1.", min=1, show_default=False)],
        column: Annotated[
            int, typer.Argument(help="Characters before the cursor and 1 more.", min=1, show_default=False)
        ],
        server: Annotated[str | None, typer.Option(help="URL of the completion server.", metavar="URL")] = None,
        languages: Annotated[
            list[Path] | None, typer.Option(help="A folder of language files; may be repeated.", metavar="DIR")
        ] = None,
        max_new_tokens: Annotated[int, typer.Option(help="Upper bound on the tokens proposed.", min=1, max=1024)] = 64,
        candidates: Annotated[int, typer.Option(help="How many different texts.", min=1, max=8)] = 1,
        context: Annotated[
            bool, typer.Option(help="Whether the model sees pieces of the repository's other files.")
        ] = True,
        explain: Annotated[bool, typer.Option(help="Also the whole prompt by origin, with tokens and cache.")] = False,
    ) -> None:
        """Print the ghost text at one place of a file."""
        import asyncio

        from rich.console import Console

        from cli.extras import require

        require("lsp")
        from core.language_files import load_languages
        from lsp.explaining import DIM, explained, explained_prompt, shown
        from lsp.nearby import Nearby
        from lsp.settings import Settings, with_values

        settings, problem = with_values(Settings(), {"server_url": server})
        if problem:
            raise typer.BadParameter(problem, param_hint="--server")
        document, place = located_in(file, line, column)
        registry = load_languages(tuple(languages or ()))
        folders = repository_of(file.absolute())
        cursor = cursor_at(document, place, file.absolute(), folders, registry)
        changes = {"candidates": candidates, "explain": explain}
        nearby = Nearby(folders if context else (), registry)
        answer = asyncio.run(_ask(cursor, nearby, settings.server_url, max_new_tokens, changes))
        console = Console(highlight=False, soft_wrap=True)
        console.print(shown(document, place, answer.result.text))
        for number, other in enumerate(answer.result.alternatives, 2):
            console.print(f"\ncandidate {number}, confidence {other.confidence:.2f}", style=DIM)
            console.print(shown(document, place, other.text))
        console.print(explained(answer))
        if explain:
            console.print()
            console.print(explained_prompt(answer.result, answer.reasons), soft_wrap=False)


def located_in(file: Path, line: int, column: int) -> tuple[Document, Place]:
    """The file as a document, and the place in it. Raises `ConfigError` for what is not there, each in one line."""
    from core.errors import ConfigError
    from lsp.documents import Document, Place

    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"{file}: no such file; check the path") from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ConfigError(f"{file}: cannot be read ({reason}); a readable file is needed") from None
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")  # as editors do
    except UnicodeDecodeError as error:
        at = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}:{at}: byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8") from None
    document = Document.of(file.absolute().as_uri(), text)
    if line > len(document.lines):
        raise ConfigError(f"{file}: line {line} is past the end; the last one is {len(document.lines)}")
    width = len(document.line(line - 1))
    if column > width + 1:
        raise ConfigError(f"{file}:{line}: column {column} is past the end; the last one is {width + 1}")
    return document, Place(line - 1, column - 1)


def repository_of(path: Path) -> tuple[Path, ...]:
    """The git repository around a file, which is its workspace; none where there is none."""
    return tuple(folder for folder in path.parents if (folder / ".git").exists())[:1]


def cursor_at(
    document: Document, place: Place, path: Path, folders: tuple[Path, ...], registry: LanguageRegistry
) -> Cursor:
    """The cursor as an editor would have it when ghost text is asked for by hand."""
    from core.wire import Trigger
    from lsp.context import Origin, located
    from lsp.cursor import Cursor

    spec = registry.for_path(str(path))
    return Cursor(document, place, located(Origin(spec.name), path, folders), Trigger.INVOKED, spec)


async def _ask(cursor: Cursor, nearby: Nearby, url: str, max_new_tokens: int, changes: Mapping[str, object]) -> Answer:
    """Ask with the language server's own request, some of its fields changed."""
    import uuid

    from core.errors import UnavailableError
    from lsp.client import CompletionClient
    from lsp.context import Budget, Wish, completion_request
    from lsp.documents import Documents
    from lsp.explaining import Answer, reasons_of

    client = CompletionClient(url, TIMEOUT_S)
    documents = Documents()
    documents.put(cursor.document)
    nearby.start(documents)
    try:
        health = await client.health()
        if health.status != "ready":
            raise UnavailableError(f"{url} is not ready: {health.status}: {health.detail}")
        here = cursor.document, cursor.place, cursor.origin, Budget.for_model(health.model, max_new_tokens)
        nearby.pieces(*here)  # from now on, what lies around this document is gathered
        indexed = await nearby.settled(INDEX_S)
        begin_s = time.perf_counter()
        identifier = uuid.uuid4().hex
        wish = Wish(identifier, identifier, cursor.trigger, max_new_tokens, cursor.extent.single_line)
        request = completion_request(*here, wish, nearby.pieces(*here)).model_copy(update=changes)
        sent_s = time.perf_counter()
        result = await client.complete(request)
        times_ms = (sent_s - begin_s) * 1e3, (time.perf_counter() - sent_s) * 1e3
        line = nearby.line(cursor.document, cursor.place, cursor.origin.language)
        return Answer(result, *times_ms, reasons_of(cursor, indexed, line))
    finally:
        await nearby.close()
        await client.close()
