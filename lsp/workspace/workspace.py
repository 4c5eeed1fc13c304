"""The workspace of one editor session: told of documents and files, asked for pieces of context.

    workspace = Workspace(folders, registry)
    workspace.start()                                  # begins to index, in a thread of its own
    workspace.opened(document); workspace.edited(document); workspace.closed(document.uri)
    workspace.changed(path)                            # a file of the disk was made, changed or removed
    workspace.pieces(document, place, origin, budget, diagnostics)

Every method returns at once and belongs to the event loop's thread. `pieces` reads what is known by then and opens no
file.

Guarantees: nothing from outside the workspace's folders, of a secret file, or of an ignored file; nothing of the
present document that the request holds anyway. What is indexed has limits (`Limits`), and `status` says what they left
out.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from completion.parsing import Parsing
from core.language_files import LanguageRegistry
from core.languages import TEXT
from core.wire import ContextPiece
from lsp.context import Budget, Origin, piece_bytes
from lsp.documents import Document, Place
from lsp.uris import is_cell, path_of
from lsp.workspace import pieces
from lsp.workspace.blocks import FileBlocks
from lsp.workspace.composing import Composer, Scene
from lsp.workspace.edits import Change, History
from lsp.workspace.folders import Folders
from lsp.workspace.indexing import Index, OpenDocument
from lsp.workspace.limits import Limits
from lsp.workspace.pieces import Diagnostic
from lsp.workspace.secrets import is_secret
from lsp.workspace.worker import Job, Worker

SETTLE_S = 0.4
"""Pause in typing after which a document is indexed again."""

_REMEMBERED = 32


@dataclass(frozen=True, slots=True)
class Status:
    """What is indexed: retrieval must not come back with nothing in silence."""

    files: int
    declarations: int
    left_out: int
    searched_files: int
    finished: bool

    def __str__(self) -> str:
        state = "indexed" if self.finished else "indexing"
        more = f", {self.left_out} files left out (limits)" if self.left_out else ""
        return f"{state} {self.files} files with {self.declarations} declarations{more}"


class Workspace:
    """See the module's text. `ignore` are patterns in the syntax of `.gitignore`."""

    def __init__(
        self,
        folders: Sequence[Path],
        registry: LanguageRegistry,
        ignore: Sequence[str] = (),
        limits: Limits | None = None,
        parsing: Parsing | None = None,
    ) -> None:
        self._folders = Folders(folders, ignore)
        self._registry = registry
        self._parsing = parsing or Parsing()
        self._index = Index(self._folders, registry, limits or Limits(), self._parsing)
        self._composer = Composer(self._index)
        self._worker = Worker(self._due)
        self._open: dict[str, OpenDocument] = {}  # by URI, the latest edited last
        self._dirty: dict[str, float] = {}
        self._histories: dict[str, History] = {}  # by path, also of closed documents
        self._changes: tuple[Change, ...] = ()
        self._places: dict[str, tuple[Path | None, str]] = {}
        self._focus: OpenDocument | None = None
        self._gathered = ""
        self._ready = 0
        self._finished = False

    def start(self) -> None:
        """Begin to index, in the background."""
        self._worker.slow(self._walk())
        self._worker.start()

    def close(self) -> None:
        """End the thread and the process in which grammars run."""
        self._worker.close()
        self._parsing.close()

    def opened(self, document: Document) -> None:
        """The editor opened a document: from now on its text counts, not the disk's."""
        self.edited(document)
        known = self._open.get(document.uri)
        if known is None:
            return
        self._histories.setdefault(known.path, History(document.lines))
        if known.spec.name == TEXT.name and self._index.wants(PurePosixPath(known.path).suffix.lower()):
            self._worker.slow(self._walk())
        self._dirty[document.uri] = 0.0
        self._worker.wake()

    def edited(self, document: Document) -> None:
        """The document is another now. Costs microseconds: the work comes when typing pauses."""
        self._worker.hush()
        path, shown = self._place(document.uri)
        if not shown or is_cell(document.uri):  # a cell is not its notebook's file
            return
        spec = self._registry.for_document(document.language_id, str(path))
        spec, language = self._index.language_of(shown, spec)
        self._open.pop(document.uri, None)
        self._open[document.uri] = OpenDocument(shown, language, spec, document)
        waiting = bool(self._dirty)
        self._dirty[document.uri] = time.monotonic() + SETTLE_S
        if not waiting:
            self._worker.wake()

    def closed(self, uri: str) -> None:
        """The editor closed a document: the disk's text counts again."""
        path, _ = self._place(uri)
        known = self._open.pop(uri, None)
        self._places.pop(uri, None)
        self._dirty.pop(uri, None)
        self._composer.forget(uri)
        if known and path:
            self.changed(path)

    def changed(self, path: Path) -> None:
        """A file or folder of the disk was made, changed or removed."""
        self._worker.urgent(self._read(path))

    @property
    def status(self) -> Status:
        """What is indexed by now."""
        table, pool = self._index.table, self._index.pool
        return Status(len(table), table.declarations, self._index.left_out, len(pool.files), self._finished)

    def neighbours(self) -> dict[str, FileBlocks]:
        """The files near the present document that are searched for similar code, by how their paths are shown."""
        return self._index.pool.files

    def uri_of(self, shown: str) -> str:
        """The URI of a file that is shown so; empty where it is gone. Asks the disk."""
        path = self._folders.path(shown)
        return path.as_uri() if path else ""

    def wait(self, timeout_s: float) -> bool:
        """Wait until everything is indexed; False if that takes longer. For tests and measurements."""
        return self._worker.wait(timeout_s)

    def is_secret(self, uri: str) -> bool:
        """Whether a document's name says that it holds secrets: no part of it should go to a model."""
        path = path_of(uri)
        return path is not None and is_secret(path)

    def pieces(
        self,
        document: Document,
        place: Place,
        origin: Origin,
        budget: Budget,
        diagnostics: Sequence[Diagnostic] = (),
    ) -> tuple[ContextPiece, ...]:
        """The pieces of context for a place, the least volatile first, within `budget.context_bytes`.

        A document outside the workspace's folders gets the manual and its diagnostics alone, a secret one nothing.
        `diagnostics` are (line, message) with lines from 0.
        """
        self._worker.hush()
        path, own = self._place(document.uri)
        if path is not None and not own and is_secret(path):
            return ()
        spec = self._registry.named(origin.language)
        first = pieces.manual(spec, budget.context_bytes)
        room = budget.context_bytes - sum(map(piece_bytes, first))
        last_room = int(room * pieces.DIAGNOSTIC_SHARE)
        last = pieces.diagnosed(pieces.valid(origin.path), place.line, diagnostics, last_room)
        if not own:
            return (*first, *last)
        language = self._index.language_of(own, spec)[1]
        if self._gathered != own and (self._focus is None or self._focus.path != own):
            self._focus = OpenDocument(own, language, spec, document)
            self._worker.wake()
        scene = Scene(document, place, own, language, budget, room, self._ready, self._changes)
        return (*first, *self._composer.pieces(scene), *last)

    def _place(self, uri: str) -> tuple[Path | None, str]:
        """A document's file and how it is shown; the disk is asked once."""
        if uri not in self._places:
            path = path_of(uri)
            self._places[uri] = (path, self._folders.within(path) if path else "")
        return self._places[uri]

    # What follows runs in the worker's thread.

    def _due(self) -> tuple[list[Job], float | None]:
        now = time.monotonic()
        waiting = list(self._dirty.items())
        due = [uri for uri, when in waiting if when <= now and self._dirty.pop(uri, None) is not None]
        jobs = [self._settle(uri) for uri in due]
        if not jobs and (focus := self._focus) and self._gathered != focus.path:
            self._gathered = focus.path
            jobs.append(self._gather(focus))
        again_s = min((when - now for _, when in waiting if when > now), default=None)
        return jobs, again_s

    def _settle(self, uri: str) -> Job:
        opened, path = self._open.get(uri), self._places.get(uri, (None, ""))[0]
        if opened is None or path is None:
            return
        yield
        if not self._folders.allows(path):
            return
        self._index.take(opened)
        yield
        history = self._histories.setdefault(opened.path, History(opened.document.lines))
        history.update(opened.document.lines, time.monotonic())
        self._remember(opened.path)
        yield
        if (focus := self._focus) and opened.language == focus.language:
            yield from self._gather(focus)

    def _remember(self, path: str) -> None:
        """Keep the histories of the documents that were changed last, and note what changed."""
        self._histories[path] = self._histories.pop(path)
        for old in list(self._histories)[:-_REMEMBERED]:
            del self._histories[old]
        found = [change for path, history in self._histories.items() for change in history.changes(path)]
        self._changes = tuple(sorted(found, key=lambda change: -change.when))

    def _gather(self, focus: OpenDocument) -> Job:
        first = focus.path not in self._index.pool.files and not self._index.pool.files
        opened = [other for other in reversed(list(self._open.values())) if other.language == focus.language]
        yield from self._index.gather(focus, opened)
        self._ready += first

    def _walk(self) -> Job:
        self._finished = False
        yield from self._index.walk(self._is_open)
        self._ready += 1
        self._gathered = ""  # the present document's neighbours are known only now
        yield from self._index.parse(self._is_open)
        self._finished = True

    def _is_open(self, shown: str) -> bool:
        return any(opened.path == shown for opened in list(self._open.values()))

    def _read(self, path: Path) -> Job:
        shown = self._folders.within(path)
        if path.name == ".gitignore" or path.is_dir():
            self._worker.slow(self._walk())
        elif shown and not self._is_open(shown):
            if path.exists() and self._folders.allows(path):
                self._index.read(str(path.resolve()), shown, grammar=True)
            else:
                self._index.remove(shown)
        yield
