"""The handlers: each takes apart what the editor says, calls a plain function, and answers.

`create_server` gives the language server; what it keeps between messages is in `lsp/workbench.py`, which is
imported after `initialize` is answered, so that the editor does not wait for it.

An answer of `[]` takes a shown proposal away; `null` leaves it, and means that a newer request has the say.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

from lsp.documents import Document, Documents, Place
from lsp.failing import RequestFailedError
from lsp.notebooks import Notebooks
from lsp.notifications import ACCEPTED, ACCEPTED_PART, DIAGNOSTICS, EXPLAIN, GENERATE, SIGN_IN, SIGN_OUT
from lsp.options import Options, of_section, package_version
from lsp.positions import encoding_named
from lsp.strokes import cursor_after

if TYPE_CHECKING:
    from lsp.workbench import Workbench

logger = logging.getLogger(__name__)


class Protocol(LanguageServerProtocol):
    """pygls's protocol, with documents of our own.

    pygls cuts lines at every Unicode separator, where editors do not, and copies the whole text on each change.
    """

    _server: VernacularServer

    def structure_message(self, data: dict[str, Any]) -> Any:
        """pygls's own, and an error for a request whose parameters are wrong: pygls leaves it without an answer."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise

    def _send_handler_result(self, future: Any, *, msg_id: Any) -> None:
        """pygls's own; a request that could not be done is no mistake of this program, and is not logged as one."""
        error = None if future.cancelled() else future.exception()
        if isinstance(error, RequestFailedError):
            self._request_futures.pop(msg_id, None)
            self._send_response(msg_id, error=error.to_response_error())
        else:
            super()._send_handler_result(future, msg_id=msg_id)

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """The editor opened a document."""
        self._opened([params.text_document])

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """The editor changed a document; what it says of one that is not open is ignored."""
        self._changed(params.text_document.uri, params.text_document.version, params.content_changes)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """The editor closed a document."""
        self._closed(params.text_document.uri)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def lsp_notebook_document__did_open(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """The editor opened a notebook, whose cells are documents."""
        notebook = params.notebook_document
        self._server.notebooks.opened(notebook.uri, [cell.document for cell in notebook.cells])
        self._opened(params.cell_text_documents)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def lsp_notebook_document__did_change(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """The editor changed a notebook: cells came, went or moved, or the text of some is another."""
        cells = params.change.cells
        if cells is None:
            return
        if structure := cells.structure:
            array = structure.array
            names = [cell.document for cell in array.cells or ()]
            self._server.notebooks.changed(params.notebook_document.uri, array.start, array.delete_count, names)
            self._opened(structure.did_open or ())
            for gone in structure.did_close or ():
                self._closed(gone.uri)
        for text in cells.text_content or ():
            self._changed(text.document.uri, text.document.version, text.changes)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def lsp_notebook_document__did_close(self, params: types.DidCloseNotebookDocumentParams) -> None:
        """The editor closed a notebook."""
        self._server.notebooks.closed(params.notebook_document.uri)
        for cell in params.cell_text_documents:
            self._closed(cell.uri)

    def _opened(self, items: Iterable[types.TextDocumentItem]) -> None:
        for item in items:
            self._server.documents.put(Document.of(item.uri, item.text, item.language_id, item.version))

    def _closed(self, uri: str) -> None:
        self._server.workbench.recorder.lost(uri)
        self._server.documents.close(uri)

    def _changed(self, uri: str, version: int, changes: Sequence[types.TextDocumentContentChangeEvent]) -> None:
        document = self._server.documents.get(uri)
        if document is None:
            return
        encoding = encoding_named(self.workspace.position_encoding)
        cursor: Place | None = None
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                start, end = (
                    document.place(edge.line, edge.character, encoding)
                    for edge in (change.range.start, change.range.end)
                )
                self._server.workbench.recorder.edited(document, start, end, change.text)
                document = document.replaced(start, end, change.text)
                cursor = cursor_after(min(start, end), change.text) if len(changes) == 1 else None
            else:
                self._server.workbench.recorder.lost(document.uri)
                document = Document.of(document.uri, change.text, document.language_id)
        document = document.at_version(version)
        self._server.documents.put(document)
        if cursor:
            self._server.workbench.struck(document, cursor)


class VernacularServer(LanguageServer):
    """The language server of one editor."""

    def __init__(self, options: Options) -> None:
        notebooks = types.NotebookDocumentSyncOptions([types.NotebookDocumentFilterWithNotebook("*")])
        super().__init__("vernacular-lsp", package_version(), protocol_cls=Protocol, notebook_document_sync=notebooks)
        self.options = options
        self.documents = Documents()
        self.notebooks = Notebooks()
        self.initialization_options: object = None
        self._workbench: Workbench | None = None

    @property
    def workbench(self) -> Workbench:
        """What stands ready once the editor is connected; made at the first use."""
        if self._workbench is None:
            from lsp.workbench import Workbench

            self._workbench = Workbench(self, self.options, self.initialization_options)
        return self._workbench

    def report_server_error(self, error: Exception, source: object) -> None:
        """Errors go to the log: a completion that failed is no reason to interrupt anybody."""
        logger.error("%s: %s", source, error)


def create_server(options: Options) -> VernacularServer:
    """A language server with every handler registered; the caller starts it."""
    server = VernacularServer(options)
    server.feature(types.INITIALIZE)(_initialize)
    server.feature(types.INITIALIZED)(_initialized)
    server.feature(types.SHUTDOWN)(_shutdown)
    server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(_configuration_changed)
    server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(_folders_changed)
    server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(_files_changed)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE)(_saved)
    server.feature(DIAGNOSTICS)(_diagnosed)
    server.feature(EXPLAIN)(_explain)
    server.feature(GENERATE)(_generate)
    server.feature(SIGN_IN)(_sign_in)
    server.feature(SIGN_OUT)(_sign_out)
    server.command(ACCEPTED)(_accepted)
    server.command(ACCEPTED_PART)(_accepted_part)
    # Without options, pygls does not announce the ability, and an editor never asks.
    server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())(_inline_completion)
    return server


def _initialize(ls: VernacularServer, params: types.InitializeParams) -> None:
    ls.initialization_options = params.initialization_options
    options = of_section(params.initialization_options)
    if isinstance(options, dict) and options.get("completion_items") is True:
        from lsp.items import TRIGGERS

        # What is announced is put together after this handler.
        ls.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=TRIGGERS))(_completion)


async def _initialized(ls: VernacularServer, _params: types.InitializedParams) -> None:
    ls.workbench.start()
    workspace = ls.client_capabilities.workspace
    watched = workspace.did_change_watched_files if workspace else None
    if watched and watched.dynamic_registration:
        options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*")])
        files = types.Registration("files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        ls.client_register_capability(types.RegistrationParams([files]))


async def _shutdown(ls: VernacularServer, _params: None) -> None:
    await ls.workbench.close()


async def _configuration_changed(ls: VernacularServer, params: types.DidChangeConfigurationParams) -> None:
    await ls.workbench.configure(params.settings)


async def _folders_changed(ls: VernacularServer, _params: types.DidChangeWorkspaceFoldersParams) -> None:
    await ls.workbench.look_again()


def _files_changed(ls: VernacularServer, params: types.DidChangeWatchedFilesParams) -> None:
    for change in params.changes:
        ls.workbench.nearby.changed(change.uri)


def _saved(ls: VernacularServer, params: types.DidSaveTextDocumentParams) -> None:
    ls.workbench.nearby.changed(params.text_document.uri)


def _diagnosed(ls: VernacularServer, params: object) -> None:
    ls.workbench.diagnosed(params)


async def _explain(ls: VernacularServer, params: object) -> dict[str, str]:
    from lsp.requests import explain

    return await explain(ls, params)


async def _generate(ls: VernacularServer, params: object) -> dict[str, Any]:
    from lsp.requests import generate

    return await generate(ls, params)


async def _sign_in(ls: VernacularServer, params: object) -> dict[str, str]:
    from lsp.requests import sign_in

    return await sign_in(ls, params)


async def _sign_out(ls: VernacularServer, params: object) -> dict[str, str]:
    from lsp.requests import sign_out

    return await sign_out(ls, params)


def _accepted(ls: VernacularServer, offer_id: str = "") -> None:
    ls.workbench.recorder.accepted(offer_id)


def _accepted_part(ls: VernacularServer, offer_id: str = "", way: str = "") -> None:
    ls.workbench.recorder.accepted_part(offer_id, way)


async def _completion(ls: VernacularServer, params: types.CompletionParams) -> types.CompletionList | None:
    document = ls.documents.get(params.text_document.uri)
    return await ls.workbench.complete(document, params.position) if document else None


async def _inline_completion(
    ls: VernacularServer, params: types.InlineCompletionParams
) -> list[types.InlineCompletionItem] | None:
    document = ls.documents.get(params.text_document.uri)
    return await ls.workbench.propose(document, params.position, params.context) if document else []
