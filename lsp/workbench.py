"""What the language server keeps between messages: settings, languages, the session with the completion server.

Translates between the protocol's types and this project's own; decides nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.uris import to_fs_path

from core.errors import LanguageFileError
from core.language_files import LanguageRegistry, load_languages
from core.wire import Trigger
from lsp.availability import State, Status
from lsp.context import PATH_LIMIT, Origin, located, plain, with_selection
from lsp.cursor import Cursor
from lsp.documents import Document, Place
from lsp.items import completion_list
from lsp.nearby import Nearby
from lsp.notifications import ACCEPTED, DIAGNOSTICS, STATUS
from lsp.options import Options
from lsp.positions import Encoding, encoding_named
from lsp.session import Offer, Session
from lsp.settings import Settings, with_values
from lsp.telemetry.recorder import Recorder
from lsp.telemetry.sender import Sender
from lsp.uris import is_cell, name_of, path_of

if TYPE_CHECKING:
    from lsp.features import VernacularServer

QUIET_STATES = (State.READY, State.UNKNOWN)

logger = logging.getLogger(__name__)


class Workbench:
    """Made once, after `initialize`."""

    def __init__(self, server: VernacularServer, options: Options, initial: object) -> None:
        self._server = server
        self._told: set[str] = set()
        self.registry = self._languages(options)
        defaults = Settings()
        if options.server_url is not None:
            defaults, problem = with_values(defaults, {"server_url": options.server_url})
            self._tell(problem)
        settings, problem = with_values(defaults, initial)
        self._tell(problem)
        self.nearby = self._nearby(settings)
        self.session = Session(settings, self._announce, self._log_once, self.nearby)
        self._sender = Sender(self.session.tell)
        self.recorder = Recorder(server.documents, self._sender.add, _later, time.monotonic)

    def start(self) -> None:
        """Get to know the server and the work space, in the background."""
        self.session.start()
        self.nearby.start(self._server.documents)

    async def close(self) -> None:
        """End what is under way."""
        self._server.documents.unwatch(self.nearby)
        self.recorder.close()
        await self._sender.close()
        await self.session.close()
        await self.nearby.close()

    async def configure(self, values: object) -> None:
        """The editor sent settings."""
        before = self.session.settings
        settings, problem = with_values(before, values)
        self._tell(problem)
        if settings.ignore != before.ignore:
            await self.look_again(settings)
        if settings.server_url != before.server_url or settings.telemetry == "off":
            self._sender.forget()
        await self.session.configure(settings)

    async def look_again(self, settings: Settings | None = None) -> None:
        """Index the work space anew: its folders, or what is ignored, are others."""
        old, self.nearby = self.nearby, self._nearby(settings or self.session.settings)
        self.session.nearby = self.nearby
        self._server.documents.unwatch(old)
        self.nearby.start(self._server.documents)
        await old.close()

    def diagnosed(self, params: Any) -> None:
        """An editor says what its other tools found in a document; what is not in that form is ignored."""
        try:
            found = [(each.range.start.line, each.message) for each in params.diagnostics]
            self.nearby.diagnosed(params.uri, [(line, message) for line, message in found if isinstance(message, str)])
        except (AttributeError, TypeError):
            logger.warning("%s came in another form than textDocument/publishDiagnostics", DIAGNOSTICS)

    def struck(self, document: Document, place: Place) -> None:
        """A key was struck, and the cursor is at `place` now, by the look of it."""
        self.session.struck(self._cursor(document, place, Trigger.AUTOMATIC))

    async def propose(
        self, document: Document, position: types.Position, context: types.InlineCompletionContext
    ) -> list[types.InlineCompletionItem] | None:
        """The items for a position: one, none, or `None` where a newer request took over.

        With an item selected in the completion menu, the proposal goes on from that item, on its range: only then
        may the editor show both.
        """
        began_s = time.monotonic()
        encoding = self._encoding
        place = document.place(position.line, position.character, encoding)
        at = types.Position(place.line, document.units(place, encoding))
        item_range, head = types.Range(at, at), ""
        selected = context.selected_completion_info
        if selected and selected.range.start.line == selected.range.end.line:
            item_range, head = selected.range, selected.text
            start, end = (
                document.place(edge.line, edge.character, encoding)
                for edge in (selected.range.start, selected.range.end)
            )
            document, place = with_selection(document, start, end, selected.text)
        invoked = context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
        trigger = Trigger.INVOKED if invoked else Trigger.AUTOMATIC
        cursor = self._cursor(document, place, trigger)
        offer = await self.session.complete(cursor)
        if offer is None:
            return None
        command = self._command(cursor, offer, (time.monotonic() - began_s) * 1e3)
        return [types.InlineCompletionItem(head + text, range=item_range, command=command) for text in offer.texts]

    async def complete(self, document: Document, position: types.Position) -> types.CompletionList | None:
        """The same proposals as ordinary completion; `None` where a newer request took over."""
        began_s = time.monotonic()
        cursor = self.cursor_at(document, position)
        offer = await self.session.complete(cursor)
        if offer is None:
            return None
        command = self._command(cursor, offer, (time.monotonic() - began_s) * 1e3)
        return completion_list(document, cursor.place, offer.texts, command, self._encoding)

    def _command(self, cursor: Cursor, offer: Offer, answer_ms: float) -> types.Command | None:
        """What the editor is to run when the user accepts; nothing where nobody wants to know."""
        wanted = self.session.settings.telemetry
        if wanted == "off":
            return None
        offer_id = self.recorder.offered(cursor, offer.texts, offer.source, answer_ms, with_text=wanted == "text")
        return types.Command(title="Accepted", command=ACCEPTED, arguments=[offer_id]) if offer_id else None

    def cursor_at(self, document: Document, position: types.Position) -> Cursor:
        """The cursor at an editor's position, as if a key had been struck there."""
        return self._cursor(
            document, document.place(position.line, position.character, self._encoding), Trigger.AUTOMATIC
        )

    def position_of(self, document: Document, place: Place) -> dict[str, int]:
        """A place as the editor counts."""
        return {"line": place.line, "character": document.units(place, self._encoding)}

    @property
    def _encoding(self) -> Encoding:
        return encoding_named(self._server.workspace.position_encoding)

    def _cursor(self, document: Document, place: Place, trigger: Trigger) -> Cursor:
        path, name = path_of(document.uri), PurePosixPath(name_of(document.uri)).name
        spec = self.registry.for_document(document.language_id, name)
        if path and is_cell(document.uri) and spec.extensions:
            path = path.with_suffix(spec.extensions[0])  # what it holds, not how it is kept
        origin = located(Origin(spec.name, plain(name)[:PATH_LIMIT] if "." in name else ""), path, self._folders)
        above = self._server.notebooks.above(document, self._server.documents.opened)
        return Cursor(document, place, origin, trigger, spec, above)

    @property
    def _folders(self) -> list[Path]:
        folders = [to_fs_path(uri) for uri in self._server.workspace.folders] or [self._server.workspace.root_path]
        return [Path(folder) for folder in folders if folder]

    def _nearby(self, settings: Settings) -> Nearby:
        return Nearby(self._folders, self.registry, settings.ignore, self._log)

    def _languages(self, options: Options) -> LanguageRegistry:
        try:
            return load_languages(options.language_folders)
        except LanguageFileError as error:
            self._tell(str(error))
            return load_languages((), {})

    def _tell(self, message: str) -> None:
        """Show a user's own mistake, each one once."""
        if message and message not in self._told:
            self._told.add(message)
            self._server.window_show_message(
                types.ShowMessageParams(types.MessageType.Warning, f"vernacular: {message}")
            )

    def _log(self, message: str) -> None:
        self._server.window_log_message(types.LogMessageParams(types.MessageType.Info, f"vernacular: {message}"))

    def _log_once(self, message: str) -> None:
        if message not in self._told:
            self._told.add(message)
            self._server.window_log_message(types.LogMessageParams(types.MessageType.Warning, f"vernacular: {message}"))

    def _announce(self, status: Status) -> None:
        kind = types.MessageType.Info if status.state in QUIET_STATES else types.MessageType.Warning
        message = f"vernacular: {status.state.value}: {status.detail}"
        self._server.window_log_message(types.LogMessageParams(kind, message))
        if self.session.settings.completion_items and status.state not in QUIET_STATES:
            self._tell(f"{status.state.value}: {status.detail}")  # such an editor shows no status of ours
        said = {"state": status.state.value, "detail": status.detail, "model": status.model}
        self._server.protocol.notify(STATUS, said | {"server": self.session.settings.server_url})


def _later(delay_s: float, call: Callable[[], None]) -> asyncio.TimerHandle:
    return asyncio.get_running_loop().call_later(delay_s, call)
