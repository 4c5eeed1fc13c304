"""The real language server, spoken to over standard input and output as an editor does.

Between it and its completion server stands a counting proxy. Each document gets a language server of its own, in a
workspace of its own that holds the document's siblings and not the document: what is to be typed is nowhere on the
disk, and no figure depends on the files before.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient

from core.errors import MissingDependencyError, ServerUnreachableError
from evaluation.replay.buffer import Buffer, Cause, Change, Point
from evaluation.replay.clients.base import Sheet
from evaluation.replay.clients.counting import CountingProxy
from evaluation.replay.clients.ghost import Profile
from evaluation.replay.records import Usage
from lsp.client import CompletionClient
from lsp.notifications import STATUS
from lsp.positions import column_of

READY_TIMEOUT_S = 20.0
_COMMAND = "vernacular-lsp"


@dataclass(eq=False, slots=True)
class _Asking:
    """One request, and the steps since it was sent."""

    task: asyncio.Task[None] | None = None
    sent: bool = False
    since: list[Change] = field(default_factory=list)


class LanguageServerClient:
    """`settings` are the language server's initialization options; `languages` folders of language files."""

    def __init__(
        self, url: str, profile: Profile, settings: Mapping[str, Any] | None = None, languages: Sequence[Path] = ()
    ) -> None:
        self.model = ""
        self._url, self._profile = url, profile
        self._settings, self._languages = dict(settings or {}), tuple(languages)
        self._document = AsyncExitStack()
        self._proxy: CountingProxy | None = None
        self._client: LanguageClient | None = None
        self._sheet: Sheet | None = None
        self._uri, self._version = "", 0
        self._shown = ""
        self._command: types.Command | None = None
        self._askings: list[_Asking] = []
        self._errors = 0

    async def open(self, sheet: Sheet) -> None:
        """See `Client`."""
        if not self.model:
            self.model = await _served(self._url)
        folder = Path(self._document.enter_context(tempfile.TemporaryDirectory(prefix="replay-")))
        _lay_out(folder, sheet.siblings)
        self._proxy = CountingProxy(self._url)
        url = await self._document.enter_async_context(self._proxy.serving())
        self._client = await self._started(url, folder)
        self._sheet, self._version, self._shown = sheet, 0, ""
        self._uri = (folder / sheet.name.lstrip("/")).as_uri()
        item = types.TextDocumentItem(self._uri, sheet.language, self._version, sheet.buffer.text)
        self._client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def edited(self, change: Change) -> None:
        """See `Client`."""
        assert self._client
        if change.is_edit:
            self._version += 1
            at = types.Range(start=_position(change.start), end=_position(change.end))
            part = types.TextDocumentContentChangePartial(range=at, text=change.text)
            document = types.VersionedTextDocumentIdentifier(version=self._version, uri=self._uri)
            self._client.text_document_did_change(types.DidChangeTextDocumentParams(document, [part]))
        if change.cause is Cause.ACCEPTED and change.typed == self._shown and self._command:
            params = types.ExecuteCommandParams(self._command.command, self._command.arguments)
            _heed(self._client.protocol.send_request_async(types.WORKSPACE_EXECUTE_COMMAND, params))
        self._show(self._profile.still_shown(self._shown, change))
        for asking in tuple(self._askings):
            asking.since.append(change)
            if asking.task and (self._profile.cancels or not asking.sent):
                asking.task.cancel()
        asking = _Asking()
        asking.task = asyncio.create_task(self._ask(asking))
        self._askings.append(asking)

    async def finish(self) -> Usage:
        """See `Client`."""
        assert self._client
        assert self._proxy
        tasks = [asking.task for asking in self._askings if asking.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        client, self._client, self._sheet = self._client, None, None
        with suppress(Exception):  # a language server that is gone already
            await asyncio.wait_for(client.shutdown_async(None), 5)
            client.exit(None)
        await client.stop()
        await self._document.aclose()
        errors, self._errors = self._errors, 0
        return self._proxy.usage.plus(errors=errors)

    async def close(self) -> None:
        """See `Client`."""
        if self._client:
            await self.finish()

    async def _ask(self, asking: _Asking) -> None:
        """Wait as the editor does, ask, and show the answer."""
        assert self._client
        assert self._sheet
        number = f"ghost-{self._version}-{id(asking)}"
        try:
            await self._sheet.clock.sleep(self._profile.debounce_ms / 1e3)
            buffer = self._sheet.buffer
            there = Buffer(buffer.text, buffer.cursor)
            params = types.InlineCompletionParams(
                text_document=types.TextDocumentIdentifier(self._uri),
                position=_position(buffer.place),
                context=types.InlineCompletionContext(trigger_kind=types.InlineCompletionTriggerKind.Automatic),
            )
            asking.sent = True
            answer = self._client.protocol.send_request_async(types.TEXT_DOCUMENT_INLINE_COMPLETION, params, number)
            self._answered(asking, there, await asyncio.shield(_heed(answer)))
        except asyncio.CancelledError:
            if asking.sent and self._client and self._profile.cancels:
                self._client.protocol.notify(types.CANCEL_REQUEST, types.CancelParams(number))
            raise
        except (JsonRpcException, ConnectionError):
            self._errors += 1
        finally:
            self._askings.remove(asking)

    def _answered(self, asking: _Asking, there: Buffer, answer: Any) -> None:
        """An empty list clears what is shown, `null` leaves it."""
        if answer is None:
            return
        items = answer.items if isinstance(answer, types.InlineCompletionList) else answer
        text = _at_cursor(items[0], there) if items else ""
        for change in asking.since:
            text = self._profile.still_shown(text, change)
        self._show(text)
        self._command = items[0].command if items else None

    def _show(self, text: str) -> None:
        self._shown = text
        if self._sheet:
            self._sheet.show(text)

    async def _started(self, url: str, folder: Path) -> LanguageClient:
        command = Path(sys.executable).with_name(_COMMAND)
        if not command.exists():
            raise MissingDependencyError(_COMMAND, "lsp")
        logging.getLogger("pygls").setLevel(logging.CRITICAL)
        client = LanguageClient("vernacular-replay", "1")
        ready, said = asyncio.Event(), [""]

        def status(params: Any) -> None:
            said[0] = f"{params.state}: {params.detail}"
            if params.state == "ready":
                ready.set()

        client.feature(STATUS)(status)
        client.feature(types.WINDOW_LOG_MESSAGE)(lambda _: None)
        client.feature(types.WINDOW_SHOW_MESSAGE)(lambda params: said.append(params.message))
        languages = [part for each in self._languages for part in ("--languages", str(each))]
        await client.start_io(str(command), "--server", url, *languages)
        self._document.push_async_callback(client.stop)
        root = types.WorkspaceFolder(uri=folder.as_uri(), name=folder.name)
        await client.initialize_async(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(),
                initialization_options={"telemetry": "off"} | self._settings,  # nobody types
                root_uri=folder.as_uri(),
                workspace_folders=[root],
            )
        )
        client.initialized(types.InitializedParams())
        try:
            await asyncio.wait_for(ready.wait(), READY_TIMEOUT_S)
        except TimeoutError:
            raise ServerUnreachableError(
                f"{self._url}: the language server was not ready in {READY_TIMEOUT_S:g} s ({said[0] or 'no word'})"
            ) from None
        if len(said) > 1:
            raise ServerUnreachableError(f"the language server refuses a setting: {said[1]}")
        return client


async def _served(url: str) -> str:
    """The name of the model behind a completion server that is ready. Raises `ServerUnreachableError`."""
    client = CompletionClient(url)
    try:
        health = await client.health()
    finally:
        await client.close()
    if health.status != "ready" or health.model is None:
        raise ServerUnreachableError(f"{url} is not ready ({health.detail}); wait until it is")
    return health.model.name


def _lay_out(folder: Path, files: Mapping[str, str]) -> None:
    """Write files into a folder; one whose path leads out of it is left out."""
    for path, text in files.items():
        target = (folder / path).resolve()
        if target.is_relative_to(folder.resolve()):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")


def _at_cursor(item: types.InlineCompletionItem, there: Buffer) -> str:
    """What an item adds at the cursor, without what its range covers on both sides."""
    text = item.insert_text if isinstance(item.insert_text, str) else item.insert_text.value
    if item.range is None or item.range.start.line != there.place.line:
        return text
    line_start = there.text.rfind("\n", 0, there.cursor) + 1
    line = there.text[line_start:].partition("\n")[0]
    column = there.cursor - line_start
    head = line[column_of(line, item.range.start.character, "utf-16") : column]
    tail = line[column : column_of(line, item.range.end.character, "utf-16")]
    text = text.removeprefix(head)
    return text.removesuffix(tail) if tail else text


def _position(point: Point) -> types.Position:
    return types.Position(line=point.line, character=point.column)


def _heed(answer: asyncio.Future[Any]) -> asyncio.Future[Any]:
    """The same future, whose error nobody misses when nobody waits for it any more."""
    answer.add_done_callback(lambda done: done.cancelled() or done.exception())
    return answer
